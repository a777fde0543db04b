//! The machine's clocks.

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use sync_core::{Clock, Moment};

/// The wall clock, and the time since the machine was started, suspended time counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock(());

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where moments come from")]
    fn now(&self) -> Moment {
        Moment {
            wall: Timestamp::now(),
            uptime: since_boot(),
        }
    }
}

/// `CLOCK_BOOTTIME`, because a lease goes on running out while a laptop or a virtual machine sleeps.
fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The name of this machine.
pub fn node() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_never_runs_backwards_and_the_wall_clock_is_set() {
        let clock = SystemClock::default();
        let (first, second) = (clock.now(), clock.now());
        assert!(first.uptime > Duration::ZERO);
        assert!(second.uptime >= first.uptime);
        assert!(first.wall > Timestamp::UNIX_EPOCH);
    }
}
