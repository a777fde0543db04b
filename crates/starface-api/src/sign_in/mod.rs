//! Signing in: who issues tokens, and who keeps them.

mod authority;
mod discovery;
mod formulas;
mod generation;
mod grants;
mod known;
mod nonce;
mod oauth;
mod session;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

pub use known::{ClientAuth, KnownSignIn, SignInMemory, VolatileMemory};
pub use oauth::{OAuth, OAuthClient};

pub(crate) use authority::Authority;
pub(crate) use session::{Session, Ticket};

use self::generation::ByGeneration;
use self::nonce::NonceLogin;
use self::oauth::OAuthLogin;
use crate::ids::Login;
use crate::wire::Transport;

/// How to sign in to the PBX. The user needs an administrator's rights: it reads and changes the others.
#[derive(Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// The login of REST versions up to 9: a nonce from `GET /rest/login`, answered with a hash of it and the password,
    /// or, where the PBX is bound to a directory, with the password itself (hence `https` only).
    Nonce {
        /// The user that signs in.
        login: Login,
        /// Their password.
        password: SecretString,
    },
    /// The OAuth password grant of version 10, at the token endpoint that the PBX's discovery document names.
    OAuth {
        /// The user that signs in; needs the right to use the API with the OAuth password grant.
        login: Login,
        /// Their password.
        password: SecretString,
        /// Client, scope and memory.
        oauth: OAuth,
    },
    /// One of the two, by whether the PBX has a discovery document: nothing is presented before that is known.
    Auto {
        /// The user that signs in.
        login: Login,
        /// Their password.
        password: SecretString,
        /// Client, scope and memory, should the PBX be of version 10.
        oauth: OAuth,
    },
}

impl SignIn {
    /// The user that signs in.
    #[must_use]
    pub fn login(&self) -> &Login {
        match self {
            Self::Nonce { login, .. } | Self::OAuth { login, .. } | Self::Auto { login, .. } => login,
        }
    }

    pub(crate) fn authority(self, transport: Transport) -> Arc<dyn Authority> {
        match self {
            Self::Nonce { login, password } => Arc::new(NonceLogin::new(transport, login, password)),
            Self::OAuth {
                login,
                password,
                oauth,
            } => by_generation(None, transport, login, password, oauth),
            Self::Auto {
                login,
                password,
                oauth,
            } => {
                let nonce = NonceLogin::new(transport.clone(), login.clone(), password.clone());
                by_generation(Some(nonce), transport, login, password, oauth)
            }
        }
    }
}

fn by_generation(
    nonce: Option<NonceLogin>,
    transport: Transport,
    login: Login,
    password: SecretString,
    oauth: OAuth,
) -> Arc<dyn Authority> {
    let OAuth {
        client,
        scope,
        memory,
    } = oauth;
    let oauth = OAuthLogin {
        transport,
        login,
        password,
        client,
        scope,
    };
    Arc::new(ByGeneration { nonce, oauth, memory })
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, oauth) = match self {
            Self::Nonce { .. } => ("Nonce", None),
            Self::OAuth { oauth, .. } => ("OAuth", Some(oauth)),
            Self::Auto { oauth, .. } => ("Auto", Some(oauth)),
        };
        let mut shown = f.debug_struct(name);
        shown.field("login", self.login());
        if let Some(oauth) = oauth {
            shown.field("oauth", oauth);
        }
        shown.finish_non_exhaustive()
    }
}
