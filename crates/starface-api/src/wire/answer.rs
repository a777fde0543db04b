//! What came back.

use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::retry_after::retry_after;
use crate::failure::{Failure, ServerText};

/// One complete answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What we sent and do not want to read in an error's text, should the PBX repeat it.
    pub(crate) redacted: Vec<SecretString>,
}

impl Answer {
    /// Keeps a secret out of the errors that this answer may become.
    pub(crate) fn without(mut self, secret: &SecretString) -> Self {
        self.redacted.push(secret.clone());
        self
    }

    /// Reads the JSON of an answer whose status is exactly 200; everything else is an error.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, Failure> {
        if self.status != StatusCode::OK {
            return Err(self.failure(StatusCode::OK));
        }
        serde_json::from_slice(&self.body).map_err(|error| not_json(what, &error))
    }

    /// The error that this answer is, given the only status that would have meant success.
    pub(crate) fn failure(&self, expected: StatusCode) -> Failure {
        if self.status.is_success() {
            return Failure::NotTheSuccess {
                status: self.status.as_u16(),
                expected: expected.as_u16(),
            };
        }
        Failure::Status {
            status: self.status.as_u16(),
            text: self.text(),
            retry_after: retry_after(&self.headers),
        }
    }

    /// `code` and `message` of an error body; nothing where the body is not one.
    pub(crate) fn text(&self) -> ServerText {
        self.text_of(["code", "message"])
    }

    /// These members of an error body; nothing where the body is not one.
    pub(crate) fn text_of(&self, keys: [&str; 2]) -> ServerText {
        let Ok(Value::Object(body)) = serde_json::from_slice(&self.body) else {
            return ServerText::default();
        };
        let parts: Vec<String> = keys.iter().filter_map(|key| shown(&body, key)).collect();
        let secrets: Vec<&str> = self.redacted.iter().map(ExposeSecret::expose_secret).collect();
        ServerText::new(&parts.join(", "), &secrets)
    }
}

fn shown(body: &Map<String, Value>, key: &str) -> Option<String> {
    match body.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Says where the JSON is wrong, without quoting it: the error of the parser may quote a token or a person's data.
fn not_json(what: &'static str, error: &serde_json::Error) -> Failure {
    Failure::Json {
        what,
        line: error.line(),
        column: error.column(),
    }
}

/// The same JSON with all names of members in lower case, since the PBX and its clients do not agree on their spelling.
pub(crate) fn lower_case_keys(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key.to_lowercase(), lower_case_keys(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(lower_case_keys).collect(),
        scalar => scalar,
    }
}
