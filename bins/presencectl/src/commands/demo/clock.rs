//! The clock of the simulated day.

use std::fmt;
use std::time::Duration;

/// When the day at the office begins.
const MORNING: Duration = Duration::from_secs(8 * 3600);
/// How long it lasts.
const DAY: Duration = Duration::from_secs(10 * 3600);

/// A time of the simulated day, printed as `09:41`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DayTime(Duration);

impl DayTime {
    /// What the clock shows `since_start` after the start of a day that passes in `length`.
    pub(crate) fn at(since_start: Duration, length: Duration) -> Self {
        let share = (since_start.as_secs_f64() / length.as_secs_f64()).clamp(0.0, 1.0);
        Self(DAY.mul_f64(share))
    }

    /// Since the beginning of the day.
    pub(crate) fn into_duration(self) -> Duration {
        self.0
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = (MORNING + self.0).as_secs() / 60;
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl serde::Serialize for DayTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_runs_from_eight_to_six_however_fast_it_passes() {
        let minute = Duration::from_secs(60);
        for (seconds, text) in [(0, "08:00"), (30, "13:00"), (60, "18:00"), (70, "18:00")] {
            assert_eq!(
                DayTime::at(Duration::from_secs(seconds), minute).to_string(),
                text
            );
        }
    }
}
