//! Time as an argument: a wall clock for what is stored and shown, an uptime for what is measured.

use std::time::Duration;

use jiff::Timestamp;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which an administrator may set back.
    pub wall: Timestamp,
    /// Time since an arbitrary start. It never runs backwards and counts the time that the machine was suspended,
    /// which matters for leases.
    pub uptime: Duration,
}

impl Moment {
    /// How long ago a stored wall-clock time was; zero where the clock was set back behind it.
    pub fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.wall.duration_since(then)).unwrap_or_default()
    }
}

/// Where moments come from.
pub trait Clock: Send + Sync {
    /// Both clocks, read together.
    fn now(&self) -> Moment;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_gives_no_negative_age() {
        let now = Moment {
            wall: Timestamp::UNIX_EPOCH,
            uptime: Duration::ZERO,
        };
        let later = Timestamp::UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!(now.since(later), Duration::ZERO);
        assert_eq!(
            Moment { wall: later, ..now }.since(Timestamp::UNIX_EPOCH),
            Duration::from_secs(5)
        );
    }
}
