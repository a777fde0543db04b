//! What the daemon tells: its log, and its metrics.

mod latency;
mod log;
mod metrics;
mod watch;

pub use latency::LatencySummary;
pub use log::{Logging, init_logging};
pub use metrics::Metrics;
pub use watch::Watch;
