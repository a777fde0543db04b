//! A secret that does not print.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// The contents of a secret file. It can be compared, so that a reload notices changed contents, and does not print.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The secret for whoever needs it.
    pub fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

/// A secret that was typed in.
impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

/// A secret that was typed in.
impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

/// What is no text is refused without saying what it was.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        text.map(Self::new)
            .map_err(|_| serde::de::Error::custom("a secret has to be a text"))
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

/// Both sides are the operator's own, so that the time a comparison takes tells nobody anything.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
