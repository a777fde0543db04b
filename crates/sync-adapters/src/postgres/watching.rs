//! What a daemon sees of the leases of all, and when it may take one.
//!
//! Whoever holds a lease lets its beat grow. Whoever waits measures by a clock of its own how long it has not grown, so that
//! it does not matter what the clocks of other machines say, or the server's.

use std::collections::HashMap;
use std::time::Duration;

use sync_core::{Claim, InstanceName};

/// How long a lease holds without a sign of life.
pub(super) const LASTS: Duration = Duration::from_secs(12);
/// How long a request may still be under way that was started at the end of it.
const REQUEST: Duration = Duration::from_secs(10);

/// A lease as it stands in its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) fence: i64,
    pub(super) beat: i64,
    /// Empty where it was given back.
    pub(super) holder: String,
    pub(super) node: String,
    pub(super) settings: Option<String>,
}

/// What has been seen of a lease.
#[derive(Clone, Debug)]
struct Seen {
    standing: Standing,
    /// Since when nothing has changed: uptime.
    since: Duration,
    /// Whether a sign of life was seen under this number.
    alive: bool,
}

/// What may be done with a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none yet.
    New,
    /// It can be taken, if it still stands so.
    Free { fence: i64, beat: i64 },
    /// Somebody has it, for so long unless there is a sign of life.
    Held { holder: String, left: Duration },
    /// The last holder had other settings.
    OtherSettings { holder: String },
}

/// What has been seen of all leases.
#[derive(Debug, Default)]
pub(super) struct Watching {
    seen: HashMap<InstanceName, Seen>,
    /// The settings of ours that were seen to differ from those of a living holder. Such an instance is not taken when that
    /// holder ends either, until our own settings are other ones.
    refused: HashMap<InstanceName, String>,
    read: Option<Duration>,
}

impl Watching {
    /// Whether what was seen is younger than this.
    pub(super) fn is_fresh(&self, age: Duration, now: Duration) -> bool {
        self.read.is_some_and(|read| now.saturating_sub(read) < age)
    }

    /// Notes what stands in the table, read just before `now`.
    pub(super) fn note(&mut self, leases: Vec<(InstanceName, Standing)>, now: Duration) {
        for (instance, standing) in leases {
            self.note_one(instance, standing, now);
        }
        self.read = Some(now);
    }

    /// Notes what became of one lease.
    pub(super) fn note_one(&mut self, instance: InstanceName, standing: Standing, now: Duration) {
        let (since, alive) = match self.seen.get(&instance) {
            Some(seen) if seen.standing == standing => (seen.since, seen.alive),
            Some(seen) => (now, seen.standing.fence == standing.fence),
            None => (now, false),
        };
        self.seen.insert(
            instance,
            Seen {
                standing,
                since,
                alive,
            },
        );
    }

    /// Somebody was quicker: what was seen does not count any more.
    pub(super) fn look_again(&mut self) {
        self.read = None;
    }

    /// What may be done with the lease of a claim, by a daemon on this node.
    pub(super) fn judge(&mut self, claim: &Claim, node: &str, now: Duration) -> Verdict {
        let Some(seen) = self.seen.get(&claim.instance) else {
            return Verdict::New;
        };
        let Standing {
            fence,
            beat,
            holder,
            node: of,
            settings,
        } = seen.standing.clone();
        let given_back = holder.is_empty();
        let left = (LASTS + REQUEST).saturating_sub(now.saturating_sub(seen.since));
        let overdue = left.is_zero();
        let other = match (&claim.settings, &settings) {
            (Some(ours), Some(theirs)) if ours != theirs => Some(ours.clone()),
            _ => None,
        };
        if let Some(ours) = other {
            // A lease of our own that could not be given back runs out like any other.
            let own = holder == claim.holder;
            if seen.alive && !given_back && !overdue && !own {
                self.refused.insert(claim.instance.clone(), ours.clone());
            }
            let refused = self.refused.get(&claim.instance) == Some(&ours);
            if !own && (refused || (overdue && !given_back && of != node)) {
                let holder = if given_back { of } else { holder };
                return Verdict::OtherSettings { holder };
            }
        } else {
            self.refused.remove(&claim.instance);
        }
        if given_back || overdue {
            Verdict::Free { fence, beat }
        } else {
            Verdict::Held { holder, left }
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::PbxName;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn claim(settings: &str) -> Claim {
        Claim {
            instance: InstanceName("main".into()),
            pbx: PbxName("pbx".into()),
            holder: "us".to_owned(),
            settings: Some(settings.to_owned()),
        }
    }

    fn standing(fence: i64, beat: i64, holder: &str) -> Standing {
        Standing {
            fence,
            beat,
            holder: holder.to_owned(),
            node: "there".to_owned(),
            settings: Some("same".to_owned()),
        }
    }

    fn see(watching: &mut Watching, standing: Standing, seconds: u32) {
        watching.note(vec![(InstanceName("main".into()), standing)], SECOND * seconds);
    }

    fn judge(watching: &mut Watching, settings: &str, seconds: u32) -> Verdict {
        watching.judge(&claim(settings), "here", SECOND * seconds)
    }

    fn is_free(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Free { .. })
    }

    #[test]
    fn a_lease_is_taken_when_it_and_the_last_request_have_run_out_since_the_last_sign_of_life() {
        let mut watching = Watching::default();
        assert_eq!(judge(&mut watching, "same", 0), Verdict::New);
        see(&mut watching, standing(1, 1, "them"), 100);
        assert_eq!(
            judge(&mut watching, "same", 105),
            Verdict::Held {
                holder: "them".to_owned(),
                left: SECOND * 17
            }
        );
        see(&mut watching, standing(1, 2, "them"), 121);
        assert!(!is_free(&judge(&mut watching, "same", 142)));
        see(&mut watching, standing(1, 2, "them"), 143);
        assert_eq!(
            judge(&mut watching, "same", 143),
            Verdict::Free { fence: 1, beat: 2 }
        );
    }

    #[test]
    fn the_wait_and_two_looks_every_two_seconds_are_less_than_half_a_minute() {
        assert!(LASTS + REQUEST + SECOND * 4 < SECOND * 30);
    }

    #[test]
    fn what_was_given_back_is_free_at_once() {
        let mut watching = Watching::default();
        see(&mut watching, standing(2, 5, ""), 10);
        assert!(is_free(&judge(&mut watching, "same", 10)));
        assert!(
            is_free(&judge(&mut watching, "other", 10)),
            "nobody was seen with other settings"
        );
    }

    #[test]
    fn other_settings_than_those_of_a_living_holder_are_refused_also_when_it_ends() {
        let mut watching = Watching::default();
        see(&mut watching, standing(1, 1, "them"), 0);
        assert!(
            matches!(judge(&mut watching, "other", 0), Verdict::Held { .. }),
            "it may be dead"
        );
        see(&mut watching, standing(1, 2, "them"), 2);
        let refused = Verdict::OtherSettings {
            holder: "them".to_owned(),
        };
        assert_eq!(judge(&mut watching, "other", 2), refused);
        assert_eq!(judge(&mut watching, "other", 60), refused, "it was killed");
        see(&mut watching, standing(2, 3, ""), 60);
        assert!(
            matches!(judge(&mut watching, "other", 60), Verdict::OtherSettings { .. }),
            "it was stopped"
        );
        assert!(
            is_free(&judge(&mut watching, "same", 60)),
            "the file was set right"
        );
        assert!(
            is_free(&judge(&mut watching, "other", 60)),
            "and changed on purpose"
        );
    }

    #[test]
    fn a_lease_of_ones_own_that_could_not_be_given_back_runs_out_whatever_the_settings_are_now() {
        let mut watching = Watching::default();
        see(&mut watching, standing(1, 1, "us"), 0);
        see(&mut watching, standing(1, 2, "us"), 2);
        assert!(matches!(judge(&mut watching, "other", 3), Verdict::Held { .. }));
        assert!(is_free(&judge(&mut watching, "other", 24)));
        see(&mut watching, standing(1, 3, ""), 24);
        assert!(is_free(&judge(&mut watching, "other", 24)));
    }

    #[test]
    fn after_a_crash_only_its_own_node_may_come_back_with_other_settings() {
        let mut watching = Watching::default();
        see(&mut watching, standing(1, 1, "them"), 0);
        assert!(matches!(
            judge(&mut watching, "other", 22),
            Verdict::OtherSettings { .. }
        ));
        assert!(is_free(&watching.judge(&claim("other"), "there", SECOND * 22)));
        let whatever = Claim {
            settings: None,
            ..claim("other")
        };
        assert!(is_free(&watching.judge(&whatever, "here", SECOND * 22)));
    }
}
