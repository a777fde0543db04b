//! The log: one line an event on standard error, as text or JSON, and the recent lines in memory. Its level can be changed
//! while the daemon runs.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_adapters::clock::SystemClock;
use sync_core::Clock;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, filter, fmt, reload};

use super::line::LogLine;
use super::query::{LogPage, LogQuery};
use super::recent::{Bounds, Keeper, Recent};
use crate::config::{LogFormat, LogLevel};

/// The longest time for which a level is changed by [`Logging::set_level_for`].
pub const LONGEST_LEVEL: Duration = Duration::from_secs(24 * 60 * 60);

/// The running log.
#[derive(Clone)]
pub struct Logging(Arc<Shared>);

struct Shared {
    filter: reload::Handle<filter::Targets, Registry>,
    recent: Arc<Recent>,
    levels: Mutex<Levels>,
}

/// The level that is configured, and another one for a while.
struct Levels {
    configured: LogLevel,
    temporary: Option<Temporary>,
    /// How often a level was changed for a while.
    turns: u64,
}

struct Temporary {
    turn: u64,
    level: LogLevel,
    until: Timestamp,
    end: AbortHandle,
}

/// How much is logged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogNow {
    /// The level that is in force.
    pub level: LogLevel,
    /// The configured level, which is in force again afterwards.
    pub configured: LogLevel,
    /// When that is, while another one is in force.
    #[schemars(with = "Option<sync_core::schema::DateTime>")]
    pub until: Option<Timestamp>,
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

impl Logging {
    /// Changes the configured level, which ends another one that was in force for a while.
    pub fn set_level(&self, level: LogLevel) {
        let mut levels = self.levels();
        levels.configured = level;
        if let Some(temporary) = levels.temporary.take() {
            temporary.end.abort();
        }
        self.enforce(level);
    }

    /// Changes the level for a while, at most [`LONGEST_LEVEL`]; then the configured one is in force again. To be called
    /// within a runtime of tokio.
    pub fn set_level_for(&self, level: LogLevel, lasts: Duration) {
        let lasts = lasts.min(LONGEST_LEVEL);
        let mut levels = self.levels();
        if let Some(temporary) = levels.temporary.take() {
            temporary.end.abort();
        }
        levels.turns += 1;
        let (logging, turn) = (self.clone(), levels.turns);
        let end = tokio::spawn(async move {
            tokio::time::sleep(lasts).await;
            logging.end_temporary(turn);
        });
        let until = self.0.recent.now().saturating_add(lasts);
        levels.temporary = Some(Temporary {
            turn,
            level,
            until: until.unwrap_or(Timestamp::MAX),
            end: end.abort_handle(),
        });
        self.enforce(level);
    }

    /// How much is logged now.
    pub fn now(&self) -> LogNow {
        let levels = self.levels();
        let temporary = levels.temporary.as_ref();
        LogNow {
            level: temporary.map_or(levels.configured, |temporary| temporary.level),
            configured: levels.configured,
            until: temporary.map(|temporary| temporary.until),
        }
    }

    /// The recent lines, newest last. What was logged at the level that was in force then is there, as far as it is kept.
    pub fn recent(&self, query: &LogQuery) -> Vec<LogLine> {
        self.page(query).lines
    }

    /// The same, with what whoever follows has to know: where to go on, and how many lines are lost.
    pub fn page(&self, query: &LogQuery) -> LogPage {
        self.0.recent.page(query)
    }

    /// The number of the newest line, for whoever waits for the next one.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.0.recent.follow()
    }

    fn end_temporary(&self, turn: u64) {
        let mut levels = self.levels();
        // Whoever changed the level meanwhile has aborted the task that calls this, but perhaps too late.
        let ended = levels.temporary.take_if(|temporary| temporary.turn == turn);
        if ended.is_some() {
            self.enforce(levels.configured);
        }
    }

    fn enforce(&self, level: LogLevel) {
        // It fails only after the subscriber is gone, and then there is no log.
        let _ = self.0.filter.reload(targets(level));
    }

    fn levels(&self) -> MutexGuard<'_, Levels> {
        self.0.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the log of this process on standard error. A process has one log: a second call changes nothing.
pub fn init_logging(level: LogLevel, format: LogFormat) -> Logging {
    let colours = std::io::stderr().is_terminal();
    let (subscriber, logging) = log_to(
        std::io::stderr,
        colours,
        (level, format),
        Arc::new(SystemClock::default()),
    );
    // It fails where a log was started before, for instance in a test.
    let _ = subscriber.try_init();
    logging
}

/// Starts a log of this process that is kept in memory and written nowhere, for a program that paints on its terminal.
pub fn keep_logging(level: LogLevel) -> Logging {
    let (subscriber, logging) = log_to(
        std::io::sink,
        false,
        (level, LogFormat::Text),
        Arc::new(SystemClock::default()),
    );
    let _ = subscriber.try_init();
    logging
}

/// A log that writes to `writer`, for whoever makes it the one of a process or a thread.
pub fn log_to<W>(
    writer: W,
    colours: bool,
    (level, format): (LogLevel, LogFormat),
    clock: Arc<dyn Clock>,
) -> (impl Subscriber + Send + Sync, Logging)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    bounded(writer, colours, (level, format), clock, Bounds::USUAL)
}

fn bounded<W>(
    writer: W,
    colours: bool,
    (level, format): (LogLevel, LogFormat),
    clock: Arc<dyn Clock>,
    bounds: Bounds,
) -> (impl Subscriber + Send + Sync, Logging)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(targets(level));
    let layer = match format {
        LogFormat::Json => fmt::layer()
            .with_writer(writer)
            .json()
            .flatten_event(true)
            .boxed(),
        _ => fmt::layer()
            .with_writer(writer)
            .with_ansi(colours)
            .with_target(false)
            .boxed(),
    };
    let recent = Arc::new(Recent::new(bounds, clock));
    // One filter for both, so that what is kept is what is written.
    let layer = layer.and_then(Keeper(Arc::clone(&recent))).with_filter(filter);
    let logging = Logging(Arc::new(Shared {
        filter: handle,
        recent,
        levels: Mutex::new(Levels {
            configured: level,
            temporary: None,
            turns: 0,
        }),
    }));
    (tracing_subscriber::registry().with(layer), logging)
}

/// Our own crates at the level asked for. Libraries may print what we would not (URLs, headers), so that they are
/// heard only as warnings.
fn targets(level: LogLevel) -> filter::Targets {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let names = [
        "graph_presence",
        "starface_api",
        "sync_core",
        "sync_adapters",
        "sync_service",
        "admin_page",
        "presence_syncd",
        "presencectl",
    ];
    filter::Targets::new()
        .with_default(ours.min(LevelFilter::WARN))
        .with_targets(names.map(|name| (name, ours)))
}
