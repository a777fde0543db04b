//! The version of the PBX.

use std::fmt;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::error::Error;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::pbx::{CallError, Pbx};
use crate::wire::Call;

const LIMIT: usize = 64 * 1024;

/// The version of a PBX as it names itself, for example `10.0.1.6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion(String);

impl ServerVersion {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The generation, for example 10; `None` where the text does not begin with a number.
    #[must_use]
    pub fn major(&self) -> Option<u32> {
        self.0.split('.').next()?.parse().ok()
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pbx {
    /// The version of the PBX (`GET /rest/server/version`), or `None` where it does not tell: older releases have no
    /// such call, and some users may not ask.
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::ServerVersion`].
    pub async fn server_version(&self) -> Result<Option<ServerVersion>, Error> {
        let url = self.transport.base.join(&["rest", "server", "version"]);
        let call = Call::rest(Operation::ServerVersion, Method::GET, url, LIMIT);
        let answer = match self.rest(call).await {
            Ok(answer) => answer,
            Err(CallError::Call(Failure::StillUnauthorized)) => return Ok(None),
            Err(error) => return Err(error.during(Error::ServerVersion)),
        };
        match answer.status {
            StatusCode::OK => Ok(parse(&answer.body)),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(None),
            _ => Err(Error::ServerVersion(answer.failure(StatusCode::OK))),
        }
    }
}

/// An object with a `version`, a JSON string and a bare text have all been described.
fn parse(body: &[u8]) -> Option<ServerVersion> {
    let text = match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members.get("version")?.as_str()?.to_owned(),
        Ok(Value::String(text)) => text,
        _ => String::from_utf8(body.to_vec()).ok()?,
    };
    let text = text.trim();
    let plausible = text.starts_with(|c: char| c.is_ascii_digit())
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_graphic());
    plausible.then(|| ServerVersion(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_of_the_version_is_read() {
        for (body, expected) in [
            (r#"{"version":"10.0.1.6","more":1}"#, Some("10.0.1.6")),
            (r#""10.0.1.6""#, Some("10.0.1.6")),
            ("10.0.1.6\n", Some("10.0.1.6")),
            ("10", Some("10")),
            (r#"{"version":null}"#, None),
            ("<html>Login</html>", None),
            ("", None),
        ] {
            let version = parse(body.as_bytes());
            assert_eq!(version.as_ref().map(ServerVersion::as_str), expected, "{body}");
        }
        assert_eq!(parse(b"10.0.1.6").unwrap().major(), Some(10));
    }
}
