//! The log of the running daemon: its recent lines, and how much is logged.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::api::arguments::Arguments;
use crate::api::openapi::{Operation, get, post};
use crate::api::refusal::failure;
use crate::api::server::Api;
use crate::api::types::API_VERSION;
use crate::config::LogLevel;
use crate::telemetry::{LONGEST_LEVEL, LogLine, LogNow, LogPage, LogQuery, Logging};

/// The longest that a request waits for lines, well below what any request may take.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How many lines an answer has where nothing is said.
const LINES: usize = 500;
/// How many lines an answer has at most.
const MOST_LINES: usize = 5_000;

/// Recent lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLevelAnswer {
    /// The version of this form.
    pub version: u32,
    /// How much.
    #[serde(flatten)]
    pub now: LogNow,
}

pub(super) fn operations() -> Vec<Operation> {
    const WITHOUT_LOG: &str = "this daemon runs within another program, and its log is not kept";
    vec![
        get("/log", lines)
            .about("Recent lines of the log")
            .takes::<LinesQuery>()
            .answers::<LogAnswer>("the lines, and how to ask for those behind them")
            .fails(StatusCode::CONFLICT, WITHOUT_LOG),
        get("/log/level", level)
            .about("How much is logged")
            .answers::<LogLevelAnswer>("the level in force, and the configured one")
            .fails(StatusCode::CONFLICT, WITHOUT_LOG),
        post("/log/level", set_level)
            .about("Changes how much is logged, for a while or until the next start")
            .details("It changes no file: a new start, and a reload that changes `daemon.log`, end it.")
            .takes::<LevelQuery>()
            .answers::<LogLevelAnswer>("the level in force, and the configured one")
            .fails(StatusCode::CONFLICT, WITHOUT_LOG),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct LinesQuery {
    /// Only lines that matter at least so much.
    level: Option<LogLevel>,
    /// Only lines after the one with this number. A number that no line has yet is that of another process, and is taken
    /// for none.
    after: Option<u64>,
    /// At most so many, 500 where nothing is said: the newest, or with `after` the oldest after it.
    limit: Option<usize>,
    /// Only lines about this instance.
    instance: Option<String>,
    /// Only lines with this text in the message or a field, letters of both cases alike.
    search: Option<String>,
    /// Where there is no such line yet, so many seconds are waited for one, at most 20.
    #[serde(default)]
    wait: u64,
}

async fn lines(State(api): State<Api>, Arguments(query): Arguments<LinesQuery>) -> Response {
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

#[derive(Deserialize, JsonSchema)]
struct LevelQuery {
    /// The level.
    level: LogLevel,
    /// For how many seconds, at most 24 hours; until the next start or the next change of the configuration where it is not said.
    seconds: Option<u64>,
}

async fn set_level(
    State(api): State<Api>,
    Arguments(LevelQuery { level, seconds }): Arguments<LevelQuery>,
) -> Response {
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
