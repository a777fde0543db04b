//! What fails, in the common form.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use sync_core::{Fault, PortError};

use super::types::{API_VERSION, ErrorAnswer};
use crate::daemon::UnknownInstance;

/// The answer to a path that nothing is at.
pub(crate) async fn nothing_here() -> Response {
    failure(StatusCode::NOT_FOUND, "there is nothing at this path", None)
}

/// An instance could not be asked, or given an order.
pub(super) struct Refusal(UnknownInstance);

impl From<UnknownInstance> for Refusal {
    fn from(error: UnknownInstance) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match &self.0 {
            UnknownInstance::NoSuch(_) => {
                let hint = "`presencectl status` lists the instances";
                failure(StatusCode::NOT_FOUND, self.0.to_string(), Some(hint))
            }
            UnknownInstance::NoMember { instance, .. } => {
                let hint = format!("`presencectl members {instance}` lists who is there");
                failure(StatusCode::NOT_FOUND, self.0.to_string(), Some(&hint))
            }
            UnknownInstance::NotHeld(_) => {
                let hint =
                    "what is held changes while people come and go: `presencectl plan` shows the id of now";
                failure(StatusCode::NOT_FOUND, self.0.to_string(), Some(hint))
            }
            UnknownInstance::OtherSettings(_) => {
                let hint = "let the daemon read them: `systemctl reload presence-syncd`, or SIGHUP";
                failure(StatusCode::CONFLICT, self.0.to_string(), Some(hint))
            }
            UnknownInstance::NotRunning { .. } => failure(StatusCode::CONFLICT, self.0.to_string(), None),
        }
    }
}

/// The answer where the PBX could not be asked.
pub(super) fn pbx_failed(error: &PortError) -> Response {
    let status = match error.fault {
        Fault::Configuration => StatusCode::CONFLICT,
        Fault::State => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    };
    failure(status, error.chain(), error.advice.as_deref())
}

/// The answer to what fails: a lower-case fragment, and what to do.
pub(super) fn failure(status: StatusCode, error: impl Into<String>, hint: Option<&str>) -> Response {
    let answer = ErrorAnswer {
        version: API_VERSION,
        error: error.into(),
        hint: hint.map(Into::into),
    };
    (status, Json(answer)).into_response()
}
