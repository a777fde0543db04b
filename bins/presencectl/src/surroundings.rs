//! What a command takes from the process that it runs in.

use jiff::Timestamp;
use sync_service::config::Environment;

/// What a command takes from the process that it runs in.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What the configuration takes from the environment.
    pub environment: Environment,
    /// The clock, for ages.
    pub now: fn() -> Timestamp,
}
