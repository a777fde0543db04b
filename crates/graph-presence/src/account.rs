//! Who signed in, as far as it is told.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, header};
use oauth2::ExtraTokenFields;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};

use crate::{exchange::clean, observer::Api, registration::Registration, token::AccessToken};

/// No login name and no name comes near so many characters.
const LONGEST: usize = 256;
/// Nor does the answer that tells them, in bytes.
const ANSWER_BYTES: usize = 64 << 10;
/// A sign-in does not wait longer for a name.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who signed in: the login name, or the name where there is no login name. One printable line.
#[derive(Clone, PartialEq, Eq)]
pub struct Account(String);

impl Account {
    /// The account of this name; `None` where nothing of it can be shown.
    pub fn new(name: &str) -> Option<Self> {
        Some(clean(name, LONGEST))
            .filter(|name| !name.is_empty())
            .map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is an e-mail address mostly, which a log must not have in it.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

/// The claims of an ID token, and the members of `/me`, that name somebody.
///
/// [ID token claims reference](https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference),
/// [Get a user](https://learn.microsoft.com/graph/api/user-get)
#[derive(Deserialize)]
struct Names {
    #[serde(alias = "userPrincipalName")]
    preferred_username: Option<String>,
    #[serde(alias = "displayName")]
    name: Option<String>,
}

impl Names {
    fn read(text: &[u8]) -> Option<Account> {
        let Self {
            preferred_username,
            name,
        } = serde_json::from_slice(text).ok()?;
        let names = [preferred_username, name];
        names.into_iter().flatten().find_map(|name| Account::new(&name))
    }
}

/// What a token answer can have beside the members of RFC 6749.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Beside {
    /// Nothing is decided by it, so that a form that is none must not spoil the answer.
    #[serde(default, skip_serializing)]
    id_token: Option<serde_json::Value>,
}

impl ExtraTokenFields for Beside {}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}

impl Beside {
    pub(crate) fn id_token(&self) -> Option<SecretString> {
        Some(self.id_token.as_ref()?.as_str()?.to_owned().into())
    }
}

/// Who an ID token says that it was made for. Its signature is not checked: it came from the token endpoint itself, by TLS,
/// and all that it does is to be shown.
pub(crate) fn of_id_token(token: &SecretString) -> Option<Account> {
    let payload = token.expose_secret().split('.').nth(1)?;
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    Names::read(&payload)
}

impl Registration {
    /// Who signed in, as Graph says. `User.Read.All`, which was asked for already, permits this question; whatever goes wrong
    /// with it, there is no name, and the sign-in is as good.
    pub(crate) async fn who(&self, token: &AccessToken) -> Option<Account> {
        let url = self.cloud.graph_url("/me?$select=userPrincipalName,displayName");
        let mut request = reqwest::Request::new(Method::GET, url);
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, token.bearer());
        headers.insert(
            header::ACCEPT,
            header::HeaderValue::from_static("application/json"),
        );
        let asked = self.exchange.send(Api::Users, request, ANSWER_BYTES);
        let (_, answer) = tokio::time::timeout(PATIENCE, asked).await.ok()?;
        let answer = answer
            .ok()
            .filter(|answer| answer.status == http::StatusCode::OK)?;
        Names::read(&answer.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(claims: &str) -> Option<String> {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        of_id_token(&token.into()).map(|account| account.to_string())
    }

    #[test]
    fn the_login_name_comes_before_the_name() {
        let both = r#"{"preferred_username":"anna@example.com","name":"Anna"}"#;
        assert_eq!(told(both).as_deref(), Some("anna@example.com"));
        assert_eq!(
            told(r#"{"preferred_username":" ","name":"Anna"}"#).as_deref(),
            Some("Anna")
        );
        assert_eq!(told(r#"{"name":"A\u0007nna\n"}"#).as_deref(), Some("A nna"));
    }

    #[test]
    fn what_names_nobody_is_no_account() {
        for claims in ["{}", "[]", "", r#"{"name":null}"#, r#"{"name":7}"#] {
            assert_eq!(told(claims), None, "{claims}");
        }
        for token in ["", "opaque", "a.b.c", "e30.e30=.x"] {
            assert_eq!(of_id_token(&token.to_owned().into()), None, "{token}");
        }
    }

    #[test]
    fn no_debug_output_has_the_name() {
        let account = Account::new("anna@example.com").unwrap();
        assert!(!format!("{account:?}").contains("anna"));
        let beside: Beside = serde_json::from_str(r#"{"id_token":"SAMPLE"}"#).unwrap();
        assert!(!format!("{beside:?}").contains("SAMPLE"));
    }
}
