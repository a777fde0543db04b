//! A log of one test, and the text that it wrote.

use std::io;
use std::sync::{Arc, Mutex};

use sync_core::fakes::TokioClock;
use sync_service::config::{LogFormat, LogLevel};
use sync_service::telemetry::{LogQuery, Logging, log_to};
use tracing::subscriber::DefaultGuard;

/// What was written to standard error, as it were.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this thread.
pub(crate) struct Log {
    pub(crate) logging: Logging,
    pub(crate) written: Written,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn at(level: LogLevel) -> Self {
        let written = Written::default();
        let sink = written.clone();
        let clock = TokioClock::starting_at("2026-11-23T09:00:00Z".parse().unwrap());
        let (subscriber, logging) = log_to(
            move || sink.clone(),
            false,
            (level, LogFormat::Text),
            Arc::new(clock),
        );
        Self {
            logging,
            written,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// The messages that are kept.
    pub(crate) fn messages(&self) -> Vec<String> {
        let lines = self.logging.recent(&LogQuery::default());
        lines.into_iter().map(|line| line.message).collect()
    }
}
