//! A secret that does not print.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

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
