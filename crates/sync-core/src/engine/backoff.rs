//! How long a link is left alone after a failure.

use std::time::Duration;

use crate::fault::Fault;

/// After refused credentials: half an hour, two hours, then every six hours.
const REFUSED: [Duration; 3] = [
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(6 * 3_600),
];
/// Where nobody has signed in yet: the look at our own state costs nothing, and ends as soon as somebody has.
const NOBODY_SIGNED_IN: Duration = Duration::from_secs(10);
/// After a missing permission or a wrong configuration, which an operator has to mend.
const TO_BE_MENDED: [Duration; 4] = [
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(10 * 60),
];
/// The first wait after an outage; it doubles up to [`OUTAGE_MOST`].
const OUTAGE_FIRST: Duration = Duration::from_secs(1);
const OUTAGE_MOST: Duration = Duration::from_secs(60);

/// The wait after the failure number `attempts` (from zero) in a row; `jitter` is a number from 0 to 1.
pub(super) fn wait(fault: Fault, attempts: u32, jitter: f64) -> Duration {
    let step = |table: &[Duration]| {
        table[usize::try_from(attempts)
            .unwrap_or(usize::MAX)
            .min(table.len() - 1)]
    };
    let doubled = || {
        let most = OUTAGE_FIRST
            .saturating_mul(2_u32.saturating_pow(attempts.min(16)))
            .min(OUTAGE_MOST);
        most.mul_f64(0.5 + jitter / 2.0)
    };
    match fault {
        Fault::Credentials => step(&REFUSED),
        Fault::NobodySignedIn => NOBODY_SIGNED_IN,
        Fault::Permission | Fault::Configuration => step(&TO_BE_MENDED),
        Fault::Throttled {
            retry_after: Some(told),
        } => told,
        Fault::Throttled { retry_after: None }
        | Fault::Unreachable
        | Fault::NotFound
        | Fault::Server
        | Fault::Protocol
        | Fault::State => doubled(),
    }
}

/// Numbers from 0 to 1 that follow from a seed (splitmix64), so that a run can be repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jitter(pub(super) u64);

impl Jitter {
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_that_is_still_to_come_is_looked_for_as_often_at_first_as_later() {
        let waits = [0, 1, 9].map(|attempt| wait(Fault::NobodySignedIn, attempt, 1.0).as_secs());
        assert_eq!(waits, [10; 3]);
    }

    #[test]
    fn an_outage_is_tried_again_ever_more_seldom_and_at_least_every_minute() {
        let waits: Vec<Duration> = (0..10)
            .map(|attempt| wait(Fault::Unreachable, attempt, 1.0))
            .collect();
        assert_eq!(waits[..3], [1, 2, 4].map(Duration::from_secs));
        assert_eq!(waits[9], OUTAGE_MOST);
        assert_eq!(wait(Fault::Unreachable, 0, 0.0), Duration::from_millis(500));
    }
}
