//! Health and metrics, for whoever watches the daemon: no sign-in, and no addresses of people.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use sync_core::{Health, InstanceName};

use crate::api::openapi::{Operation, get};
use crate::api::refusal::failure;
use crate::api::server::Api;
use crate::api::types::{InstanceState, InstanceStatus, ReadyAnswer};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/healthz", healthz)
            .about("Whether the process lives")
            .details("Also while an instance waits for its lease.")
            .answers_text("it lives: `ok`"),
        get("/readyz", readyz)
            .about("Whether the daemon itself does its work")
            .answers::<ReadyAnswer>("every instance is or can be started")
            .says::<ReadyAnswer>(
                StatusCode::SERVICE_UNAVAILABLE,
                "an instance cannot be started",
            ),
        get("/readyz/{instance}", readyz_instance)
            .about("Whether an instance does its work")
            .answers::<ReadyAnswer>(
                "`ready`, or `degraded`: DND works; the chat status does not, a link limps, or something is held",
            )
            .says::<ReadyAnswer>(StatusCode::SERVICE_UNAVAILABLE, "`not-ready`")
            .fails(StatusCode::NOT_FOUND, "there is no such instance"),
        get("/metrics", metrics)
            .about("The metrics, in the text form of Prometheus")
            .answers_text("the metrics"),
    ]
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(api): State<Api>) -> Response {
    let starting = api
        .supervisor
        .conditions()
        .await
        .into_iter()
        .filter(|status| status.state == InstanceState::Failed);
    let reasons: Vec<String> = starting
        .map(|status| format!("instance {}: cannot be started", status.instance))
        .collect();
    ready(
        if reasons.is_empty() {
            Health::Ready
        } else {
            Health::NotReady
        },
        reasons,
    )
}

async fn readyz_instance(State(api): State<Api>, Path(name): Path<String>) -> Response {
    match api.supervisor.condition(&InstanceName(name.into())).await {
        Err(error) => failure(StatusCode::NOT_FOUND, error.to_string(), None),
        Ok(InstanceStatus { view: Some(view), .. }) => ready(view.readiness.state, view.readiness.reasons),
        Ok(InstanceStatus { state, reason, .. }) => {
            let reason = match (state, reason) {
                (InstanceState::Waiting, Some(reason)) => format!("waiting for the lease, {reason}"),
                (_, Some(reason)) => reason,
                (_, None) => format!("{state:?}").to_lowercase(),
            };
            ready(Health::NotReady, vec![reason])
        }
    }
}

fn ready(health: Health, reasons: Vec<String>) -> Response {
    let (status, word) = match health {
        Health::Ready => (StatusCode::OK, "ready"),
        Health::Degraded => (StatusCode::OK, "degraded"),
        Health::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "not-ready"),
    };
    (
        status,
        Json(ReadyAnswer {
            status: word.to_owned(),
            reasons,
        }),
    )
        .into_response()
}

async fn metrics(State(api): State<Api>) -> Response {
    for status in api.supervisor.conditions().await {
        if let Some(view) = &status.view {
            api.metrics.show(view);
        }
    }
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        api.metrics.render(),
    )
        .into_response()
}
