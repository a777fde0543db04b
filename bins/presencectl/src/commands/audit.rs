//! `audit`: our own writes, or who changed the settings, as JSON lines.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sync_core::{InstanceName, PortError};
use sync_service::standalone::{AuditReader, SettingsAuditReader};

use super::context::{Context, print_text};
use crate::exit::Exit;
use crate::failure::Failure;

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(Duration),
    At(Timestamp),
}

impl Since {
    /// Reads a span of time, a moment, or a day, which begins at 0 o'clock UTC.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let moment = || text.parse().map(Self::At).ok();
        let day = || {
            let day: Date = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map(Self::At).ok()
        };
        let span = || humantime::parse_duration(text).map(Self::Ago).ok();
        // A moment would be read as a day, too, and its time forgotten.
        let read = if text.contains(['T', 't', ':']) {
            moment()
        } else {
            day().or_else(span)
        };
        read.ok_or_else(|| {
            "write a span such as 24h or 7d, a day such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z"
                .to_owned()
        })
    }

    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => now.saturating_sub(span).unwrap_or(Timestamp::MIN),
            Self::At(moment) => moment,
        }
    }
}

/// Prints the same lines in both formats: they are made for programs, and people read them all the same.
pub(crate) async fn run(
    context: &Context,
    since: Option<Since>,
    instance: Option<&InstanceName>,
) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let from = since.map_or(Timestamp::MIN, |since| since.from(context.timestamp()));
    let mut audit = AuditReader::open(&configuration.settings, from, instance.cloned())
        .await
        .map_err(unreadable)?;
    if let Some(name) = instance
        && !audit.knows_instance().await.map_err(unreadable)?
    {
        configuration.instance(name)?;
    }
    loop {
        let page = audit.next_page().await.map_err(unreadable)?;
        if page.is_empty() {
            return Ok(Exit::SUCCESS);
        }
        print_lines(&page)?;
    }
}

/// Prints who changed the settings in the same way.
pub(crate) async fn settings(context: &Context, since: Option<Since>) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let from = since.map_or(Timestamp::MIN, |since| since.from(context.timestamp()));
    let mut audit = SettingsAuditReader::open(&configuration.settings, from)
        .await
        .map_err(unreadable)?;
    loop {
        let page = audit.next_page().await.map_err(unreadable)?;
        if page.is_empty() {
            return Ok(Exit::SUCCESS);
        }
        print_lines(&page)?;
    }
}

fn print_lines(records: &[impl Serialize]) -> Result<(), Failure> {
    let mut lines = String::new();
    for record in records {
        let line = serde_json::to_string(record).map_err(Failure::new)?;
        // Writing into a text cannot fail.
        let _ = writeln!(lines, "{line}");
    }
    print_text(&lines)
}

fn unreadable(error: PortError) -> Failure {
    let hint = error.advice.clone();
    let failure = Failure::new(error);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_span_a_day_or_a_moment() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-23T09:00:00Z");
        for (text, from) in [
            ("24h", "2026-11-22T09:00:00Z"),
            ("7d", "2026-11-16T09:00:00Z"),
            ("1h 30m", "2026-11-23T07:30:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T08:15:00+01:00", "2026-11-20T07:15:00Z"),
            ("2026-11-20T08:15:00.5Z", "2026-11-20T08:15:00.5Z"),
        ] {
            assert_eq!(
                Since::parse(text).map(|since| since.from(now)),
                Ok(at(from)),
                "{text}"
            );
        }
        assert_eq!(
            Since::parse("100000years").map(|since| since.from(now)),
            Ok(Timestamp::MIN),
            "before everything"
        );
        for text in ["", "yesterday", "24", "2026-13-01", "2026-11-20T08:15", "12:00"] {
            assert!(Since::parse(text).is_err(), "{text}");
        }
    }
}
