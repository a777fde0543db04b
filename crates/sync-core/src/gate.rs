//! The seat gate: nobody is synchronised unless a licence covers the whole group.

use std::fmt;
use std::sync::Arc;

use licensing::{Demand, Licence, NotCovered, Refusal};
use serde::{Deserialize, Serialize};

/// What is known of the licence of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holding {
    /// There is none.
    Missing,
    /// There is something that is not accepted as a licence.
    Unusable(Refusal),
    /// One that was verified. Whether it is in force and suffices is for the gate to judge.
    Verified(Arc<Licence>),
}

/// Whether the licence lets the instance do its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// That is not known yet: nothing is written, and nothing is taken back.
    #[default]
    Unchecked,
    /// It covers the whole group.
    Open,
    /// It does not: nobody is synchronised, and what is ours is taken back.
    Shut(Shut),
}

impl Gate {
    /// Why nobody is synchronised, where that is so.
    pub fn shut(&self) -> Option<&Shut> {
        match self {
            Self::Shut(shut) => Some(shut),
            Self::Unchecked | Self::Open => None,
        }
    }
}

/// Why the gate is shut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shut {
    /// What is wrong with the licence; `None`: there is none.
    pub refusal: Option<Refusal>,
    /// How many seats are needed: the distinct PBX users of all instances that share the licence. `None` until the
    /// group was read.
    pub needed: Option<usize>,
    /// How many seats the licence has, where one was verified.
    pub licensed: Option<u32>,
}

impl Shut {
    /// A lasting word for the reason, such as `no-licence` or `too-few-seats`.
    pub fn code(&self) -> &'static str {
        self.refusal.as_ref().map_or("no-licence", Refusal::code)
    }

    /// What an operator can do about it.
    pub fn advice(&self) -> &'static str {
        self.refusal.as_ref().map_or(
            "install a licence with `presencectl license install FILE`",
            Refusal::advice,
        )
    }
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refusal {
            None => f.write_str("there is no licence")?,
            Some(refusal) => refusal.fmt(f)?,
        }
        match (&self.refusal, self.needed) {
            // The count is part of this message already.
            (Some(Refusal::NotCovered(NotCovered::TooFewSeats { .. })), _) | (_, None) => Ok(()),
            (_, Some(1)) => f.write_str(" (1 seat is needed)"),
            (_, Some(needed)) => write!(f, " ({needed} seats are needed)"),
        }
    }
}

/// A shut gate as a plan and the views show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateView {
    /// The reason as a lasting word.
    pub reason: String,
    /// The reason for people.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// How many seats are needed, where that is known.
    pub needed: Option<usize>,
    /// How many the licence has, where there is one.
    pub licensed: Option<u32>,
    /// How many values of ours stand in the PBX and are being taken back.
    pub taking_back: usize,
}

impl GateView {
    /// Shows a shut gate.
    pub fn new(shut: &Shut, taking_back: usize) -> Self {
        Self {
            reason: shut.code().to_owned(),
            message: shut.to_string(),
            advice: shut.advice().to_owned(),
            needed: shut.needed,
            licensed: shut.licensed,
            taking_back,
        }
    }
}

/// What the ledger is asked about the seats of a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatClaim {
    /// What tells the licence from all others: [`Licence::identity`].
    pub licence: String,
    /// The licence's text, kept so that a later file that is not accepted does not end this licence early.
    pub text: String,
    /// The PBX users of this instance.
    pub users: Arc<[crate::PbxUserId]>,
    /// The time by this machine's clock, or the one that it should be where the clock was set back.
    pub at: jiff::Timestamp,
}

/// What the ledger knows about the seats of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Distinct PBX users of all instances that share the licence, those of the claim among them.
    pub taken: usize,
    /// The latest time at which this licence was ever looked at, the claim's own included.
    pub latest: jiff::Timestamp,
}

/// What the gate is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) demand: &'a Demand,
    /// The time that counts for the licence.
    pub(crate) at: jiff::Timestamp,
    /// Members of the group; `None` until it was read.
    pub(crate) group: Option<usize>,
    /// Distinct users of all instances, as the ledger last counted them for this licence.
    pub(crate) counted: Option<usize>,
    /// How many joined the group since.
    pub(crate) joined: usize,
}

/// Judges. Where it depends on those who joined and were not counted yet, the gate is unchecked until they are.
pub(crate) fn judge(holding: Option<&Holding>, evidence: Evidence<'_>) -> Gate {
    let needed = evidence
        .group
        .map(|group| group.max(evidence.counted.unwrap_or_default()));
    let shut = |refusal, licensed| {
        Gate::Shut(Shut {
            refusal,
            needed,
            licensed,
        })
    };
    let licence = match holding {
        None => return Gate::Unchecked,
        Some(Holding::Missing) => return shut(None, None),
        Some(Holding::Unusable(refusal)) => return shut(Some(refusal.clone()), None),
        Some(Holding::Verified(licence)) => licence,
    };
    let covered = licence
        .in_force(evidence.at)
        .map_err(Refusal::from)
        .and_then(|licence| Ok(licence.covers(evidence.demand, needed.unwrap_or_default())?));
    match covered {
        Err(refusal) => shut(Some(refusal), Some(licence.terms().seats)),
        Ok(()) => {
            let at_most = evidence
                .group
                .and(evidence.counted)
                .map(|counted| counted + evidence.joined);
            match at_most {
                Some(users) if u32::try_from(users).is_ok_and(|users| users <= licence.terms().seats) => {
                    Gate::Open
                }
                _ => Gate::Unchecked,
            }
        }
    }
}
