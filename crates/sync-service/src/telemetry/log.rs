//! The log: one line an event on standard error, as text or JSON. Its level can be changed while the daemon runs.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, filter, fmt, reload};

use crate::config::{LogFormat, LogLevel};

/// The running log.
#[derive(Clone)]
pub struct Logging {
    level: reload::Handle<filter::Targets, Registry>,
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging").finish_non_exhaustive()
    }
}

impl Logging {
    /// Changes the level.
    pub fn set_level(&self, level: LogLevel) {
        // It fails only after the subscriber is gone, and then there is no log.
        let _ = self.level.reload(targets(level));
    }
}

/// Starts the log of this process on standard error. A process has one log: a second call changes nothing.
pub fn init_logging(level: LogLevel, format: LogFormat) -> Logging {
    let (filter, handle) = reload::Layer::new(targets(level));
    let colours = std::io::stderr().is_terminal();
    let text = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false);
    let layer = match format {
        LogFormat::Json => fmt::layer()
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .boxed(),
        _ => text.boxed(),
    };
    // It fails where a log was started before, for instance in a test.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
    Logging { level: handle }
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
        "presence_syncd",
        "presencectl",
    ];
    filter::Targets::new()
        .with_default(ours.min(LevelFilter::WARN))
        .with_targets(names.map(|name| (name, ours)))
}
