//! What the operator chose, as the engine needs it.

use std::collections::BTreeSet;
use std::time::Duration;

use licensing::Demand;
use presence_mapping::Rules;

use crate::engine::Fingerprints;
use crate::ids::{Address, InstanceName, PbxName};
use crate::policy::Policy;
use crate::value::Field;

/// The most user ids that one call of `getPresencesByUserId` takes.
///
/// <https://learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid>
pub const CHUNK: usize = 650;

/// The presence quota of one app in one tenant: calls in [`QUOTA_WINDOW`]. Microsoft's API pages say 1,500 in 30
/// seconds; its page of limits names a higher figure, so this one is safe.
pub const QUOTA_CALLS: f64 = 1_500.0;

/// The time that [`QUOTA_CALLS`] is counted over.
pub const QUOTA_WINDOW: Duration = Duration::from_secs(30);

/// The part of our share that sweeps use.
const SWEEPS_SHARE: f64 = 0.9;

/// A smaller share counts as this one.
pub(crate) const LEAST_SHARE: f64 = 1e-6;

/// However small the share is, a sweep takes no longer.
const LONGEST_SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// When a burst of disruptive changes is held instead of written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// More than this share of the members at once is suspicious (0 to 1).
    pub share: f64,
    /// Fewer than this many never are.
    pub at_least: usize,
    /// How long the same outcome must have been seen until it is believed.
    pub confirm_for: Duration,
}

impl Breaker {
    /// Whether `count` of `of` members at once are too many to believe.
    pub fn trips(&self, count: usize, of: usize) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a group has fewer members than a float has exact integers"
        )]
        let limit = self.share * of as f64;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a group has fewer members than a float has exact integers"
        )]
        let count_of = count as f64;
        count >= self.at_least && count_of > limit
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            share: 0.5,
            at_least: 10,
            confirm_for: Duration::from_secs(60),
        }
    }
}

/// The settings of one instance.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The instance.
    pub instance: InstanceName,
    /// The PBX that its ledger rows belong to.
    pub pbx: PbxName,
    /// What is asked of the licence. `None`: the program that embeds the engine needs none, and there is no seat gate.
    pub licence: Option<Demand>,
    /// The rules: presence to outcome.
    pub rules: Rules,
    /// Who wins when a human and Teams disagree.
    pub policy: Policy,
    /// Whether the chat status is kept in line, too.
    pub chat: bool,
    /// Plan and report, write nothing, advance no outcome; what is still ours is taken back first, if
    /// `release_on_stop` says so.
    pub observe: bool,
    /// Write nothing at all, for a look at what a pass would do.
    pub dry_run: bool,
    /// How often presence is read.
    pub poll_interval: Duration,
    /// How many user ids one call for presence takes, at most [`CHUNK`]. There is no key of the configuration for it: less
    /// is for tests and experiments with few people and several chunks.
    pub chunk: usize,
    /// How often the members are read.
    pub roster_interval: Duration,
    /// Every member's phone configuration is read once in this time; zero: never.
    pub readback_interval: Duration,
    /// Every member's chat status is read once in this time, and set again where something else overwrote it; zero: never.
    pub chat_reassert: Duration,
    /// Requests to the PBX at once, of whatever kind; at least one.
    pub pbx_concurrency: usize,
    /// The share of the presence quota that this instance may use (0 to 1), already divided among the instances of
    /// the same tenant and app.
    pub quota_share: f64,
    /// How long to wait before DND is turned off.
    pub dnd_off_after: Duration,
    /// How long presence may be unknown until our own DND is taken back; zero: for ever.
    pub unknown_release_after: Duration,
    /// Whether what is ours is taken back when a member leaves the group or is excluded.
    pub release_on_stop: bool,
    /// Addresses that are never touched.
    pub exclude: BTreeSet<Address>,
    /// When a burst of changes is held.
    pub breaker: Breaker,
    /// What tells the credentials that the ports present from others.
    pub fingerprints: Fingerprints,
}

impl Settings {
    /// The settings of design and documentation: what holds where the operator chose nothing.
    pub fn new(instance: InstanceName, pbx: PbxName) -> Self {
        Self {
            instance,
            pbx,
            licence: None,
            rules: Rules::default(),
            policy: Policy::default(),
            chat: true,
            observe: false,
            dry_run: false,
            poll_interval: Duration::from_secs(2),
            chunk: CHUNK,
            roster_interval: Duration::from_secs(60),
            readback_interval: Duration::from_secs(15 * 60),
            chat_reassert: Duration::from_secs(60),
            pbx_concurrency: 4,
            quota_share: 0.5,
            dnd_off_after: Duration::ZERO,
            unknown_release_after: Duration::from_secs(15 * 60),
            release_on_stop: true,
            exclude: BTreeSet::new(),
            breaker: Breaker::default(),
            fingerprints: Fingerprints::default(),
        }
    }

    /// Who wins for one field. The user's own client overwrites the chat status by itself, again and again, so that what
    /// stands there is nobody's choice: where it is read again, it is set again, whatever the policy.
    pub(crate) fn policy_for(&self, field: Field) -> Policy {
        match field {
            Field::Chat if !self.chat_reassert.is_zero() => Policy::TeamsLeads,
            Field::Chat | Field::Dnd => self.policy,
        }
    }

    /// The time from one sweep to the next: the poll interval, stretched where `chunks` calls in it would use more
    /// than nine tenths of our share of the quota. The last tenth is for whoever just changed, and is looked at sooner.
    pub fn sweep_interval(&self, chunks: usize) -> Duration {
        let least = calls(chunks) / (self.calls_per_second() * SWEEPS_SHARE);
        let least =
            Duration::try_from_secs_f64(least).map_or(LONGEST_SWEEP, |least| least.min(LONGEST_SWEEP));
        self.poll_interval.max(least)
    }

    /// How many calls a second are left of our share where a sweep of `chunks` calls takes `interval`.
    pub(crate) fn spare_calls(&self, chunks: usize, interval: Duration) -> f64 {
        let used = if interval.is_zero() {
            f64::INFINITY
        } else {
            calls(chunks) / interval.as_secs_f64()
        };
        (self.calls_per_second() - used).max(0.0)
    }

    /// The share of the quota (0 to 1) that it takes to keep to the poll interval with sweeps of `chunks` calls, and to look
    /// sooner at whoever just changed.
    pub(crate) fn needed_quota(&self, chunks: usize) -> f64 {
        let sweeps = calls(chunks) / SWEEPS_SHARE;
        let with_the_recent = calls(chunks + 2);
        let a_second = sweeps.max(with_the_recent) / self.poll_interval.as_secs_f64().max(1e-3);
        a_second * QUOTA_WINDOW.as_secs_f64() / QUOTA_CALLS
    }

    fn calls_per_second(&self) -> f64 {
        QUOTA_CALLS * self.quota_share.max(LEAST_SHARE) / QUOTA_WINDOW.as_secs_f64()
    }

    /// How many calls a minute to the presence interface this instance may make.
    pub fn quota_per_minute(&self) -> f64 {
        self.calls_per_second() * 60.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "a sweep has few calls")]
fn calls(chunks: usize) -> f64 {
    chunks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_never_uses_more_than_our_share_of_the_quota() {
        let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx".into()));
        assert_eq!(settings.sweep_interval(8), Duration::from_secs(2));
        assert_eq!(
            settings.sweep_interval(100),
            Duration::from_secs_f64(4.0 / 0.9),
            "750 calls in 30 s, and room for others"
        );
        assert!((settings.spare_calls(100, settings.sweep_interval(100)) - 2.5).abs() < 1e-6);
        settings.quota_share = 0.05;
        assert_eq!(settings.sweep_interval(8), Duration::from_secs_f64(3.2 / 0.9));
        assert_eq!(settings.spare_calls(8, Duration::from_secs(3)), 0.0);
        for nothing in [0.0, -1.0, f64::NAN] {
            let settings = Settings {
                quota_share: nothing,
                ..settings.clone()
            };
            assert_eq!(settings.sweep_interval(154), LONGEST_SWEEP, "{nothing}");
        }
        assert_eq!(settings.quota_per_minute(), 150.0);
    }
}
