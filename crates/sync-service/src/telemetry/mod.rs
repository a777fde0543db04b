//! What the daemon tells: its log, its metrics, and how it did in the last hours.

mod history;
mod latency;
mod line;
mod log;
mod metrics;
mod minute;
mod query;
mod recent;
mod steps;
mod watch;

pub use history::{History, SAMPLED_EVERY, Sample};
pub use latency::LatencySummary;
pub use line::LogLine;
pub use log::{LONGEST_LEVEL, LogNow, Logging, init_logging, keep_logging, log_to};
pub use metrics::Metrics;
pub(crate) use minute::Minute;
pub use query::{LogPage, LogQuery};
pub use watch::Watch;
