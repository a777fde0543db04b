//! A licence that was verified.

use crate::compact::Unverified;
use crate::error::Refusal;
use crate::issuers::Issuers;
use crate::key_id::KeyId;
use crate::terms::Terms;

/// A licence whose signature is that of an accepted issuer. Whether it is in force depends on the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    text: String,
    key: KeyId,
    terms: Terms,
}

impl Licence {
    pub(crate) fn new(text: String, key: KeyId, terms: Terms) -> Self {
        Self { text, key, terms }
    }

    /// Reads and verifies the contents of a licence file.
    ///
    /// # Errors
    /// When it is no licence, or not one of these issuers.
    pub fn verified(contents: &[u8], issuers: &Issuers) -> Result<Self, Refusal> {
        Ok(Unverified::parse(contents)?.verify(issuers)?)
    }

    /// What it says.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// What tells it from all other licences: the key that signed it, and its number. Seats are counted by it.
    pub fn identity(&self) -> String {
        format!("{}/{}", self.key, self.terms.number)
    }

    /// Its text, to be stored: one line.
    pub fn text(&self) -> &str {
        &self.text
    }
}
