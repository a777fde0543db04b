//! The server side of the local API: health without a sign-in, everything else by the token of the endpoint file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use sync_core::{Address, Health, InstanceName, NotAnAddress, PlanId, Side};
use tokio_util::sync::CancellationToken;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::client::Order;
use super::settings_routes;
use super::types::{
    API_VERSION, DaemonStatus, ErrorAnswer, ExplainAnswer, InstanceState, InstanceStatus, MembersAnswer,
    OrderAnswer, PlansAnswer, ReadyAnswer, SetupLinkAnswer, StatusAnswer,
};
use super::{history_routes, log_routes};
use crate::config::ConfigErrors;
use crate::daemon::{Files, SetupLinks, Supervisor, UnknownInstance};
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
    let signed_in = Router::new()
        .route("/status", get(status))
        .route("/plans", get(plans))
        .route("/plans/{plan}/approve", post(approve))
        .route("/licences/reload", post(reload_licences))
        .route("/explain", get(explain))
        .route("/setup-link", post(setup_link))
        .route("/instances/{instance}", get(instance))
        .route("/instances/{instance}/members", get(members))
        .route("/instances/{instance}/plan", get(plan))
        .route("/instances/{instance}/pause", post(pause))
        .route("/instances/{instance}/resume", post(resume))
        .route("/instances/{instance}/release", post(release))
        .route("/instances/{instance}/retry", post(retry))
        .route("/instances/{instance}/signed-in", post(signed_in))
        .merge(log_routes::routes())
        .merge(history_routes::routes())
        .merge(settings_routes::routes())
        .route_layer(from_fn_with_state(api.clone(), require_token));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/readyz/{instance}", get(readyz_instance))
        .route("/metrics", get(metrics))
        .nest("/api/v1", signed_in.fallback(nothing_here))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ))
        .with_state(api)
}

/// The answer to a path that nothing is at.
pub(crate) async fn nothing_here() -> Response {
    failure(StatusCode::NOT_FOUND, "there is nothing at this path", None)
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

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(api): State<Api>) -> Response {
    let starting = api
        .supervisor
        .statuses()
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
    match api.supervisor.status(&InstanceName(name.into())).await {
        Err(error) => failure(StatusCode::NOT_FOUND, error.to_string(), None),
        Ok(InstanceStatus { view: Some(view), .. }) => ready(view.readiness.state, view.readiness.reasons),
        Ok(InstanceStatus { state, reason, .. }) => {
            let reason = reason.unwrap_or_else(|| format!("{state:?}").to_lowercase());
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
    for status in api.supervisor.statuses().await {
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

async fn status(State(api): State<Api>) -> Json<StatusAnswer> {
    let instances = api.supervisor.statuses().await;
    let notices = api.files.notices();
    Json(StatusAnswer {
        version: API_VERSION,
        daemon: DaemonStatus {
            notices,
            ..api.daemon
        },
        instances,
    })
}

async fn instance(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<InstanceStatus>, Refusal> {
    Ok(Json(api.supervisor.status(&InstanceName(name.into())).await?))
}

async fn members(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<MembersAnswer>, Refusal> {
    let instance = InstanceName(name.into());
    let members = api.supervisor.members(&instance).await?;
    Ok(Json(MembersAnswer {
        version: API_VERSION,
        instance,
        members,
    }))
}

async fn plan(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<sync_core::Plan>, Refusal> {
    Ok(Json(api.supervisor.plan(&InstanceName(name.into())).await?))
}

async fn plans(State(api): State<Api>) -> Json<PlansAnswer> {
    let mut plans = Vec::new();
    for status in api.supervisor.statuses().await {
        plans.extend(api.supervisor.plan(&status.instance).await.ok());
    }
    Json(PlansAnswer {
        version: API_VERSION,
        plans,
    })
}

/// Reads the licence files again, and answers like `status`.
async fn reload_licences(State(api): State<Api>) -> Response {
    match api.files.reload_licences().await {
        Ok(()) => status(State(api)).await.into_response(),
        Err(errors) => not_good(&errors),
    }
}

fn not_good(errors: &ConfigErrors) -> Response {
    let error = format!("the configuration is not good\n{errors}");
    failure(
        StatusCode::UNPROCESSABLE_ENTITY,
        error,
        Some("`presencectl config check` says it again"),
    )
}

#[derive(Deserialize)]
struct ExplainQuery {
    #[serde(default)]
    address: String,
}

async fn explain(State(api): State<Api>, Query(query): Query<ExplainQuery>) -> Response {
    match query.address.parse::<Address>() {
        Ok(address) => {
            let explanations = api.supervisor.explain(&address).await;
            Json(ExplainAnswer {
                version: API_VERSION,
                explanations,
            })
            .into_response()
        }
        Err(error) => failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}

async fn approve(State(api): State<Api>, Path(plan): Path<String>) -> Response {
    let plan: PlanId = match plan.parse() {
        Ok(plan) => plan,
        Err(error) => return failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    };
    match api.supervisor.approve(plan).await {
        Ok(instance) => Json(OrderAnswer {
            version: API_VERSION,
            instance,
        })
        .into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

/// A one-time link to the administrator's page. It is answered to whoever has the token, and stands in no log.
async fn setup_link(State(api): State<Api>) -> Response {
    let Some((link, lasts)) = api.setup_link() else {
        return failure(
            StatusCode::NOT_FOUND,
            "this daemon serves no administrator's page",
            None,
        );
    };
    Json(SetupLinkAnswer {
        version: API_VERSION,
        link: link.expose_secret().to_owned(),
        expires_in_seconds: lasts.as_secs(),
    })
    .into_response()
}

/// Whom a pause or its end is for, and for how long.
#[derive(Deserialize)]
struct PauseQuery {
    address: Option<String>,
    seconds: Option<u64>,
}

impl PauseQuery {
    fn member(&self) -> Result<Option<Address>, NotAnAddress> {
        self.address.as_deref().map(str::parse::<Address>).transpose()
    }
}

async fn pause(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(query): Query<PauseQuery>,
) -> Response {
    match query.member() {
        Ok(member) => {
            let lasts = query.seconds.map(Duration::from_secs);
            order(&api, name, Order::Pause { member, lasts }).await
        }
        Err(error) => failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}

async fn resume(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(query): Query<PauseQuery>,
) -> Response {
    match query.member() {
        Ok(member) => order(&api, name, Order::Resume { member }).await,
        Err(error) => failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}

async fn release(State(api): State<Api>, Path(name): Path<String>) -> Response {
    order(&api, name, Order::Release).await
}

/// Whose credentials are to be tried again: words with commas between them; all, where none is named.
#[derive(Deserialize)]
struct RetryQuery {
    sides: Option<String>,
}

async fn retry(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(query): Query<RetryQuery>,
) -> Response {
    let meant = |side: &Side| match &query.sides {
        Some(sides) => sides.split(',').any(|word| word == side.as_str()),
        None => true,
    };
    let sides = Side::ALL.into_iter().filter(meant).collect();
    let instance = InstanceName(name.clone().into());
    if let Err(error) = api.files.holds(&instance).await {
        return Refusal(error).into_response();
    }
    order(&api, name, Order::Retry { sides }).await
}

/// Somebody has signed in for the instance with `presencectl login`.
async fn signed_in(State(api): State<Api>, Path(name): Path<String>) -> Response {
    answered(api.files.signed_in(&InstanceName(name.into())).await)
}

async fn order(api: &Api, name: String, order: Order) -> Response {
    answered(api.supervisor.order(&InstanceName(name.into()), &order).await)
}

fn answered(instance: Result<InstanceStatus, UnknownInstance>) -> Response {
    match instance {
        Ok(instance) => Json(OrderAnswer {
            version: API_VERSION,
            instance,
        })
        .into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

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

pub(super) fn failure(status: StatusCode, error: impl Into<String>, hint: Option<&str>) -> Response {
    let answer = ErrorAnswer {
        version: API_VERSION,
        error: error.into(),
        hint: hint.map(Into::into),
    };
    (status, Json(answer)).into_response()
}
