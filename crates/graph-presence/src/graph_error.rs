//! Graph's error envelope.

use std::{fmt, time::Duration};

use http::StatusCode;
use serde_json::Value;

use crate::{
    error::Fault,
    exchange::{Answer, clean},
    retry_after,
};

/// The permission of Microsoft Graph that a call needs at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// `Presence.Read.All`, to read presence.
    PresenceReadAll,
    /// `User.Read.All`, to look up users.
    UserReadAll,
}

impl Permission {
    /// All permissions that the calls of this crate need.
    pub const ALL: [Self; 2] = [Self::PresenceReadAll, Self::UserReadAll];

    /// Whether a permission of this name permits what this one does.
    ///
    /// The permissions of each call stand on its page, such as
    /// [getPresencesByUserId](https://learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid#permissions).
    pub(crate) fn is_in(self, held: &str) -> bool {
        let permits: &[&str] = match self {
            Self::PresenceReadAll => &["Presence.Read.All", "Presence.ReadWrite.All"],
            Self::UserReadAll => &[
                "User.Read.All",
                "User.ReadWrite.All",
                "Directory.Read.All",
                "Directory.ReadWrite.All",
            ],
        };
        permits.iter().any(|name| name.eq_ignore_ascii_case(held))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PresenceReadAll => "Presence.Read.All",
            Self::UserReadAll => "User.Read.All",
        })
    }
}

/// An error that Graph answered with.
///
/// The envelope is that of Microsoft's page
/// [Microsoft Graph error responses](https://learn.microsoft.com/graph/errors).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The deepest `code` of the envelope that is known here, else the outermost one.
    pub code: Option<String>,
    /// Graph's text for people; never to be branched on, and it may hold addresses.
    pub message: Option<String>,
    /// The pause asked for.
    pub retry_after: Option<Duration>,
    /// What the call needs.
    pub permission: Permission,
}

/// Codes that say something to a reader of presence and users; inside the envelope the deepest of them is the reason.
const KNOWN: [&str; 23] = [
    "accessDenied",
    "accessRestricted",
    "activityLimitReached",
    "Authentication_ExpiredToken",
    "Authorization_IdentityNotFound",
    "Authorization_RequestDenied",
    "BadRequest",
    "ErrorInsufficientPermissionsInAccessToken",
    "Forbidden",
    "InvalidArgument",
    "InvalidAuthenticationToken",
    "invalidRequest",
    "itemNotFound",
    "NotFound",
    "quotaLimitReached",
    "Request_BadRequest",
    "Request_ResourceNotFound",
    "Request_UnsupportedQuery",
    "serviceNotAvailable",
    "throttledRequest",
    "TooManyRequests",
    "unauthenticated",
    "Unauthorized",
];

impl Refusal {
    pub(crate) fn of_answer(answer: &Answer, permission: Permission, scrub: impl Fn(&str) -> String) -> Self {
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let retry_after = retry_after::of_headers(&answer.headers);
        Self::read(
            answer.status.as_u16(),
            retry_after,
            body.get("error"),
            permission,
            scrub,
        )
    }

    /// `error` is the member of that name; anything may be in it.
    pub(crate) fn read(
        status: u16,
        retry_after: Option<Duration>,
        error: Option<&Value>,
        permission: Permission,
        scrub: impl Fn(&str) -> String,
    ) -> Self {
        let text =
            |value: &Value, most| Some(clean(&scrub(value.as_str()?), most)).filter(|text| !text.is_empty());
        let message = error.and_then(|error| text(error.get("message")?, 300));
        Self {
            status,
            code: error.and_then(code).and_then(|code| text(code, 64)),
            message,
            retry_after,
            permission,
        }
    }

    /// Whose fault it was, by HTTP status alone.
    pub fn fault(&self) -> Fault {
        match self.status {
            401 => Fault::Credentials,
            403 => Fault::Permission,
            429 | 503 | 504 | 509 => Fault::Throttled {
                retry_after: self.retry_after,
            },
            408 | 500.. if self.retry_after.is_some() => Fault::Throttled {
                retry_after: self.retry_after,
            },
            408 | 500 | 502 => Fault::Unreachable,
            _ => Fault::Protocol,
        }
    }
}

/// Both spellings of the inner member are Microsoft's own.
fn code(error: &Value) -> Option<&Value> {
    let mut best = error.get("code");
    let mut level = Some(error);
    while let Some(error) = level {
        let known = error.get("code").filter(|code| {
            code.as_str()
                .is_some_and(|code| KNOWN.iter().any(|known| known.eq_ignore_ascii_case(code)))
        });
        best = known.or(best);
        level = error.get("innerError").or_else(|| error.get("innererror"));
    }
    best
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match StatusCode::from_u16(self.status) {
            Ok(status) => write!(f, "{status}")?,
            Err(_) => write!(f, "{}", self.status)?,
        }
        if let Some(code) = &self.code {
            write!(f, " (`{code}`)")?;
        }
        if self.fault() == Fault::Permission {
            write!(f, ", the call needs the permission `{}`", self.permission)?;
            // The reason of a refused permission or a used-up quota stands in the text alone.
            if let Some(message) = &self.message {
                write!(f, ": {message}")?;
            }
        }
        Ok(())
    }
}

/// What a batch carries as one answer's headers.
pub(crate) fn inner_retry_after(headers: &Value) -> Option<Duration> {
    let text = |name: &str| {
        let (_, value) = headers
            .as_object()?
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str()
    };
    retry_after::parse(text("Retry-After")?, text("Date"))
}

/// Whether the service is in trouble for a moment, so that the call may be repeated soon unless a pause is asked for.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(error: &Value) -> Refusal {
        Refusal::read(400, None, Some(error), Permission::UserReadAll, str::to_owned)
    }

    #[test]
    fn the_deepest_known_code_is_the_reason() {
        let rows = [
            (
                json!({"code": "TooManyRequests", "innerError": {"code": "429", "status": "429"}}),
                Some("TooManyRequests"),
            ),
            (
                json!({"code": "generalException", "innererror": {"code": "UnknownError", "innererror":
                    {"code": "accessRestricted", "innererror": {"code": ""}}}}),
                Some("accessRestricted"),
            ),
            (
                json!({"code": "generalException", "innerError": {"code": "novel"}}),
                Some("generalException"),
            ),
            (
                json!({"code": "", "message": "", "innerError": {"date": "2026-12-01T09:00:00"}}),
                None,
            ),
            (json!({"code": 7, "innerError": "text"}), None),
            (json!("invalid"), None),
            (json!(null), None),
        ];
        for (error, code) in rows {
            assert_eq!(refusal(&error).code.as_deref(), code, "{error}");
        }
    }

    #[test]
    fn a_foreign_text_is_shown_for_a_permission_alone_and_on_one_line() {
        let mut refusal = refusal(&json!({"code": "Forbidden", "message": "no\r\n\u{1b}[31mway"}));
        assert_eq!(refusal.to_string(), "400 Bad Request (`Forbidden`)");
        refusal.status = 403;
        assert_eq!(
            refusal.to_string(),
            "403 Forbidden (`Forbidden`), the call needs the permission `User.Read.All`: no   [31mway"
        );
    }

    #[test]
    fn an_inner_pause_is_found_in_any_spelling() {
        assert_eq!(
            inner_retry_after(&json!({"retry-after": "7"})),
            Some(Duration::from_secs(7))
        );
        assert_eq!(inner_retry_after(&json!({"Retry-After": 7})), None);
        assert_eq!(inner_retry_after(&json!([])), None);
    }
}
