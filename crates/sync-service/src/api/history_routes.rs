//! How an instance did in the last hours.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use sync_core::InstanceName;

use super::server::{Api, Refusal};
use super::types::API_VERSION;
use crate::telemetry::{SAMPLED_EVERY, Sample};

/// How an instance did in the last hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryAnswer {
    /// The version of this form.
    pub version: u32,
    /// The instance.
    pub instance: InstanceName,
    /// Seconds from one sample to the next.
    pub interval_seconds: u64,
    /// The samples, newest last; at most those of six hours.
    pub samples: Vec<Sample>,
}

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/instances/{instance}/history", get(history))
}

async fn history(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let instance = InstanceName(name.into());
    if let Err(error) = api.supervisor.knows(&instance) {
        return Refusal::from(error).into_response();
    }
    Json(HistoryAnswer {
        version: API_VERSION,
        interval_seconds: SAMPLED_EVERY.as_secs(),
        samples: api.history.samples(&instance),
        instance,
    })
    .into_response()
}
