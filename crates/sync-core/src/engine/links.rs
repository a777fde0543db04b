//! The links to the outside, each with its own health and its own back-off.
//!
//! A link that failed is not tried before its time. When the time has come one request tries it, and only its
//! success opens the link for the others. Refused credentials close all links of that side, because each further
//! attempt may get our address blocked.

use std::collections::BTreeSet;
use std::time::Duration;

use super::backoff::{Jitter, wait};
use super::link_name::LinkName;
use super::refusals::{Refusals, Side};
use super::report::Report;
use crate::fault::{Fault, PortError};
use crate::ids::PbxUserId;
use crate::moment::Moment;

/// A request failing for so many people in a row is a failure of the link.
const SOFT_FAILURES: usize = 5;
/// The other links of a side wait this much longer than the one that tries refused credentials again.
const BEHIND_THE_PROBE: Duration = Duration::from_secs(10);

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
mod tests;
