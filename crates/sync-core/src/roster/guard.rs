//! The guard against a collapsing roster: one bad answer of the PBX must not release a whole company.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ids::PbxUserId;
use crate::settings::Breaker;

/// What the guard says of a new reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardVerdict {
    /// It is taken over.
    Accept,
    /// It is held: the roster before stays until the same is seen again after `until` (uptime).
    Hold {
        /// How many members would leave.
        losing: usize,
        /// How many there are now.
        of: usize,
        /// When a reading that says the same is believed (uptime).
        until: Duration,
    },
}

/// Holds a reading that is empty, or that loses more members at once than the breaker allows, until it is seen again
/// after `confirm_for`.
#[derive(Clone, Debug)]
pub struct RosterGuard {
    breaker: Breaker,
    /// Since when a loss is doubted, and whose.
    doubt: Option<(Duration, BTreeSet<PbxUserId>)>,
    /// Whether an operator believes what is doubted.
    believed: bool,
}

impl RosterGuard {
    /// A guard with the limits of `breaker`.
    pub fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            doubt: None,
            believed: false,
        }
    }

    /// Whose loss is doubted now.
    pub fn doubted(&self) -> Option<&BTreeSet<PbxUserId>> {
        self.doubt.as_ref().map(|(_, lost)| lost)
    }

    /// The next reading that says the same is believed, because an operator approved it.
    pub fn believe(&mut self) {
        self.believed = self.doubt.is_some();
    }

    /// Judges a reading of the group that was received at `uptime`.
    pub fn judge(
        &mut self,
        known: &BTreeSet<PbxUserId>,
        read: &BTreeSet<PbxUserId>,
        uptime: Duration,
    ) -> GuardVerdict {
        let lost: BTreeSet<PbxUserId> = known.difference(read).copied().collect();
        let losing = lost.len();
        if losing == 0 || !(read.is_empty() || self.breaker.trips(losing, known.len())) {
            self.doubt = None;
            self.believed = false;
            return GuardVerdict::Accept;
        }
        // A reading that loses anybody else is another reading, and is doubted anew.
        let same = self
            .doubt
            .as_ref()
            .filter(|(_, before)| lost.is_subset(before))
            .map(|(since, _)| *since);
        let since = same.unwrap_or(uptime);
        let until = since.saturating_add(self.breaker.confirm_for);
        if same.is_some() && (uptime >= until || self.believed) {
            self.doubt = None;
            self.believed = false;
            return GuardVerdict::Accept;
        }
        if same.is_none() {
            self.doubt = Some((since, lost));
            self.believed = false;
        }
        GuardVerdict::Hold {
            losing,
            of: known.len(),
            until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<i64>) -> BTreeSet<PbxUserId> {
        range.map(PbxUserId).collect()
    }

    fn guard() -> RosterGuard {
        RosterGuard::new(Breaker {
            share: 0.5,
            at_least: 10,
            confirm_for: Duration::from_secs(60),
        })
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_empty_reading_is_held_until_it_is_seen_again_after_the_confirmation_time() {
        let mut guard = guard();
        let held = GuardVerdict::Hold {
            losing: 3,
            of: 3,
            until: at(60),
        };
        assert_eq!(guard.judge(&ids(0..3), &ids(0..0), at(0)), held);
        assert_eq!(guard.judge(&ids(0..3), &ids(0..0), at(59)), held);
        assert_eq!(guard.judge(&ids(0..3), &ids(0..0), at(60)), GuardVerdict::Accept);
    }

    #[test]
    fn what_an_operator_believes_passes_at_once_and_nothing_else() {
        let mut guard = guard();
        guard.judge(&ids(0..20), &ids(0..5), at(0));
        guard.believe();
        let worse = guard.judge(&ids(0..20), &ids(0..2), at(1));
        assert!(
            matches!(worse, GuardVerdict::Hold { losing: 18, .. }),
            "another reading"
        );
        guard.believe();
        assert_eq!(guard.judge(&ids(0..20), &ids(0..2), at(2)), GuardVerdict::Accept);
        guard.believe();
        assert!(matches!(
            guard.judge(&ids(0..20), &ids(0..2), at(3)),
            GuardVerdict::Hold { .. }
        ));
    }

    #[test]
    fn a_good_reading_in_between_starts_the_count_anew() {
        let mut guard = guard();
        guard.judge(&ids(0..20), &ids(0..5), at(0));
        assert_eq!(
            guard.judge(&ids(0..20), &ids(0..20), at(30)),
            GuardVerdict::Accept
        );
        assert!(matches!(
            guard.judge(&ids(0..20), &ids(0..5), at(61)),
            GuardVerdict::Hold { .. }
        ));
    }

    #[test]
    fn a_reading_that_loses_others_is_doubted_anew() {
        let mut guard = guard();
        guard.judge(&ids(0..100), &ids(60..100), at(0));
        assert!(matches!(
            guard.judge(&ids(0..100), &ids(0..0), at(60)),
            GuardVerdict::Hold { losing: 100, .. }
        ));
        assert_eq!(
            guard.judge(&ids(0..100), &ids(0..0), at(120)),
            GuardVerdict::Accept
        );
    }

    #[test]
    fn a_few_leavers_pass() {
        assert_eq!(
            guard().judge(&ids(0..20), &ids(0..11), at(0)),
            GuardVerdict::Accept,
            "fewer than ten"
        );
        assert_eq!(
            guard().judge(&ids(0..40), &ids(0..20), at(0)),
            GuardVerdict::Accept,
            "not more than half"
        );
        assert!(matches!(
            guard().judge(&ids(0..40), &ids(0..19), at(0)),
            GuardVerdict::Hold { losing: 21, .. }
        ));
    }

    #[test]
    fn the_first_roster_is_taken_as_it_is() {
        assert_eq!(guard().judge(&ids(0..0), &ids(0..0), at(0)), GuardVerdict::Accept);
    }
}
