//! What is asked of the recent lines of the log, and what is answered.

use super::line::LogLine;
use crate::config::LogLevel;

/// Which lines are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Lines that matter at least so much.
    pub level: LogLevel,
    /// Only lines after the one with this number. A number that no line has yet is that of another process, and all lines
    /// are looked at.
    pub after: Option<u64>,
    /// At most so many: the oldest after `after`, so that whoever follows misses none, or else the newest.
    pub limit: usize,
    /// Only lines about this instance.
    pub instance: Option<String>,
    /// Only lines with this text in the message or a field, letters of both cases alike.
    pub search: Option<String>,
}

impl Default for LogQuery {
    /// Everything that is kept.
    fn default() -> Self {
        Self {
            level: LogLevel::Trace,
            after: None,
            limit: usize::MAX,
            instance: None,
            search: None,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The lines, newest last.
    pub lines: Vec<LogLine>,
    /// Everything up to this number was looked at: the `after` of the next query.
    pub seen: u64,
    /// Lines after `after` (or since the start) that are not kept any more, of whatever level.
    pub dropped: u64,
}
