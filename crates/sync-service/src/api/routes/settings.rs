//! The settings over the local API: looked at, tried out, changed, and who did that.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::arguments::Arguments;
use crate::api::openapi::{Operation, get, post};
use crate::api::refusal::failure;
use crate::api::server::Api;
use crate::api::types::API_VERSION;
use crate::config::edit::{Difference, Edit, EditError, ReadOnly, Revision};
use crate::config::{Fault, FaultKind, Warning};
use crate::daemon::{Author, Changed, Preview, SettingsAnswer};
use crate::settings_audit::SettingsChange;

/// Whoever has the token of the endpoint file.
const WHO: &str = "local-api";

/// What an edit would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PreviewAnswer {
    /// The version of this form.
    pub version: u32,
    /// What would be otherwise than now.
    pub differences: Vec<Difference>,
    /// What would be legal and probably not meant.
    pub warnings: Vec<Warning>,
    /// What would become of each instance that it is about.
    pub previews: Vec<Preview>,
}

/// Changes of the settings that were made, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingsAuditAnswer {
    /// The version of this form.
    pub version: u32,
    /// The changes, at most a thousand; more are to be had `after` the number of the last one.
    pub changes: Vec<SettingsChange>,
}

/// Why settings were not changed. Whoever knows [`ErrorAnswer`](crate::api::ErrorAnswer) can read it, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingsRefusal {
    /// The version of this form.
    pub version: u32,
    /// What went wrong, as a lower-case fragment.
    pub error: String,
    /// What to do.
    pub hint: Option<String>,
    /// Everything that would be wrong with the file.
    pub faults: Vec<Fault>,
    /// The revision of the file, where the edit was made for another one.
    pub revision: Option<Revision>,
    /// Why nothing can be changed at all, where that is so.
    pub read_only: Option<ReadOnly>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/settings", settings)
            .about("The settings as they are written")
            .answers::<SettingsAnswer>("the settings; what a secret is, is never told"),
        edits(post("/settings", change))
            .about("Makes an edit")
            .details(
                "The whole file is checked before anything is written, and comments, order and form stay. The daemon then does what the file says.",
            )
            .answers::<Changed>("it was made"),
        edits(post("/settings/preview", preview))
            .about("Tries an edit out, and writes nothing")
            .details("Where an edit is about another tenant, PBX or group, these are looked at, for at most 25 s.")
            .answers::<PreviewAnswer>("what it would change"),
        get("/settings/audit", audit)
            .about("Who changed the settings, oldest first, at most a thousand changes")
            .takes::<AuditQuery>()
            .answers::<SettingsAuditAnswer>("the changes")
            .fails(StatusCode::INTERNAL_SERVER_ERROR, "the state cannot be read"),
    ]
}

/// What takes an edit, and how it refuses one. Nothing was changed then.
fn edits(operation: Operation) -> Operation {
    operation
        .reads::<Edit>()
        .fails(StatusCode::BAD_REQUEST, "the body is no JSON")
        .fails(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is not said to be JSON",
        )
        .fails(StatusCode::UNPROCESSABLE_ENTITY, "the body is no edit")
        .fails_bare(StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 64 KiB")
        .says::<SettingsRefusal>(
            StatusCode::FORBIDDEN,
            "the settings can only be looked at: `read_only` says why",
        )
        .says::<SettingsRefusal>(
            StatusCode::CONFLICT,
            "the file was changed meanwhile: `revision` is what it is now",
        )
        .says::<SettingsRefusal>(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the file would not be good: `faults` says why",
        )
        .says::<SettingsRefusal>(StatusCode::INTERNAL_SERVER_ERROR, "a file cannot be written")
}

async fn settings(State(api): State<Api>) -> Json<SettingsAnswer> {
    Json(api.files.written().await)
}

async fn preview(
    State(api): State<Api>,
    edit: Result<Json<Edit>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(edit) = edit?;
    let proposal = api.files.propose(&edit).await?;
    Ok(Json(PreviewAnswer {
        version: API_VERSION,
        differences: proposal.differences().to_vec(),
        warnings: proposal.loaded().warnings.clone(),
        previews: api.files.preview(&proposal).await,
    })
    .into_response())
}

async fn change(
    State(api): State<Api>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    edit: Result<Json<Edit>, JsonRejection>,
) -> Result<Json<Changed>, Refusal> {
    let Json(edit) = edit?;
    let author = Author {
        who: WHO.to_owned(),
        from: peer.map(|Extension(ConnectInfo(address))| address.ip()),
    };
    let proposal = api.files.propose(&edit).await?;
    Ok(Json(api.files.change(proposal, &author).await?))
}

#[derive(Deserialize, JsonSchema)]
struct AuditQuery {
    /// Only those from then on.
    #[schemars(with = "Option<sync_core::schema::DateTime>")]
    since: Option<String>,
    /// Only those behind the one with this number.
    after: Option<u64>,
}

async fn audit(State(api): State<Api>, Arguments(query): Arguments<AuditQuery>) -> Response {
    let since = query.since.as_deref().map(str::parse::<Timestamp>);
    let since = match since.transpose() {
        Ok(since) => since.unwrap_or(Timestamp::MIN),
        Err(_) => {
            let hint = "write a moment such as 2026-12-31T12:00:00Z";
            return failure(StatusCode::BAD_REQUEST, "`since` is no moment", Some(hint));
        }
    };
    match api.files.settings_changes(since, query.after).await {
        Ok(changes) => Json(SettingsAuditAnswer {
            version: API_VERSION,
            changes,
        })
        .into_response(),
        Err(error) => failure(
            StatusCode::INTERNAL_SERVER_ERROR,
            error.chain(),
            error.advice.as_deref(),
        ),
    }
}

enum Refusal {
    /// The request is none.
    Request(JsonRejection),
    Edit(EditError),
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::Request(rejection)
    }
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Request(rejection) => {
                let hint = "the form of an edit is explained in docs/local-api.md";
                return failure(rejection.status(), rejection.body_text(), Some(hint));
            }
            Self::Edit(error) => error,
        };
        let mut refusal = SettingsRefusal {
            version: API_VERSION,
            error: error.to_string(),
            hint: Some(error.hint().to_owned()),
            faults: Vec::new(),
            revision: None,
            read_only: None,
        };
        let status = match error {
            EditError::Stale { theirs, .. } => {
                refusal.revision = Some(theirs);
                StatusCode::CONFLICT
            }
            EditError::ReadOnly(reason) => {
                refusal.read_only = Some(reason);
                StatusCode::FORBIDDEN
            }
            EditError::NotGood(errors) => {
                refusal.faults = errors.faults().to_vec();
                StatusCode::UNPROCESSABLE_ENTITY
            }
            EditError::Impossible { key, what } => {
                refusal.faults.push(Fault {
                    position: None,
                    key: Some(key.to_string()),
                    kind: FaultKind::BadValue,
                    what,
                    hint: refusal.hint.clone(),
                });
                StatusCode::UNPROCESSABLE_ENTITY
            }
            EditError::Write { source, .. } => {
                refusal.error = format!("{}: {source}", refusal.error);
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, Json(refusal)).into_response()
    }
}
