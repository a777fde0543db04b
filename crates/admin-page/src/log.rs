//! The log: recent lines, live, how much is logged, and what was written into the PBX.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::Stream;
use futures_util::stream::{try_unfold, unfold};
use serde::Deserialize;
use sync_core::{AuditRecord, InstanceName, PortError};
use sync_service::config::LogLevel;
use sync_service::standalone::AuditReader;
use sync_service::telemetry::{LogLine, LogQuery, Logging};

use crate::address::{Path, Query};
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::frame::{Frame, Tab};
use crate::live::until_end;
use crate::page::Page;
use crate::respond::ok;

/// So many lines are shown.
const LINES: usize = 300;
/// A stream of lines ends after this time; the browser asks again by itself, by which its session is in use.
const STREAM: Duration = Duration::from_secs(5 * 60);
/// The longest time for which more can be logged.
const TEMPORARY: u64 = 24 * 60 * 60;

#[derive(Template)]
#[template(path = "log.html")]
struct LogTemplate {
    f: Frame,
    instance: String,
    /// Nothing is kept to be shown.
    silent: bool,
    level: String,
    until: Option<String>,
    levels: Vec<(String, String, bool)>,
    choices: Vec<(String, String, bool)>,
    search: String,
    only: bool,
    query: String,
    lines: Vec<Line>,
    dropped: u64,
}

#[derive(Template)]
#[template(path = "log-line.html")]
struct Line {
    kind: &'static str,
    level: String,
    text: String,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Asked {
    level: Option<LogLevel>,
    #[serde(default)]
    q: String,
    /// Only lines about this instance.
    only: Option<String>,
    after: Option<u64>,
    done: Option<String>,
}

impl Asked {
    fn query(&self, instance: &str) -> LogQuery {
        LogQuery {
            level: self.level.unwrap_or(LogLevel::Trace),
            after: self.after,
            limit: LINES,
            instance: self.only.as_ref().map(|_| instance.to_owned()),
            search: Some(self.q.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }

    fn encoded(&self, after: Option<u64>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(level) = self.level {
            query.append_pair("level", level.as_str());
        }
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        if self.only.is_some() {
            query.append_pair("only", "1");
        }
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        query.finish()
    }
}

const LEVELS: [LogLevel; 5] = [
    LogLevel::Error,
    LogLevel::Warn,
    LogLevel::Info,
    LogLevel::Debug,
    LogLevel::Trace,
];

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let tongue = visitor.tongue;
    if page.instance(&instance).await.is_none() {
        return entrance::no_instance(tongue);
    }
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Log).await;
    f.done(asked.done.as_deref());
    let logging = page.api.logging.as_ref();
    let now = logging.map(Logging::now);
    let found = logging.map(|logging| logging.page(&asked.query(&instance)));
    let levels = |chosen: Option<LogLevel>| {
        let named = |level: LogLevel| {
            let name = tongue.say(&format!("level-{}", level.as_str()));
            (level.as_str().to_owned(), name, chosen == Some(level))
        };
        LEVELS.map(named).into()
    };
    ok(&LogTemplate {
        silent: logging.is_none(),
        level: now
            .as_ref()
            .map(|now| tongue.say(&format!("level-{}", now.level.as_str())))
            .unwrap_or_default(),
        until: now
            .as_ref()
            .and_then(|now| now.until)
            .map(|until| tongue.moment(until)),
        levels: levels(now.as_ref().map(|now| now.level)),
        choices: levels(Some(asked.level.unwrap_or(LogLevel::Trace))),
        query: asked.encoded(Some(found.as_ref().map_or(0, |found| found.seen))),
        dropped: found.as_ref().map_or(0, |found| found.dropped),
        lines: found
            .map(|found| found.lines.iter().map(Line::of).collect())
            .unwrap_or_default(),
        only: asked.only.is_some(),
        search: asked.q,
        instance,
        f,
    })
}

impl Line {
    fn of(line: &LogLine) -> Self {
        Self {
            kind: line.level.as_str(),
            level: line.level.as_str().to_ascii_uppercase(),
            text: told(line),
        }
    }
}

/// The line without its level, which is shown beside it.
fn told(line: &LogLine) -> String {
    let text = line.text();
    let level = format!(" {:<5} ", line.level.as_str().to_ascii_uppercase());
    text.replacen(&level, " ", 1)
}

/// The lines as they come.
pub(crate) async fn live(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(mut asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    // A browser that asks again after a break says which lines it has.
    let has = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    if let Some(seen) = has.and_then(|id| id.parse().ok()) {
        asked.after = Some(seen);
    }
    let Some(logging) = page.api.logging.clone() else {
        return axum::http::StatusCode::NO_CONTENT.into_response();
    };
    let follow = logging.follow();
    let until = tokio::time::Instant::now() + STREAM;
    let begin = (logging, follow, asked, instance);
    let events = unfold(
        begin,
        move |(logging, mut follow, mut asked, instance)| async move {
            loop {
                let found = logging.page(&asked.query(&instance));
                asked.after = Some(found.seen);
                let shown: String = found
                    .lines
                    .iter()
                    .filter_map(|line| Line::of(line).render().ok())
                    .collect();
                if !shown.is_empty() {
                    let event = Event::default()
                        .event("line")
                        .id(found.seen.to_string())
                        .data(shown.replace('\r', ""));
                    return Some((Ok::<_, Infallible>(event), (logging, follow, asked, instance)));
                }
                let changed = tokio::time::timeout_at(until, follow.changed()).await;
                if !matches!(changed, Ok(Ok(()))) {
                    return None;
                }
            }
        },
    );
    let events = until_end(&visitor.session, events);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// How much is logged from now on.
pub(crate) async fn set_level(
    State(page): State<Page>,
    Path(instance): Path<String>,
    posted: Posted,
) -> Response {
    let (tongue, fields) = (posted.visitor.tongue, &posted.fields);
    let level = LEVELS
        .into_iter()
        .find(|level| level.as_str() == fields.first("level"));
    let (Some(logging), Some(level)) = (&page.api.logging, level) else {
        return entrance::unclear(tongue);
    };
    let seconds = fields.first("seconds").parse::<u64>().unwrap_or(15 * 60);
    logging.set_level_for(level, Duration::from_secs(seconds.clamp(1, TEMPORARY)));
    tracing::warn!(
        level = level.as_str(),
        seconds,
        "the level of the log was changed on the administrator's page"
    );
    Redirect::to(&format!("/i/{instance}/log?done=level")).into_response()
}

/// The recent lines as a file.
pub(crate) async fn download(
    State(page): State<Page>,
    _visitor: Visitor,
    Path(instance): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let query = LogQuery {
        limit: usize::MAX,
        after: None,
        ..asked.query(&instance)
    };
    let lines = page.api.logging.as_ref().map(|logging| logging.recent(&query));
    let mut text = String::new();
    for line in lines.unwrap_or_default() {
        text.push_str(&line.text());
        text.push('\n');
    }
    attachment("presence-sync.log", "text/plain; charset=utf-8", text)
}

/// Our own writes of this instance, as the audit has them: a line of JSON for each, sent as they are read.
pub(crate) async fn audit(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    let settings = page.api.files.settings().await;
    let instance = InstanceName(instance.as_str().into());
    let first = async {
        let mut reader = AuditReader::open(&settings, jiff::Timestamp::MIN, Some(instance)).await?;
        let records = reader.next_page().await?;
        Ok::<_, PortError>((reader, records))
    };
    match first.await {
        Ok((reader, records)) => {
            let lines = Body::from_stream(until_end(&visitor.session, lines(reader, records)));
            attachment("presence-sync-audit.jsonl", "application/jsonl", lines)
        }
        Err(error) => {
            tracing::error!(%error, "the audit cannot be read");
            crate::respond::plain_failure(
                axum::http::StatusCode::INTERNAL_SERVER_ERROR,
                visitor.tongue,
                "log-audit-failed",
            )
        }
    }
}

/// The lines of a page after the other. An audit that cannot be read any more breaks the file off, and does not end it.
fn lines(
    reader: AuditReader,
    first: Vec<AuditRecord>,
) -> impl Stream<Item = Result<String, Box<dyn std::error::Error + Send + Sync>>> {
    try_unfold((reader, first), async |(mut reader, records)| {
        if records.is_empty() {
            return Ok(None);
        }
        let mut text = String::new();
        for record in &records {
            text.push_str(&serde_json::to_string(record)?);
            text.push('\n');
        }
        let next = reader.next_page().await.inspect_err(|error| {
            tracing::error!(%error, "the audit cannot be read to its end");
        })?;
        Ok(Some((text, (reader, next))))
    })
}

fn attachment(name: &str, kind: &'static str, text: impl Into<Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        text.into(),
    )
        .into_response()
}
