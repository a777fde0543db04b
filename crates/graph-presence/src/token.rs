//! The port through which Graph calls get their tokens.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::{exchange::scrub, sign_in::SignInError};

/// Gives access tokens for Graph; one implementation per way to sign in.
///
/// Implementations keep a good token and renew it shortly before it expires, so callers ask before every call.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is believed to be good.
    ///
    /// # Errors
    ///
    /// [`SignInError`] where there is none and none could be had.
    async fn token(&self) -> Result<AccessToken, SignInError>;

    /// Another token than `refused`, which Graph answered with 401. Where it was replaced meanwhile, its successor.
    ///
    /// # Errors
    ///
    /// [`SignInError`] where none could be had.
    async fn renew(&self, refused: &AccessToken) -> Result<AccessToken, SignInError>;
}

/// An access token: opaque, never printed, cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessToken(Arc<SecretString>);

impl AccessToken {
    /// A token that fits into an `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`] where it is empty or has characters that no header may carry.
    pub fn new(token: SecretString) -> Result<Self, InvalidToken> {
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        Ok(Self(Arc::new(token)))
    }

    /// Whether both came from the same answer of the sign-in service.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn text(&self) -> &SecretString {
        &self.0
    }

    /// The value of the `Authorization` header, marked so that no layer prints it.
    pub(crate) fn bearer(&self) -> HeaderValue {
        let text = Zeroizing::new(format!("Bearer {}", self.0.expose_secret()));
        let mut value = HeaderValue::from_str(&text).expect("the token was checked when it was made");
        value.set_sensitive(true);
        value
    }

    /// The text without this token in it, for texts that another party wrote.
    pub(crate) fn scrub(&self, text: &str) -> String {
        scrub(text, self.0.expose_secret())
    }
}

/// A token that no HTTP header can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty or has characters that no header may carry")]
pub struct InvalidToken;
