//! What can go wrong in one conversation with the PBX, whatever it was about.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use thiserror::Error;
use url::form_urlencoded;

/// What went wrong on the wire, or what the PBX answered instead of the thing asked for.
///
/// Texts of the PBX are shown and never decided upon.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum Failure {
    /// No connection, or one that broke off.
    #[error("the PBX cannot be reached")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// The PBX presented a certificate that is not trusted, so nothing was sent to it.
    #[error("the certificate of the PBX is not trusted")]
    Untrusted(#[source] Arc<dyn StdError + Send + Sync>),
    /// No complete answer in time. A PBX that has blacklisted our address looks like this too.
    #[error("the PBX did not answer within {} s", after.as_secs_f32())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The PBX does not accept the login and password.
    #[error("the PBX refused the login or the password ({status}{text})")]
    CredentialsRefused {
        /// The HTTP status: 400, 401 or 403.
        status: u16,
        /// What the PBX said.
        text: ServerText,
    },
    /// The token endpoint of version 10 issued no token.
    #[error("the PBX issued no token ({status}{text})")]
    TokenRefused {
        /// The HTTP status: 400, 401 or 403.
        status: u16,
        /// What was refused.
        reason: TokenRefusal,
        /// `error` and `error_description` of the answer.
        text: ServerText,
    },
    /// OAuth was asked for, and the PBX has no document that says how.
    #[error("the PBX does not offer OAuth")]
    NoOAuth,
    /// The PBX is of version 10 and signs in by OAuth, and there is no client to do so.
    #[error("the PBX signs in by OAuth, and no OAuth client is configured")]
    NoOAuthClient,
    /// The PBX is attached to a cloud that signs its users in elsewhere. Credentials are sent to the PBX itself alone.
    #[error("the PBX signs its users in at `{host}`, and credentials are only sent to the PBX itself")]
    SignInElsewhere {
        /// The host of the token endpoint.
        host: String,
    },
    /// The sign-in works, and still this call is answered with 401.
    #[error("the PBX does not accept this call from this user, although the sign-in works (401)")]
    StillUnauthorized,
    /// An HTTP status that is an error.
    #[error("the PBX answered {status}{text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// `code` and `message` of the error body, where there was one.
        text: ServerText,
        /// How long the PBX wants to be left alone, from its `Retry-After` header.
        retry_after: Option<Duration>,
    },
    /// A status that stands for success elsewhere, but not here: the vendor documents 200 for a `PUT` as an unexpected error.
    #[error("the PBX answered {status} where only {expected} means success")]
    NotTheSuccess {
        /// The status that came.
        status: u16,
        /// The status that means success.
        expected: u16,
    },
    /// The PBX points elsewhere. Redirects are not followed, because the token would travel along.
    #[error("the PBX redirects to another address")]
    Redirected,
    /// More bytes than a sane answer has.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit for this call.
        limit: usize,
    },
    /// The answer is not the JSON that the vendor's REST description promises.
    #[error("the answer is not the JSON of {what} (line {line}, column {column})")]
    Json {
        /// What was expected, for example "a list of users".
        what: &'static str,
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1; 0 where the fault is not at one place.
        column: usize,
    },
    /// The answer can be read but lacks something, or contradicts itself.
    #[error("the answer makes no sense: {what}")]
    Senseless {
        /// What is wrong.
        what: &'static str,
    },
    /// The answer is not XML-RPC, or is XML that no honest answer needs.
    #[error("the answer is not XML-RPC: {what}")]
    XmlRpc {
        /// What is wrong.
        what: &'static str,
    },
    /// The PBX answered an XML-RPC call with a fault, for example because there is no such entry point.
    #[error("the PBX answered with fault {code}{text}")]
    RpcFault {
        /// `faultCode`.
        code: i64,
        /// `faultString`.
        text: ServerText,
    },
    /// The companion module ran and said no.
    #[error("the companion module refused{text}")]
    ModuleRefused {
        /// Its `ERROR`.
        text: ServerText,
    },
    /// The task that signs in was torn down, which happens when the program stops.
    #[error("the sign-in was interrupted")]
    Interrupted,
}

/// What a token endpoint refused, by the `error` of its answer.
///
/// The codes are those of [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// `invalid_client`: the client's id or secret, or the way in which they were sent.
    Client,
    /// `invalid_grant` or `access_denied`: login or password, or the user lacks the right; of a renewal, the refresh token.
    User,
    /// `invalid_scope`.
    Scope,
    /// `unauthorized_client` or `unsupported_grant_type`: the client may not sign in with a password.
    Grant,
    /// Something else, or nothing was named.
    Other,
}

/// A text that the PBX sent with an error: bounded, on one line, without the secrets that it might repeat.
///
/// Shown as `: the text`, or as nothing when it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerText(String);

impl ServerText {
    const LONGEST: usize = 200;

    /// Cleans a text from the wire; `secrets` are what we sent and do not want to see again.
    pub(crate) fn new(text: &str, secrets: &[&str]) -> Self {
        let mut text = text.trim().to_owned();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            for spelling in spellings(secret) {
                text = text.replace(&*spelling, "***");
            }
        }
        Self(
            text.chars()
                .take(Self::LONGEST)
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect(),
        )
    }

    /// The cleaned text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The ways in which a secret may come back: as it is, and as forms and addresses spell it.
fn spellings(secret: &str) -> [Zeroizing<String>; 4] {
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let address = form.replace('+', "%20");
    let small = form.to_ascii_lowercase();
    [secret.to_owned(), form, address, small].map(Zeroizing::new)
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_comes_back_is_not_shown_however_it_is_spelt() {
        let secret = "p&ss wörd+1";
        for told in [
            "no p&ss wörd+1 here",
            "user=0001&key=p%26ss+w%C3%B6rd%2B1&scope=login",
            "/login?key=p%26ss%20w%C3%B6rd%2B1",
            "key=p%26ss+w%c3%b6rd%2b1",
        ] {
            let text = ServerText::new(told, &[secret]);
            assert!(text.as_str().contains("***"), "{text}");
            assert!(!text.as_str().contains("ss"), "{text}");
        }
    }

    #[test]
    fn a_text_of_the_pbx_is_bounded_on_one_line_and_without_our_secrets() {
        let text = ServerText::new("\n no entry\r\n for SAMPLE-1 \u{1b}[2J", &["SAMPLE-1", ""]);
        assert_eq!(text.as_str(), "no entry   for ***  [2J");
        assert_eq!(
            ServerText::new(&"x".repeat(10_000), &[]).as_str().len(),
            ServerText::LONGEST
        );
        assert_eq!(ServerText::default().to_string(), "");
    }
}
