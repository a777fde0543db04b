//! How an instance did in the last hours.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_core::InstanceName;

use crate::api::openapi::{Operation, get};
use crate::api::refusal::Refusal;
use crate::api::server::Api;
use crate::api::types::API_VERSION;
use crate::telemetry::{SAMPLED_EVERY, Sample};

/// How an instance did in the last hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/instances/{instance}/history", history)
            .about("How an instance did in the last six hours, a sample a minute")
            .details("In memory alone: a new start begins anew.")
            .answers::<HistoryAnswer>("the samples, newest last")
            .of_an_instance(),
    ]
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
