//! Times and ages as people say them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time, and the time zone in which people read it.
#[derive(Clone, Debug)]
pub(crate) struct Now {
    at: Timestamp,
    zone: TimeZone,
}

impl Now {
    pub(crate) fn new(at: Timestamp, zone: TimeZone) -> Self {
        Self { at, zone }
    }

    /// A moment: the time of day where it is today's, with the date otherwise.
    pub(crate) fn moment(&self, moment: Timestamp) -> String {
        let then = moment.to_zoned_datetime(self.zone.clone());
        let format = if then.date() == self.at.to_zoned_datetime(self.zone.clone()).date() {
            "%H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M"
        };
        then.strftime(format).to_string()
    }

    /// A moment in the past with its age: `09:00:12, 3 min ago`.
    pub(crate) fn moment_and_age(&self, moment: Timestamp) -> String {
        format!(
            "{}, {}",
            self.moment(moment),
            ago(self.since(moment).as_secs_f64())
        )
    }

    /// How long ago a moment was; nothing where the clocks disagree.
    pub(crate) fn since(&self, moment: Timestamp) -> Duration {
        Duration::try_from(self.at.duration_since(moment)).unwrap_or_default()
    }
}

/// A span of time in its largest unit, never less than it was by more than that unit.
pub(crate) fn age(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0))
        .unwrap_or(Duration::MAX)
        .as_secs();
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{} min", whole / 60),
        3_600..172_800 => format!("{} h", whole / 3_600),
        _ => format!("{} days", whole / 86_400),
    }
}

/// A span of time that has passed.
pub(crate) fn ago(seconds: f64) -> String {
    if seconds < 1.0 {
        "just now".to_owned()
    } else {
        format!("{} ago", age(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        for (seconds, text) in [
            (-1.0, "0 s"),
            (0.4, "0 s"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (3_599.0, "59 min"),
            (7_200.0, "2 h"),
            (172_799.0, "47 h"),
            (172_800.0, "2 days"),
        ] {
            assert_eq!(age(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = Now::new(at("2026-11-23T09:03:12Z"), TimeZone::UTC);
        assert_eq!(
            now.moment_and_age(at("2026-11-23T09:00:12Z")),
            "09:00:12, 3 min ago"
        );
        assert_eq!(
            now.moment_and_age(at("2026-11-22T09:00:12Z")),
            "2026-11-22 09:00, 24 h ago"
        );
        assert_eq!(
            now.moment_and_age(at("2026-11-23T09:03:13Z")),
            "09:03:13, just now",
            "a clock that is ahead"
        );
    }
}
