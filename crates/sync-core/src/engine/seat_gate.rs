//! The seat gate at work: what is known of the licence, the count of its seats, and the verdict of this moment.
//!
//! The gate is judged anew after every event, so that no roster, no licence and no passing of time is missed; a new
//! verdict makes everybody due. The seats are counted by the ledger, because other instances, and those of other daemons,
//! may share the licence.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use licensing::{Ending, Licence, NotInForce, Phase, Refusal};

use super::{Effect, Engine, LinkName, Pending, RememberedLicence, Report};
use crate::aim::Situation;
use crate::fault::PortError;
use crate::gate::{Evidence, Gate, Holding, SeatClaim, Seats, judge};
use crate::moment::Moment;

/// A clock that stands further than this behind the latest time that is known was set back. Less is put right by time
/// servers every day.
const SET_BACK: SignedDuration = SignedDuration::from_hours(24);

/// What the engine holds of its licence.
#[derive(Debug, Default)]
pub(super) struct SeatGate {
    holding: Option<Holding>,
    /// A licence that begins later; the one before goes on until then.
    pub(super) next: Option<Arc<Licence>>,
    /// What the ledger knew at the start.
    remembered: Option<RememberedLicence>,
    /// Whether the seats are to be given back.
    pub(super) to_free: bool,
    /// Whether an operator was told that the gate is shut, and not yet that it is open again.
    shut_told: bool,
    /// A later file that was not accepted, while an earlier licence goes on.
    pub(super) refused: Option<Refusal>,
    /// Distinct users of all instances that share the licence, as counted last.
    pub(super) counted: Option<usize>,
    counting: bool,
    /// Whether the seats are to be counted.
    to_count: bool,
    /// How many joined since the last count began.
    joined: usize,
    /// How many had joined when the count that is under way began.
    joined_in_count: usize,
    /// The latest time known for this licence, and when that was (uptime).
    latest: Option<(Timestamp, Duration)>,
    pub(super) verdict: Gate,
    reminded: Option<Reminder>,
    set_back_told: bool,
}

/// What was said about the end of the licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reminder {
    Ending(Ending),
    Grace,
}

impl SeatGate {
    pub(super) fn remembering(licence: Option<RememberedLicence>) -> Self {
        Self {
            remembered: licence,
            ..Self::default()
        }
    }

    pub(super) fn in_force(&self, now: Moment) -> bool {
        let time = self.time(now);
        self.licence()
            .is_some_and(|licence| licence.in_force(time).is_ok())
    }

    pub(super) fn licence(&self) -> Option<&Arc<Licence>> {
        match &self.holding {
            Some(Holding::Verified(licence)) => Some(licence),
            _ => None,
        }
    }

    /// Where the clock of this machine would be if it had never been set back.
    fn expected(&self, now: Moment) -> Timestamp {
        self.latest.map_or(now.wall, |(wall, uptime)| {
            let since = now.uptime.saturating_sub(uptime);
            wall.saturating_add(since).unwrap_or(Timestamp::MAX).max(now.wall)
        })
    }

    /// By how much the clock was set back, where that is more than a day.
    pub(super) fn set_back(&self, now: Moment) -> Option<SignedDuration> {
        let behind = self.expected(now).duration_since(now.wall);
        (behind > SET_BACK).then_some(behind)
    }

    /// The time that counts for the licence: a clock that was set back does not prolong it.
    pub(super) fn time(&self, now: Moment) -> Timestamp {
        if self.set_back(now).is_some() {
            self.expected(now)
        } else {
            now.wall
        }
    }
}

impl Engine {
    pub(super) fn situation(&self) -> Situation {
        Situation::of(self.mode, &self.gate.verdict)
    }

    /// The licence was read. What is not accepted, and what begins later, leaves a licence in force that was verified
    /// before.
    pub(super) fn licence_read(&mut self, holding: Holding, now: Moment) {
        if self.settings.licence.is_none() {
            return;
        }
        self.gate.next = None;
        if self.gate.in_force(now) {
            match &holding {
                Holding::Unusable(refusal) => return self.not_replaced(refusal.clone()),
                Holding::Verified(licence) if begins_later(licence, self.gate.time(now)) => {
                    self.gate.next = Some(Arc::clone(licence));
                    self.gate.refused = None;
                    return;
                }
                Holding::Verified(_) | Holding::Missing => {}
            }
        }
        let identity = |holding: &Holding| match holding {
            Holding::Verified(licence) => Some(licence.identity()),
            _ => None,
        };
        let of_now = identity(&holding);
        if self.gate.holding.as_ref().and_then(identity) != of_now {
            // Seats and the latest time are known of each licence by itself.
            self.gate.counted = None;
            let remembered = self.gate.remembered.as_ref();
            self.gate.latest = remembered
                .filter(|known| Some(&known.identity) == of_now.as_ref())
                .map(|known| (known.latest, now.uptime));
        }
        self.gate.to_free = of_now.is_none();
        self.gate.refused = None;
        self.gate.reminded = None;
        self.gate.to_count = true;
        self.gate.holding = Some(holding);
    }

    fn not_replaced(&mut self, refusal: Refusal) {
        if self.gate.refused.as_ref() != Some(&refusal) {
            self.report(Report::LicenceNotReplaced(refusal.clone()));
            self.gate.refused = Some(refusal);
        }
    }

    /// The licence that waits takes over when it begins, or when the one before has ended.
    fn take_next_licence(&mut self, now: Moment) {
        let time = self.gate.time(now);
        let begins = self
            .gate
            .next
            .as_ref()
            .is_some_and(|next| !begins_later(next, time));
        if (begins || !self.gate.in_force(now))
            && let Some(next) = self.gate.next.take()
        {
            self.licence_read(Holding::Verified(next), now);
        }
    }

    /// A roster was taken over: the seats are counted anew, for the groups of other instances may have changed, too.
    pub(super) fn seats_are_due(&mut self, joined: usize) {
        self.gate.to_count = true;
        self.gate.joined += joined;
    }

    pub(super) fn start_counting_seats(&mut self, now: Moment) {
        let due = self.gate.to_count && !self.gate.counting && self.roster.taken.is_some();
        let Some(licence) = self.gate.licence().filter(|_| due) else {
            return;
        };
        if !self.links.may_start(LinkName::Ledger, now) {
            return;
        }
        let claim = SeatClaim {
            licence: licence.identity(),
            text: licence.text().to_owned(),
            users: self.book.entries().keys().copied().collect(),
            at: self.gate.expected(now),
        };
        self.gate.to_count = false;
        self.gate.counting = true;
        self.gate.joined_in_count = std::mem::take(&mut self.gate.joined);
        self.links.started(LinkName::Ledger);
        let licence = claim.licence.clone();
        let request = self.request(Pending::Seats { licence });
        self.effects.push(Effect::TakeSeats { request, claim });
    }

    pub(super) fn seats_counted(&mut self, licence: &str, result: Result<Seats, PortError>, now: Moment) {
        self.gate.counting = false;
        let joined_in_count = std::mem::take(&mut self.gate.joined_in_count);
        let asked = self.gate.licence();
        let current = asked.is_some_and(|held| held.identity() == licence);
        match result {
            Ok(seats) => {
                self.link_works(LinkName::Ledger, now);
                if current {
                    self.gate.counted = Some(seats.taken);
                    let latest = seats.latest.max(self.gate.expected(now));
                    self.gate.latest = Some((latest, now.uptime));
                }
            }
            Err(error) => {
                let reports = self.links.failed(LinkName::Ledger, &error, now);
                self.report_all(reports);
                self.gate.to_count = true;
                self.gate.joined += joined_in_count;
            }
        }
    }

    /// Judges anew. Everybody becomes due where the verdict is another one.
    pub(super) fn check_gate(&mut self, now: Moment) {
        if self.settings.licence.is_none() {
            self.gate.verdict = Gate::Open;
            return;
        }
        self.take_next_licence(now);
        let Some(demand) = &self.settings.licence else {
            return;
        };
        if self.gate.licence().is_some() {
            self.gate.latest = Some((self.gate.expected(now), now.uptime));
        }
        let evidence = Evidence {
            demand,
            at: self.gate.time(now),
            group: self.roster.taken.map(|_| self.book.entries().len()),
            counted: self.gate.counted,
            joined: self.gate.joined + self.gate.joined_in_count,
        };
        let verdict = judge(self.gate.holding.as_ref(), evidence);
        self.tell_set_back(now);
        self.remind(now);
        if verdict == self.gate.verdict {
            return;
        }
        let before = std::mem::replace(&mut self.gate.verdict, verdict);
        match (&before, &self.gate.verdict) {
            // The same reason with the group known by now is no news.
            (Gate::Shut(before), Gate::Shut(shut)) if before.refusal == shut.refusal => return,
            (_, Gate::Shut(shut)) => {
                let shut = shut.clone();
                self.gate.shut_told = true;
                self.report(Report::GateShut(shut));
            }
            (_, Gate::Open) if std::mem::take(&mut self.gate.shut_told) => self.report(Report::GateOpened),
            (_, Gate::Unchecked | Gate::Open) => {}
        }
        self.replan_everybody();
    }

    fn tell_set_back(&mut self, now: Moment) {
        let set_back = self.gate.licence().and_then(|_| self.gate.set_back(now));
        if let Some(by) = set_back.filter(|_| !self.gate.set_back_told) {
            self.report(Report::ClockSetBack {
                by: by.unsigned_abs(),
            });
        }
        self.gate.set_back_told = set_back.is_some();
    }

    fn remind(&mut self, now: Moment) {
        let at = self.gate.time(now);
        let Some(licence) = self.gate.licence() else {
            return;
        };
        let terms = licence.terms();
        let (reminder, report) = match licence.in_force(at).map(|licence| licence.phase()) {
            Ok(Phase::Ending(ending)) => (
                Reminder::Ending(ending),
                Report::LicenceEnding {
                    within_days: ending.within_days,
                    until: terms.until,
                },
            ),
            Ok(Phase::Grace { until }) => (
                Reminder::Grace,
                Report::LicenceInGrace {
                    since: terms.until,
                    until,
                },
            ),
            Ok(Phase::Valid) | Err(_) => return,
        };
        if self.gate.reminded != Some(reminder) {
            self.gate.reminded = Some(reminder);
            self.report(report);
        }
    }

    /// When the verdict may change by time alone (uptime).
    pub(super) fn next_licence_wake(&self, now: Moment) -> Option<Duration> {
        let at = self.gate.time(now);
        let licences = self.gate.licence().into_iter().chain(&self.gate.next);
        let left = licences
            .filter_map(|licence| licence.next_change(at))
            .min()?
            .duration_since(at);
        Some(now.uptime.saturating_add(left.unsigned_abs()))
    }
}

fn begins_later(licence: &Licence, at: Timestamp) -> bool {
    matches!(licence.in_force(at), Err(NotInForce::NotYetValid { .. }))
}
