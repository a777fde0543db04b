//! What an access token says that it may do, for a look at the app's permissions.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, zeroize::Zeroizing};
use serde::Deserialize;

use crate::{graph_error::Permission, token::AccessToken};

/// The permissions that an access token carries.
///
/// Microsoft asks programs to treat access tokens as opaque, and nothing is decided by this: it is what a diagnosis shows.
/// Application permissions stand in the claim `roles`, delegated ones in `scp`, see
/// [Access token claims reference](https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Granted {
    /// The permissions, sorted, each once.
    pub permissions: Vec<String>,
}

/// What the product never asks Entra for, but gets with a sign-in of a user.
const OF_EVERY_USER: [&str; 5] = ["offline_access", "openid", "profile", "email", "User.Read"];

impl Granted {
    /// The permissions that are needed and not there. A permission to write includes that to read.
    pub fn missing(&self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(|needed| !self.permissions.iter().any(|held| needed.is_in(held)))
    }

    /// The permissions that are there and not needed.
    pub fn superfluous(&self) -> impl Iterator<Item = &str> {
        self.permissions.iter().map(String::as_str).filter(|held| {
            !OF_EVERY_USER.contains(held)
                && !Permission::ALL
                    .iter()
                    .any(|needed| needed.to_string().eq_ignore_ascii_case(held))
        })
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: String,
}

impl AccessToken {
    /// What the token may do; `None` where it is not a JWT that can be read.
    pub fn granted(&self) -> Option<Granted> {
        let mut parts = self.text().expose_secret().split('.');
        let (_, payload) = (parts.next()?, parts.next()?);
        let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        let mut permissions = claims.roles;
        permissions.extend(claims.scp.split_whitespace().map(str::to_owned));
        permissions.sort();
        permissions.dedup();
        Some(Granted { permissions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(claims: &str) -> Option<Granted> {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        AccessToken::new(token.into()).unwrap().granted()
    }

    fn missing(claims: &str) -> Vec<String> {
        let granted = granted(claims).unwrap();
        granted.missing().map(|missing| missing.to_string()).collect()
    }

    #[test]
    fn application_and_delegated_permissions_are_read() {
        let both = granted(r#"{"roles":["User.Read.All"],"scp":"openid Presence.Read.All User.Read.All"}"#);
        let both = both.unwrap();
        assert_eq!(both.permissions, ["Presence.Read.All", "User.Read.All", "openid"]);
        assert_eq!(both.missing().count(), 0);
        assert_eq!(both.superfluous().count(), 0);
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told() {
        assert_eq!(missing(r#"{"roles":["User.Read.All"]}"#), ["Presence.Read.All"]);
        assert_eq!(missing("{}"), ["Presence.Read.All", "User.Read.All"]);
        assert_eq!(
            missing(r#"{"roles":["Presence.ReadWrite.All","User.ReadWrite.All"]}"#),
            [""; 0],
            "to write includes to read"
        );
        let much = granted(r#"{"roles":["User.Read.All","Presence.Read.All","Mail.Read"]}"#).unwrap();
        assert_eq!(much.superfluous().collect::<Vec<_>>(), ["Mail.Read"]);
    }

    #[test]
    fn a_token_that_is_no_jwt_says_nothing() {
        for token in ["opaque", "a.b", "e30.e30=.x", "e30.bm90IGpzb24.x"] {
            assert_eq!(AccessToken::new(token.into()).unwrap().granted(), None, "{token}");
        }
    }
}
