//! How the simulated PBX lets its service user in.

use std::time::Duration;

/// The generation of the PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Generation {
    /// Versions up to 9: a nonce login of this type.
    Nine(LoginType),
    /// Version 10: OAuth by these rules.
    Ten(OAuthRules),
}

impl Default for Generation {
    fn default() -> Self {
        Self::Nine(LoginType::Internal)
    }
}

/// Where the password of a user of version 9 is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginType {
    /// By the PBX, which wants to see a hash.
    #[default]
    Internal,
    /// By a directory, for which the PBX wants to see the password itself.
    ActiveDirectory,
}

/// How a client of version 10 has to show its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientMethod {
    /// In the form.
    #[default]
    Body,
    /// By HTTP Basic, and then not in the form.
    Basic,
}

/// What version 10 wants of whoever signs in, and what it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthRules {
    /// The scopes that are granted, each as it has to be asked for; every other one is `invalid_scope`.
    pub scopes: Vec<String>,
    /// How the client shows its secret; every other way is `invalid_client`.
    pub client: ClientMethod,
    /// How long an access token holds.
    pub access_life: Duration,
    /// How long a refresh token holds.
    pub refresh_life: Duration,
    /// Whether each renewal gives a new refresh token and ends the old one.
    pub rotates: bool,
    /// Whether the user has the right to use the password grant.
    pub right: bool,
}

impl Default for OAuthRules {
    /// The scope `login`, the secret in the form, five minutes and six hours, refresh tokens that stay.
    fn default() -> Self {
        Self {
            scopes: vec!["login".to_owned()],
            client: ClientMethod::Body,
            access_life: Duration::from_secs(300),
            refresh_life: Duration::from_secs(21_600),
            rotates: false,
            right: true,
        }
    }
}

/// What a caller may present wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// The password of the service user, by REST or XML-RPC.
    Password,
    /// The id or the secret of the OAuth client, or the way in which they were shown.
    Client,
    /// A refresh token that is not known, or not any more.
    RefreshToken,
}
