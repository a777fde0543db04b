//! A licence at a time: whether it is in force, when that changes, and what it covers.

use jiff::{SignedDuration, Timestamp};

use crate::error::{NotCovered, NotInForce};
use crate::licence::Licence;
use crate::mode::OperatingMode;
use crate::terms::Terms;

/// So many days before the end of a licence somebody has to be reminded, the first reminder first.
pub const WARN_DAYS: [u16; 4] = [30, 14, 7, 1];

/// A licence that is in force.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    licence: &'a Licence,
    phase: Phase,
}

/// In which part of its time a licence in force is. Complete: there is nothing before, between or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is valid, with more than 30 days to go.
    Valid,
    /// It is valid, and ends soon.
    Ending(Ending),
    /// It has expired, and is in force by grace alone.
    Grace {
        /// When the grace ends.
        until: Timestamp,
    },
}

/// How soon a licence ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    /// The reminder that is due: one of [`WARN_DAYS`].
    pub within_days: u16,
}

/// What is asked of a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The operating mode.
    pub mode: OperatingMode,
    /// The names that the PBX goes by: its host name, its host and port, its `pbx_id`; the one that people know first.
    pub pbx: Vec<String>,
}

impl Licence {
    /// The licence at this time.
    ///
    /// # Errors
    /// When it has not begun, or has ended.
    pub fn in_force(&self, at: Timestamp) -> Result<InForce<'_>, NotInForce> {
        let terms = self.terms();
        if at < terms.from {
            return Err(NotInForce::NotYetValid { from: terms.from });
        }
        if at >= terms.grace_until() {
            return Err(NotInForce::Expired {
                since: terms.until,
                grace_days: terms.grace_days,
            });
        }
        Ok(InForce {
            licence: self,
            phase: phase(terms, at),
        })
    }

    /// When, after `at`, anything about the licence changes by time alone: it begins, a reminder falls due, it expires, its
    /// grace ends.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let terms = self.terms();
        let reminders = WARN_DAYS.into_iter().map(|days| reminder(terms, days));
        [terms.from, terms.until, terms.grace_until()]
            .into_iter()
            .chain(reminders)
            // A reminder of a short licence may fall before its begin, when it says nothing.
            .filter(|moment| *moment > at && *moment >= terms.from)
            .min()
    }
}

fn phase(terms: &Terms, at: Timestamp) -> Phase {
    if at >= terms.until {
        return Phase::Grace {
            until: terms.grace_until(),
        };
    }
    WARN_DAYS
        .into_iter()
        .filter(|days| at >= reminder(terms, *days))
        .min()
        .map_or(Phase::Valid, |within_days| Phase::Ending(Ending { within_days }))
}

fn reminder(terms: &Terms, days: u16) -> Timestamp {
    let before = SignedDuration::from_hours(-24 * i64::from(days));
    terms.until.saturating_add(before).unwrap_or(Timestamp::MIN)
}

impl InForce<'_> {
    /// In which part of its time it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether it covers an instance with this demand, were `users` distinct PBX users to share it.
    ///
    /// # Errors
    /// Why not.
    pub fn covers(&self, demand: &Demand, users: usize) -> Result<(), NotCovered> {
        let terms = self.licence.terms();
        if !terms.mode.includes(demand.mode) {
            return Err(NotCovered::WrongMode {
                licensed: terms.mode,
                needed: demand.mode,
            });
        }
        if let Some(bound) = &terms.pbx
            && !demand
                .pbx
                .iter()
                .any(|name| name.to_lowercase() == bound.as_str().to_lowercase())
        {
            return Err(NotCovered::OtherPbx {
                licensed: bound.clone(),
                actual: demand.pbx.first().cloned().unwrap_or_default(),
            });
        }
        if u32::try_from(users).map_or(true, |users| users > terms.seats) {
            return Err(NotCovered::TooFewSeats {
                needed: users,
                licensed: terms.seats,
            });
        }
        Ok(())
    }
}
