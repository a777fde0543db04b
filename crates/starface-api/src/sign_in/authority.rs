//! What a way of signing in has to provide.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use crate::failure::Failure;

/// A way of signing in. It issues grants when it is asked and remembers none: that is the session's part.
#[async_trait]
pub(crate) trait Authority: Send + Sync {
    /// Signs in once.
    async fn issue(&self) -> Result<Grant, Failure>;

    /// Ends what was issued.
    async fn revoke(&self, grant: &Grant) -> Result<(), Failure>;
}

/// What one successful sign-in gave us.
#[derive(Clone)]
pub(crate) struct Grant {
    /// The header that signs a REST call.
    pub(crate) header: HeaderName,
    /// Its value.
    pub(crate) token: SecretString,
    /// What signs an XML-RPC call.
    pub(crate) rpc: RpcAuth,
    /// After this time a new one is taken before the next call.
    pub(crate) fresh_for: Duration,
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
        match HeaderValue::from_str(self.token.expose_secret()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(&self.header, value)
            }
            // Left to reqwest, which turns it into an error when the request is sent.
            Err(_) => request.header(&self.header, "\0"),
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
