//! The links to the outside, each with its own health and its own back-off.
//!
//! A link that failed is not tried before its time. When the time has come one request tries it, and only its
//! success opens the link for the others. Refused credentials close all links of that side, because each further
//! attempt may get our address blocked.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backoff::{Jitter, wait};
use super::refusals::{Refusals, Side};
use super::report::Report;
use crate::fault::{Fault, PortError};
use crate::ids::PbxUserId;
use crate::moment::Moment;

/// A request failing for so many people in a row is a failure of the link.
const SOFT_FAILURES: usize = 5;
/// The other links of a side wait this much longer than the one that tries refused credentials again.
const BEHIND_THE_PROBE: Duration = Duration::from_secs(10);

/// A link to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LinkName {
    /// Presence of Microsoft Graph.
    Presence,
    /// The directory of Microsoft Graph.
    Directory,
    /// Users and groups of the PBX.
    Roster,
    /// The phone configuration in the PBX.
    Pbx,
    /// The companion module for the chat status.
    Chat,
    /// Our own state.
    Ledger,
}

impl LinkName {
    /// All links.
    pub const ALL: [Self; 6] = [
        Self::Presence,
        Self::Directory,
        Self::Roster,
        Self::Pbx,
        Self::Chat,
        Self::Ledger,
    ];

    /// The links that may start once this one has succeeded, itself among them.
    fn helped(self) -> &'static [Self] {
        match self {
            Self::Presence | Self::Directory => Side::Teams.links(),
            Self::Roster | Self::Pbx | Self::Chat => Side::Pbx.links(),
            Self::Ledger => &[Self::Ledger],
        }
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presence => "presence",
            Self::Directory => "directory",
            Self::Roster => "roster",
            Self::Pbx => "pbx",
            Self::Chat => "chat",
            Self::Ledger => "ledger",
        })
    }
}

/// One link.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    down: Option<Down>,
    /// Who failed since the last success.
    soft: BTreeSet<PbxUserId>,
    in_flight: usize,
    /// How many of these were under way when somebody asked to try again: their failures say nothing about the next try.
    stale: usize,
    pub(super) last_ok: Option<Moment>,
    /// Until when the other side asked to be left alone (uptime): nothing else makes that shorter.
    told: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct Down {
    pub(super) since: Moment,
    pub(super) until: Duration,
    pub(super) error: PortError,
    attempts: u32,
    /// Whether another link of the side met the failure.
    by_another: bool,
}

/// All links.
#[derive(Clone, Debug)]
pub(super) struct Links {
    links: [Link; 6],
    jitter: Jitter,
    pub(super) refusals: Refusals,
}

impl Links {
    /// All links are open, but for those whose credentials were refused before and are kept back for a while yet; these are
    /// reported.
    pub(super) fn new(seed: u64, refusals: Refusals, now: Moment) -> (Self, Vec<Report>) {
        let mut links = Self {
            links: Default::default(),
            jitter: Jitter(seed),
            refusals,
        };
        let mut reports = Vec::new();
        for refusal in links.refusals.iter().cloned().collect::<Vec<_>>() {
            let (side, error, retry_in) = (refusal.side, refusal.error(), refusal.left(now.wall));
            links.close_side(side, None, &error, 0, retry_in, now);
            for &link in side.links() {
                let down = links.link_mut(link).down.iter_mut();
                down.for_each(|down| down.since.wall = refusal.at);
            }
            reports.extend(side.links().first().map(|&link| Report::LinkDown {
                link,
                error,
                retry_in,
            }));
        }
        (links, reports)
    }

    pub(super) fn link(&self, name: LinkName) -> &Link {
        &self.links[name as usize]
    }

    fn link_mut(&mut self, name: LinkName) -> &mut Link {
        &mut self.links[name as usize]
    }

    /// Whether a request may start now. A link that failed lets one request through when its time has come.
    pub(super) fn may_start(&self, name: LinkName, now: Moment) -> bool {
        let link = self.link(name);
        let opens = link
            .down
            .as_ref()
            .is_none_or(|down| now.uptime >= down.until && link.in_flight == 0);
        opens && now.uptime >= link.told
    }

    /// Until when a link is closed (uptime); `None` where it is open, but for a request that tries it.
    pub(super) fn closed_until(&self, name: LinkName, now: Moment) -> Option<Duration> {
        let link = self.link(name);
        let down = link.down.as_ref().map(|down| down.until);
        down.max(Some(link.told)).filter(|until| *until > now.uptime)
    }

    /// Whatever waits for somebody to mend something is tried again at once, one link of each side before the others.
    pub(super) fn try_again(&mut self, sides: &[Side], now: Moment) {
        for name in LinkName::ALL {
            let link = self.link_mut(name);
            let Some(down) = &mut link.down else { continue };
            let side = down.error.refused_by.or(Side::of(name));
            if side.is_some_and(|side| !sides.contains(&side)) {
                continue;
            }
            if matches!(
                down.error.fault,
                Fault::Credentials | Fault::NobodySignedIn | Fault::Permission | Fault::Configuration
            ) {
                let behind = if down.by_another {
                    BEHIND_THE_PROBE
                } else {
                    Duration::ZERO
                };
                down.until = down.until.min(now.uptime.saturating_add(behind));
                link.stale = link.in_flight;
            }
        }
    }

    pub(super) fn started(&mut self, name: LinkName) {
        self.link_mut(name).in_flight += 1;
    }

    /// The next time at which a closed link may be tried.
    pub(super) fn next_wake(&self, now: Moment) -> Option<Duration> {
        let waiting = LinkName::ALL
            .into_iter()
            .filter(|name| self.link(*name).in_flight == 0);
        waiting.filter_map(|name| self.closed_until(name, now)).min()
    }

    /// A request ended well. Whoever waits behind refused credentials may start, too.
    pub(super) fn succeeded(&mut self, name: LinkName, now: Moment) -> Vec<Report> {
        let link = self.link_mut(name);
        link.in_flight = link.in_flight.saturating_sub(1);
        link.stale = link.stale.saturating_sub(1);
        link.soft.clear();
        link.last_ok = Some(now);
        if link.down.as_ref().is_some_and(|down| now.uptime < down.until) {
            // It was under way before the link closed, and says nothing about the wait that was asked for since.
            return Vec::new();
        }
        if let Some(side) = Side::of(name) {
            self.refusals.accepted(side);
        }
        let mut reports = Vec::new();
        for &other in name.helped() {
            let link = self.link_mut(other);
            // What the module alone refused is not mended by a sign-in to REST.
            let refused = |down: &Down| {
                concerns_the_side(down.error.fault) && (other != LinkName::Chat || down.by_another)
            };
            if (other == name || link.down.as_ref().is_some_and(refused))
                && let Some(down) = link.down.take()
            {
                reports.push(Report::LinkUp {
                    link: other,
                    after: now.uptime.saturating_sub(down.since.uptime),
                });
            }
        }
        reports
    }

    /// A request for one person failed: that is the link's failure only where it happens to several people in a row.
    pub(super) fn failed_for_one(
        &mut self,
        name: LinkName,
        user: PbxUserId,
        error: &PortError,
        now: Moment,
    ) -> Vec<Report> {
        let wide = matches!(
            error.fault,
            Fault::Unreachable
                | Fault::Credentials
                | Fault::NobodySignedIn
                | Fault::Throttled { .. }
                | Fault::Configuration
        );
        let link = self.link_mut(name);
        if error.fault != Fault::NotFound {
            link.soft.insert(user);
        }
        if wide || link.soft.len() >= SOFT_FAILURES {
            return self.failed(name, error, now);
        }
        link.in_flight = link.in_flight.saturating_sub(1);
        link.stale = link.stale.saturating_sub(1);
        Vec::new()
    }

    /// A request failed.
    pub(super) fn failed(&mut self, name: LinkName, error: &PortError, now: Moment) -> Vec<Report> {
        let jitter = self.jitter.next();
        let link = self.link_mut(name);
        link.in_flight = link.in_flight.saturating_sub(1);
        if let Fault::Throttled {
            retry_after: Some(told),
        } = error.fault
        {
            link.told = link.told.max(now.uptime.saturating_add(told));
        }
        if link.stale > 0 && link.down.is_some() {
            link.stale -= 1;
            return Vec::new();
        }
        // Requests that were under way together fail together: that is one failure, and a wait is never made shorter.
        if let Some(down) = link.down.as_mut().filter(|down| now.uptime < down.until) {
            let until = now.uptime.saturating_add(wait(error.fault, 0, 1.0));
            let same = down.error.fault == error.fault;
            if same && matches!(error.fault, Fault::Throttled { retry_after: Some(_) }) {
                // The same time to wait, counted from a later answer, ends later.
                down.until = until.max(down.until);
            }
            if same || until <= down.until {
                return Vec::new();
            }
        }
        let attempts = link
            .down
            .as_ref()
            .map_or(0, |down| down.attempts.saturating_add(1));
        let told = link
            .down
            .as_ref()
            .is_some_and(|down| down.error.chain() == error.chain());
        let side = error.refused_by.or(Side::of(name));
        let retry_in = match side.filter(|_| concerns_the_side(error.fault)) {
            Some(side) => {
                // What failed for other reasons in between makes the wait for these no longer.
                let retry_in = wait(error.fault, self.refusals.times(side), jitter);
                if error.fault == Fault::Credentials {
                    self.refusals.refused(side, error, now);
                }
                self.close_side(side, Some(name), error, attempts, retry_in, now);
                retry_in
            }
            None => {
                let retry_in = wait(error.fault, attempts, jitter);
                self.link_mut(name).close(error, attempts, retry_in, now);
                retry_in
            }
        };
        if told {
            Vec::new()
        } else {
            vec![Report::LinkDown {
                link: name,
                error: error.clone(),
                retry_in,
            }]
        }
    }
}

impl Links {
    /// Closes all links that depend on credentials that were refused, or that nobody has brought yet. One of them tries them again: the one that met the refusal, or
    /// else the first.
    ///
    /// The module's sign-in is not that of REST: where it alone is refused, the rest goes on.
    fn close_side(
        &mut self,
        side: Side,
        met_by: Option<LinkName>,
        error: &PortError,
        attempts: u32,
        retry_in: Duration,
        now: Moment,
    ) {
        let probe = met_by.or(side.links().first().copied());
        let behind = side.links().iter().copied().filter(|name| Some(*name) != probe);
        for (name, position) in probe.into_iter().chain(behind).zip(0_u32..) {
            let link = self.link_mut(name);
            link.close(error, attempts, retry_in + BEHIND_THE_PROBE * position, now);
            link.down
                .iter_mut()
                .for_each(|down| down.by_another = position > 0);
        }
    }
}

/// Whether a failure of one link is that of every link with the same credentials.
fn concerns_the_side(fault: Fault) -> bool {
    matches!(fault, Fault::Credentials | Fault::NobodySignedIn)
}

impl Link {
    pub(super) fn down(&self) -> Option<&Down> {
        self.down.as_ref()
    }

    fn close(&mut self, error: &PortError, attempts: u32, retry_in: Duration, now: Moment) {
        let since = self.down.as_ref().map_or(now, |down| down.since);
        self.down = Some(Down {
            since,
            until: now.uptime.saturating_add(retry_in),
            error: error.clone(),
            attempts,
            by_another: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::engine::refusals::Fingerprints;

    fn at(seconds: u64) -> Moment {
        Moment {
            wall: Timestamp::UNIX_EPOCH,
            uptime: Duration::from_secs(seconds),
        }
    }

    fn links() -> Links {
        Links::new(
            1,
            Refusals::remembering(Fingerprints::default(), Vec::new()),
            at(0),
        )
        .0
    }

    fn error(fault: Fault) -> PortError {
        PortError::new(fault, "try")
    }

    #[test]
    fn a_failed_link_is_tried_by_one_request_when_its_time_has_come() {
        let mut links = links();
        links.started(LinkName::Pbx);
        let told = error(Fault::Throttled {
            retry_after: Some(Duration::from_secs(7)),
        });
        assert_eq!(links.failed(LinkName::Pbx, &told, at(0)).len(), 1);
        assert!(!links.may_start(LinkName::Pbx, at(6)));
        assert!(links.may_start(LinkName::Pbx, at(7)));
        links.started(LinkName::Pbx);
        assert!(
            !links.may_start(LinkName::Pbx, at(8)),
            "one at a time until it succeeds"
        );
        assert_eq!(links.succeeded(LinkName::Pbx, at(8)).len(), 1);
        assert!(links.may_start(LinkName::Pbx, at(8)));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_not_cut_short_by_what_was_under_way() {
        let mut links = links();
        for _ in 0..3 {
            links.started(LinkName::Presence);
        }
        let told = error(Fault::Throttled {
            retry_after: Some(Duration::from_secs(300)),
        });
        links.failed(LinkName::Presence, &told, at(0));
        links.succeeded(LinkName::Presence, at(1));
        assert!(!links.may_start(LinkName::Presence, at(2)));
        links.failed(LinkName::Presence, &error(Fault::Unreachable), at(3));
        assert!(!links.may_start(LinkName::Presence, at(299)));
        assert!(links.may_start(LinkName::Presence, at(300)));
    }

    #[test]
    fn what_was_under_way_when_somebody_asked_to_try_again_is_no_new_refusal() {
        let mut links = links();
        links.started(LinkName::Pbx);
        links.started(LinkName::Pbx);
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
        links.try_again(&Side::ALL, at(1));
        assert!(
            !links.may_start(LinkName::Pbx, at(1)),
            "the other one is not answered yet"
        );
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(2));
        assert_eq!(links.refusals.times(Side::Pbx), 1);
        assert!(links.may_start(LinkName::Pbx, at(2)));
        links.started(LinkName::Pbx);
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(3));
        assert_eq!(links.refusals.times(Side::Pbx), 2);
    }

    #[test]
    fn a_wait_that_was_asked_for_outlasts_refused_credentials_that_are_accepted_again() {
        let mut links = links();
        links.started(LinkName::Chat);
        let told = error(Fault::Throttled {
            retry_after: Some(Duration::from_secs(60)),
        });
        links.failed(LinkName::Chat, &told, at(0));
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
        links.try_again(&Side::ALL, at(1));
        links.started(LinkName::Pbx);
        links.succeeded(LinkName::Pbx, at(1));
        assert!(!links.may_start(LinkName::Chat, at(59)));
        assert_eq!(links.next_wake(at(59)), Some(Duration::from_secs(60)));
        assert!(links.may_start(LinkName::Chat, at(60)));
    }

    #[test]
    fn a_wait_that_was_asked_for_twice_ends_with_the_later_one() {
        let mut links = links();
        links.started(LinkName::Pbx);
        links.started(LinkName::Pbx);
        let told = error(Fault::Throttled {
            retry_after: Some(Duration::from_secs(60)),
        });
        links.failed(LinkName::Pbx, &told, at(0));
        assert!(links.failed(LinkName::Pbx, &told, at(8)).is_empty());
        assert!(!links.may_start(LinkName::Pbx, at(67)));
        assert!(links.may_start(LinkName::Pbx, at(68)));
    }

    #[test]
    fn the_same_failure_is_told_once() {
        let mut links = links();
        assert_eq!(
            links
                .failed(LinkName::Pbx, &error(Fault::Unreachable), at(0))
                .len(),
            1
        );
        assert_eq!(
            links
                .failed(LinkName::Pbx, &error(Fault::Unreachable), at(100))
                .len(),
            0
        );
        assert_eq!(
            links
                .failed(LinkName::Pbx, &error(Fault::Protocol), at(300))
                .len(),
            0,
            "the text is the same"
        );
        let other = PortError::new(Fault::Protocol, "read");
        assert_eq!(links.failed(LinkName::Pbx, &other, at(900)).len(), 1);
    }

    #[test]
    fn refused_credentials_close_the_whole_side_for_half_an_hour_then_longer() {
        let mut links = links();
        assert_eq!(
            links
                .failed(LinkName::Roster, &error(Fault::Credentials), at(0))
                .len(),
            1
        );
        for link in [LinkName::Roster, LinkName::Pbx, LinkName::Chat] {
            assert!(!links.may_start(link, at(1_799)), "{link}");
        }
        assert!(
            links.may_start(LinkName::Presence, at(1)),
            "the other side goes on"
        );
        assert!(links.may_start(LinkName::Roster, at(1_800)));
        assert!(
            !links.may_start(LinkName::Pbx, at(1_800)),
            "only one tries the credentials again"
        );
        links.failed(LinkName::Roster, &error(Fault::Credentials), at(1_800));
        assert!(!links.may_start(LinkName::Roster, at(1_800 + 7_199)));
        assert!(!links.may_start(LinkName::Pbx, at(1_800 + 7_199)));
        assert!(links.may_start(LinkName::Roster, at(1_800 + 7_200)));
        links.succeeded(LinkName::Roster, at(9_000));
        assert!(
            links.may_start(LinkName::Pbx, at(9_000)),
            "what worked once works for all"
        );
    }

    #[test]
    fn where_nobody_has_signed_in_one_link_looks_again_soon_and_no_refusal_is_known() {
        let mut links = links();
        for second in [0, 10, 20, 30] {
            let told = links.failed(LinkName::Presence, &error(Fault::NobodySignedIn), at(second));
            assert_eq!(told.len(), usize::from(second == 0), "told once");
            assert!(!links.may_start(LinkName::Presence, at(second + 9)));
            assert!(links.may_start(LinkName::Presence, at(second + 10)));
            assert!(
                !links.may_start(LinkName::Directory, at(second + 19)),
                "behind it"
            );
        }
        assert_eq!(links.refusals.to_store(), None);
        links.started(LinkName::Presence);
        links.succeeded(LinkName::Presence, at(40));
        assert!(links.may_start(LinkName::Directory, at(40)));
    }

    #[test]
    fn an_outage_before_a_refusal_does_not_make_its_wait_longer() {
        let mut links = links();
        for second in [0, 100, 200, 300] {
            links.failed(LinkName::Roster, &error(Fault::Unreachable), at(second));
        }
        links.failed(LinkName::Roster, &error(Fault::Credentials), at(400));
        assert!(links.may_start(LinkName::Roster, at(400 + 1_800)));
    }

    #[test]
    fn a_refusal_is_forgotten_once_the_credentials_were_accepted_and_not_before() {
        let mut links = links();
        let sides = |links: &Links| links.refusals.iter().map(|known| known.side).collect::<Vec<_>>();
        links.failed(LinkName::Chat, &error(Fault::Credentials), at(0));
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
        links.failed(LinkName::Roster, &error(Fault::Unreachable), at(1_900));
        assert_eq!(sides(&links), [Side::Pbx, Side::Module]);
        links.succeeded(LinkName::Roster, at(2_000));
        assert_eq!(sides(&links), [Side::Module]);
        links.succeeded(LinkName::Chat, at(2_000));
        assert_eq!(sides(&links), []);
    }

    #[test]
    fn what_somebody_has_to_mend_is_tried_again_at_once_and_what_the_other_side_asked_for_is_not() {
        let mut links = links();
        let told = error(Fault::Throttled {
            retry_after: Some(Duration::from_secs(900)),
        });
        links.failed(LinkName::Presence, &told, at(0));
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
        links.try_again(&[Side::Teams, Side::Module], at(60));
        assert!(!links.may_start(LinkName::Pbx, at(60)), "its side is not meant");
        links.try_again(&[Side::Teams, Side::Pbx], at(60));
        assert!(links.may_start(LinkName::Pbx, at(60)));
        assert!(
            !links.may_start(LinkName::Roster, at(60)),
            "one presents the credentials before the others"
        );
        assert!(!links.may_start(LinkName::Presence, at(60)));
        links.failed(LinkName::Pbx, &error(Fault::Credentials), at(61));
        assert!(
            !links.may_start(LinkName::Pbx, at(61 + 7_199)),
            "refused again is refused twice"
        );
    }

    #[test]
    fn a_sign_in_to_the_pbx_that_the_chat_met_closes_the_whole_side() {
        let mut links = links();
        let refused = error(Fault::Credentials).refused_by(Side::Pbx);
        links.failed(LinkName::Chat, &refused, at(0));
        for link in [LinkName::Roster, LinkName::Pbx, LinkName::Chat] {
            assert!(!links.may_start(link, at(1_799)), "{link}");
        }
        assert_eq!(links.refusals.times(Side::Pbx), 1);
        assert_eq!(links.refusals.times(Side::Module), 0);
    }

    #[test]
    fn where_the_module_alone_refuses_the_credentials_dnd_goes_on() {
        let mut links = links();
        links.failed(LinkName::Chat, &error(Fault::Credentials), at(0));
        assert!(!links.may_start(LinkName::Chat, at(1_799)));
        assert!(links.may_start(LinkName::Pbx, at(0)));
        assert!(links.may_start(LinkName::Roster, at(0)));
        links.started(LinkName::Roster);
        links.succeeded(LinkName::Roster, at(1));
        assert!(
            !links.may_start(LinkName::Chat, at(1)),
            "a sign-in to REST says nothing about the module's"
        );
    }

    #[test]
    fn one_persons_failure_is_not_the_links_until_it_repeats() {
        let mut links = links();
        for id in [1, 2, 3, 4, 1, 2, 3, 4] {
            assert!(
                links
                    .failed_for_one(LinkName::Pbx, PbxUserId(id), &error(Fault::Server), at(0))
                    .is_empty()
            );
        }
        assert!(links.may_start(LinkName::Pbx, at(0)));
        assert_eq!(
            links
                .failed_for_one(LinkName::Pbx, PbxUserId(5), &error(Fault::Server), at(0))
                .len(),
            1
        );
        assert!(!links.may_start(LinkName::Pbx, at(0)));
    }
}
