//! The port through which the token for the next sign-in is remembered.

use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;

/// Remembers one refresh token: that of one app in one tenant, for which somebody signed in.
///
/// Several processes may remember for the same sign-in; none may overwrite what another one learned later. Hence the
/// number: each token that is remembered has another one, and is replaced only by whoever knows it.
#[async_trait]
pub trait RefreshTokens: Send + Sync {
    /// What is remembered now; `None` where nobody has signed in.
    ///
    /// # Errors
    ///
    /// [`RememberError`] where that cannot be said.
    async fn current(&self) -> Result<Option<Remembered>, RememberError>;

    /// Remembers `token` in place of the one with this number (`None`: in place of nothing). When this returns, the token
    /// is there also after a loss of power; until then the old one is. `false`: another one was remembered meanwhile,
    /// and stays.
    ///
    /// # Errors
    ///
    /// [`RememberError`] where nothing could be changed.
    async fn replace(&self, number: Option<u64>, token: &SecretString) -> Result<bool, RememberError>;
}

/// A refresh token that is remembered, with its number.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// The token.
    pub token: SecretString,
    /// Which one it is.
    pub number: u64,
}

/// A refresh token could not be read or remembered.
#[derive(Clone)]
pub struct RememberError {
    cause: Arc<dyn Error + Send + Sync>,
    advice: Option<String>,
}

impl RememberError {
    /// The failure, with what to do about it where that is known.
    pub fn new(cause: impl Error + Send + Sync + 'static, advice: Option<String>) -> Self {
        Self {
            cause: Arc::new(cause),
            advice,
        }
    }

    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for RememberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for RememberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for RememberError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
