//! The log of the running daemon: its recent lines, and how much is logged.

use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::server::{Api, failure};
use super::types::API_VERSION;
use crate::config::LogLevel;
use crate::telemetry::{LONGEST_LEVEL, LogLine, LogNow, LogPage, LogQuery, Logging};

/// The longest that a request waits for lines, well below what any request may take.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How many lines an answer has where nothing is said.
const LINES: usize = 500;
/// How many lines an answer has at most.
const MOST_LINES: usize = 5_000;

/// Recent lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAnswer {
    /// The version of this form.
    pub version: u32,
    /// How much is logged now.
    #[serde(flatten)]
    pub now: LogNow,
    /// The lines, newest last.
    pub lines: Vec<LogLine>,
    /// Everything up to this number was looked at: the `after` of the next request.
    pub seen: u64,
    /// Lines that are not kept any more, of whatever level: after `after`, or since the start.
    pub dropped: u64,
}

/// How much is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevelAnswer {
    /// The version of this form.
    pub version: u32,
    /// How much.
    #[serde(flatten)]
    pub now: LogNow,
}

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/log", get(lines))
        .route("/log/level", get(level).post(set_level))
}

#[derive(Deserialize)]
struct LinesQuery {
    level: Option<LogLevel>,
    after: Option<u64>,
    limit: Option<usize>,
    instance: Option<String>,
    search: Option<String>,
    /// Seconds to wait where there is no such line yet.
    #[serde(default)]
    wait: u64,
}

async fn lines(State(api): State<Api>, query: Result<Query<LinesQuery>, QueryRejection>) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(rejection) => return failure(StatusCode::BAD_REQUEST, rejection.body_text(), None),
    };
    let Some(logging) = &api.logging else {
        return without_log();
    };
    let wait = Duration::from_secs(query.wait).min(LONGEST_WAIT);
    let meant = LogQuery {
        level: query.level.unwrap_or(LogLevel::Trace),
        after: query.after,
        limit: query.limit.unwrap_or(LINES).min(MOST_LINES),
        instance: query.instance,
        search: query.search,
    };
    let awaited = first_page(logging, &meant, wait);
    // A daemon that stops keeps nobody waiting.
    let page = match api.closing.run_until_cancelled(awaited).await {
        Some(page) => page,
        None => logging.page(&meant),
    };
    Json(LogAnswer {
        version: API_VERSION,
        now: logging.now(),
        lines: page.lines,
        seen: page.seen,
        dropped: page.dropped,
    })
    .into_response()
}

/// What is there, or else what comes within this time.
async fn first_page(logging: &Logging, query: &LogQuery, wait: Duration) -> LogPage {
    // Before the first look, so that nothing is missed between it and the waiting.
    let mut newest = logging.follow();
    let until = Instant::now() + wait;
    let mut query = query.clone();
    let mut dropped = 0;
    loop {
        newest.mark_unchanged();
        let page = logging.page(&query);
        dropped += page.dropped;
        let page = LogPage { dropped, ..page };
        if !page.lines.is_empty() || !matches!(timeout_at(until, newest.changed()).await, Ok(Ok(()))) {
            return page;
        }
        // What was looked at once need not be looked at again.
        query.after = Some(page.seen);
    }
}

async fn level(State(api): State<Api>) -> Response {
    match &api.logging {
        Some(logging) => told(logging),
        None => without_log(),
    }
}

#[derive(Deserialize)]
struct LevelQuery {
    level: LogLevel,
    /// For how long; until the next start or the next change of the configuration where it is not said.
    seconds: Option<u64>,
}

async fn set_level(State(api): State<Api>, query: Result<Query<LevelQuery>, QueryRejection>) -> Response {
    let Query(LevelQuery { level, seconds }) = match query {
        Ok(query) => query,
        Err(rejection) => return failure(StatusCode::BAD_REQUEST, rejection.body_text(), None),
    };
    let Some(logging) = &api.logging else {
        return without_log();
    };
    match seconds.map(Duration::from_secs) {
        None => logging.set_level(level),
        Some(lasts) if lasts > LONGEST_LEVEL || lasts.is_zero() => {
            let error = "a level is changed for at least a second and at most 24 hours";
            return failure(StatusCode::BAD_REQUEST, error, None);
        }
        Some(lasts) => logging.set_level_for(level, lasts),
    }
    tracing::warn!(%level, seconds, "the level of the log was changed");
    told(logging)
}

fn told(logging: &Logging) -> Response {
    Json(LogLevelAnswer {
        version: API_VERSION,
        now: logging.now(),
    })
    .into_response()
}

fn without_log() -> Response {
    failure(
        StatusCode::CONFLICT,
        "this daemon runs within another program, and its log is not kept",
        None,
    )
}
