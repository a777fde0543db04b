//! A clock that follows tokio's, which a test can pause and advance.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::moment::{Clock, Moment};

/// Starts at a given wall-clock time and follows tokio's clock from there.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Instant,
    wall: Timestamp,
}

impl TokioClock {
    /// A clock that shows `wall` now.
    pub fn starting_at(wall: Timestamp) -> Self {
        Self {
            start: Instant::now(),
            wall,
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        let uptime = self.start.elapsed();
        Moment {
            wall: self.wall.saturating_add(uptime).unwrap_or(Timestamp::MAX),
            uptime,
        }
    }
}
