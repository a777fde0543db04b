//! What a command takes from the process that it runs in.

use std::io;

use jiff::Timestamp;
use sync_service::config::Environment;
use sync_service::language::Language;

/// What a command takes from the process that it runs in.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What the configuration takes from the environment.
    pub environment: Environment,
    /// The clock, for ages.
    pub now: fn() -> Timestamp,
    /// The system's randomness, for keys.
    pub random: fn(&mut [u8]) -> io::Result<()>,
    /// The language of whoever calls.
    pub language: Language,
}
