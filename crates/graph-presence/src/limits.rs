//! How much an answer may weigh, how long it may take, how often it is asked for again.

use std::time::Duration;

/// Bounds of every call; take [`Limits::default`] and change single members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest one HTTP exchange may take, from connecting to the last byte (30 s).
    pub timeout: Duration,
    /// The largest answer to a presence call, in bytes (8 MiB: 650 people with long status messages).
    pub presence_bytes: usize,
    /// The largest answer to a directory call, in bytes (16 MiB).
    pub directory_bytes: usize,
    /// How often a call is repeated that Graph answered with 500 or 502 (2).
    pub retries: usize,
    /// The delay before the first repetition; it doubles, with jitter (200 ms).
    pub retry_delay: Duration,
    /// The longest `Retry-After` that a directory look-up waits for by itself; a longer one is the caller's (20 s).
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            presence_bytes: 8 << 20,
            directory_bytes: 16 << 20,
            retries: 2,
            retry_delay: Duration::from_millis(200),
            patience: Duration::from_secs(20),
        }
    }
}
