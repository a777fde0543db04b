//! The recent lines of the log, kept in memory for whoever looks: so many of them, and no more bytes than that.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sync_core::Clock;
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::line::LogLine;
use super::query::{LogPage, LogQuery};
use crate::config::LogLevel;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// So many lines.
    pub(super) lines: usize,
    /// So many bytes in all.
    pub(super) bytes: usize,
    /// So many bytes of a single text; what is cut off is said.
    pub(super) text: usize,
}

impl Bounds {
    /// A few minutes of trace, or weeks of errors.
    pub(super) const USUAL: Self = Self {
        lines: 5_000,
        bytes: 4 * 1024 * 1024,
        text: 64 * 1024,
    };
}

/// The recent lines.
pub(super) struct Recent {
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
    newest: u64,
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Recent {
    pub(super) fn new(bounds: Bounds, clock: Arc<dyn Clock>) -> Self {
        Self {
            bounds,
            clock,
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    /// The number of the newest line, for whoever waits for the next one.
    pub(super) fn follow(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    pub(super) fn page(&self, query: &LogQuery) -> LogPage {
        let (kept, newest) = {
            let kept = self.kept();
            (kept.lines.iter().cloned().collect::<Vec<_>>(), kept.newest)
        };
        let after = query.after.filter(|after| *after <= newest);
        let first = kept.first().map_or(newest + 1, |line| line.seq);
        let dropped = (first - 1).saturating_sub(after.unwrap_or_default());
        let search = query.search.as_ref().map(|text| text.to_lowercase());
        let is_meant = |line: &&Arc<LogLine>| {
            line.level <= query.level
                && after.is_none_or(|after| line.seq > after)
                && query
                    .instance
                    .as_ref()
                    .is_none_or(|name| line.instance.as_ref() == Some(name))
                && search.as_ref().is_none_or(|text| line.holds(text))
        };
        let meant = kept.iter().filter(is_meant);
        let mut seen = newest;
        let lines: Vec<LogLine> = if after.is_some() {
            let mut meant = meant;
            let lines: Vec<LogLine> = meant
                .by_ref()
                .take(query.limit)
                .map(|line| (**line).clone())
                .collect();
            if meant.next().is_some() {
                seen = lines
                    .last()
                    .map_or(seen.min(after.unwrap_or(seen)), |line| line.seq);
            }
            lines
        } else {
            let mut lines: Vec<LogLine> = meant
                .rev()
                .take(query.limit)
                .map(|line| (**line).clone())
                .collect();
            lines.reverse();
            lines
        };
        LogPage { lines, seen, dropped }
    }

    fn keep(&self, event: &Event<'_>) {
        let mut texts = Texts {
            most: self.bounds.text,
            texts: BTreeMap::new(),
        };
        event.record(&mut texts);
        let mut fields = texts.texts;
        let at = self.now();
        let mut kept = self.kept();
        let line = LogLine {
            seq: kept.newest + 1,
            at,
            level: level(*event.metadata().level()),
            target: event.metadata().target().to_owned(),
            instance: fields.remove("instance"),
            message: fields.remove("message").unwrap_or_default(),
            fields,
        };
        kept.newest = line.seq;
        kept.bytes += line.size();
        kept.lines.push_back(Arc::new(line));
        while kept.lines.len() > self.bounds.lines || kept.bytes > self.bounds.bytes {
            let Some(oldest) = kept.lines.pop_front() else {
                break;
            };
            kept.bytes -= oldest.size();
        }
        // Under the lock, so that the numbers that are told only grow.
        self.newest.send_replace(kept.newest);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// Keeps every event that the filter lets through.
#[derive(Debug)]
pub(super) struct Keeper(pub(super) Arc<Recent>);

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.keep(event);
    }
}

/// The fields of an event as texts.
struct Texts {
    most: usize,
    texts: BTreeMap<String, String>,
}

impl Texts {
    fn note(&mut self, field: &Field, text: String) {
        self.texts
            .insert(field.name().to_owned(), shortened(text, self.most));
    }
}

/// A text that is too long says how much of it is cut off.
fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = text.floor_char_boundary(most);
        let cut = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("… ({cut} bytes more)"));
    }
    text
}

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.note(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use sync_core::Moment;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    struct NoTime;

    impl Clock for NoTime {
        fn now(&self) -> Moment {
            Moment {
                wall: Timestamp::UNIX_EPOCH,
                uptime: std::time::Duration::ZERO,
            }
        }
    }

    /// What is left of these messages, how many of them are lost, and how many bytes are counted.
    fn keep(bounds: Bounds, messages: &[&str]) -> (Vec<String>, u64, usize) {
        let recent = Arc::new(Recent::new(bounds, Arc::new(NoTime)));
        let subscriber = tracing_subscriber::registry().with(Keeper(Arc::clone(&recent)));
        tracing::subscriber::with_default(subscriber, || {
            for message in messages {
                tracing::error!("{message}");
            }
        });
        let page = recent.page(&LogQuery::default());
        let left = page.lines.into_iter().map(|line| line.message).collect();
        let bytes = recent.kept().bytes;
        (left, page.dropped, bytes)
    }

    const WIDE: Bounds = Bounds {
        lines: 100,
        bytes: 1_000_000,
        text: 1_000,
    };

    #[test]
    fn the_oldest_lines_go_where_there_are_too_many() {
        let bounds = Bounds { lines: 2, ..WIDE };
        let (left, dropped, _) = keep(bounds, &["one", "two", "three", "four"]);
        assert_eq!((left, dropped), (vec!["three".to_owned(), "four".to_owned()], 2));
    }

    #[test]
    fn the_oldest_lines_go_where_they_take_too_many_bytes() {
        let long = "x".repeat(900);
        let (_, _, one) = keep(WIDE, &[&long]);
        let bounds = Bounds {
            bytes: 2 * one + one / 2,
            ..WIDE
        };
        let (left, dropped, bytes) = keep(bounds, &[&long, &long, &long, &long, &long]);
        assert_eq!((left.len(), dropped, bytes), (2, 3, 2 * one));
    }

    #[test]
    fn a_text_that_is_too_long_says_how_much_is_cut_off() {
        let bounds = Bounds { text: 5, ..WIDE };
        let (left, _, _) = keep(bounds, &["Störung"]);
        assert_eq!(left, ["Stör… (3 bytes more)"]);
    }

    #[test]
    fn whoever_follows_is_told_how_many_lines_were_missed() {
        let bounds = Bounds { lines: 2, ..WIDE };
        let recent = Arc::new(Recent::new(bounds, Arc::new(NoTime)));
        let subscriber = tracing_subscriber::registry().with(Keeper(Arc::clone(&recent)));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..5 {
                tracing::error!("again");
            }
        });
        let dropped = |after| {
            let query = LogQuery {
                after: Some(after),
                ..LogQuery::default()
            };
            recent.page(&query).dropped
        };
        assert_eq!((dropped(1), dropped(3), dropped(5)), (2, 0, 0));
    }
}
