//! The server side of the local API: health without a sign-in, everything else by the token of the endpoint file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::refusal::{failure, nothing_here};
use super::routes;
use super::types::DaemonStatus;
use crate::daemon::{Files, SetupLinks, Supervisor};
use crate::telemetry::{History, Logging, Metrics};

/// No request carries a body worth more.
const BODY: usize = 64 * 1024;
/// Longer than any order waits.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the local API is served from.
#[derive(Clone, Debug)]
pub struct Api {
    /// The instances.
    pub supervisor: Arc<Supervisor>,
    /// What is read again on demand.
    pub files: Arc<Files>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The log, where this process keeps one.
    pub logging: Option<Logging>,
    /// How the instances did.
    pub history: Arc<History>,
    /// Cancelled when the daemon stops.
    pub closing: CancellationToken,
    /// What callers have to present.
    pub token: SecretString,
    /// What the daemon says of itself; its notices are those of the files.
    pub daemon: DaemonStatus,
    /// The file of the state.
    pub state: PathBuf,
    /// Where somebody on this machine reaches the daemon, without a path.
    pub url: String,
    /// One-time links to the administrator's page; `None` where there is no page.
    pub links: Option<Arc<SetupLinks>>,
}

impl Api {
    /// A new one-time link to the administrator's page, and how long it is good; `None` where there is no page.
    pub fn setup_link(&self) -> Option<(SecretString, Duration)> {
        let (secret, lasts) = self.links.as_ref()?.issue();
        let link = format!("{}/setup/{}", self.url, secret.expose_secret());
        Some((link.into(), lasts))
    }
}

/// A token that nobody can guess.
pub fn new_token() -> SecretString {
    format!(
        "{}{}",
        uuid::Uuid::new_v4().simple(),
        uuid::Uuid::new_v4().simple()
    )
    .into()
}

/// The routes.
pub fn router(api: Api) -> Router {
    let signed_in = routes::signed_in()
        .router()
        .route_layer(from_fn_with_state(api.clone(), require_token));
    routes::open()
        .router()
        .nest(routes::BELOW, signed_in.fallback(nothing_here))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ))
        .with_state(api)
}

async fn require_token(State(api): State<Api>, request: Request, next: Next) -> Response {
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let presented = presented
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .unwrap_or_default();
    if bool::from(presented.as_bytes().ct_eq(api.token.expose_secret().as_bytes())) {
        next.run(request).await
    } else {
        failure(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong",
            Some("`presencectl` takes it from the file with the ending `.api` beside the state"),
        )
    }
}
