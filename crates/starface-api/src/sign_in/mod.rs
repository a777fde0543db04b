//! Signing in: who issues tokens, and who keeps them.

mod authority;
mod formulas;
mod nonce;
mod session;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

pub(crate) use authority::Authority;
pub(crate) use session::{Session, Ticket};

use crate::ids::Login;
use crate::wire::Transport;

/// How to sign in to the PBX.
#[derive(Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// The login of REST versions up to 9: a nonce from `GET /rest/login`, answered with a hash of it and the password,
    /// or, where the PBX is bound to a directory, with the password itself (hence `https` only).
    Nonce {
        /// The user that reads and changes the others; needs an administrator's rights.
        login: Login,
        /// Their password.
        password: SecretString,
    },
}

impl SignIn {
    /// The user that signs in.
    #[must_use]
    pub fn login(&self) -> &Login {
        match self {
            Self::Nonce { login, .. } => login,
        }
    }

    pub(crate) fn authority(self, transport: Transport) -> Arc<dyn Authority> {
        match self {
            Self::Nonce { login, password } => Arc::new(nonce::NonceLogin::new(transport, login, password)),
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce { login, .. } => f
                .debug_struct("Nonce")
                .field("login", login)
                .finish_non_exhaustive(),
        }
    }
}
