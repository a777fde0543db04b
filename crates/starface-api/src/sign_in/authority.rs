//! What a way of signing in has to provide.

use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use reqwest::RequestBuilder;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::form_urlencoded;

use super::discovery::TokenPlace;
use super::known::ClientAuth;
use crate::failure::Failure;

/// So much longer than other calls may one take that carries a password. A directory behind the PBX, or a PBX that delays
/// refusals on purpose, answers late; and a password whose answer is not waited for would be presented again and again.
pub(super) const WITH_A_PASSWORD: u32 = 6;

/// A way of signing in. It issues grants when it is asked and remembers none: that is the session's part.
#[async_trait]
pub(crate) trait Authority: Send + Sync {
    /// Signs in once. `renewing` is the grant that has become old and may help; one that the PBX has answered with 401
    /// is none.
    async fn issue(&self, renewing: Option<&Grant>) -> Result<Grant, Failure>;

    /// Ends what was issued.
    async fn revoke(&self, grant: &Grant) -> Result<(), Failure>;
}

/// What one successful sign-in gave us.
#[derive(Clone)]
pub(crate) struct Grant {
    /// How the token signs a REST call.
    pub(crate) scheme: Scheme,
    pub(crate) token: SecretString,
    /// What signs an XML-RPC call.
    pub(crate) rpc: RpcAuth,
    /// After this time a new one is taken before the next call.
    pub(crate) fresh_for: Duration,
    /// What renews it without the password.
    pub(crate) renewal: Option<Renewal>,
}

/// The header that a token stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `authToken: …`, up to version 9.
    AuthToken,
    /// `Authorization: Bearer …`, from version 10 on.
    Bearer,
}

/// A refresh token, and where it is taken.
#[derive(Clone)]
pub(crate) struct Renewal {
    pub(super) token: SecretString,
    pub(super) until: Option<Instant>,
    pub(super) place: TokenPlace,
    pub(super) client_auth: ClientAuth,
}

impl Renewal {
    /// Whether nothing speaks against it. A dead one is not shown to the PBX, which might count it as a failed sign-in.
    pub(super) fn is_alive(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// The query that signs an XML-RPC call.
#[derive(Clone)]
pub(crate) struct RpcAuth {
    pub(crate) parameter: &'static str,
    pub(crate) value: SecretString,
    /// Whether a new grant would change the value: only then does it help to sign in again.
    pub(crate) follows_token: bool,
}

impl Grant {
    /// Signs a REST call.
    pub(crate) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        let token = self.token.expose_secret();
        let (name, value) = match self.scheme {
            Scheme::AuthToken => (HeaderName::from_static("authtoken"), HeaderValue::from_str(token)),
            Scheme::Bearer => {
                let value = Zeroizing::new(format!("Bearer {token}"));
                (AUTHORIZATION, HeaderValue::from_str(&value))
            }
        };
        match value {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(name, value)
            }
            // Left to reqwest, which turns it into an error when the request is sent.
            Err(_) => request.header(name, "\0"),
        }
    }
}

impl RpcAuth {
    /// The query of the URL. The colon between login and hash stays as it is, since nothing says that every release decodes it.
    pub(crate) fn query(&self) -> String {
        let value: String = form_urlencoded::byte_serialize(self.value.expose_secret().as_bytes()).collect();
        format!("{}={}", self.parameter, value.replace("%3A", ":"))
    }
}
