//! What a licence says.

use jiff::{SignedDuration, Timestamp};

use crate::error::BadTerms;
use crate::mode::OperatingMode;
use crate::name::Name;

/// The most days of grace that a licence has.
pub const MOST_GRACE_DAYS: u16 = 366;

/// What a licence says: who may do what, for how many people, from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The licence's number, which tells it from all others: seats are counted by it.
    pub number: Name,
    /// Who issued it, for people to read; what counts is the key that signed it.
    pub issuer: Option<Name>,
    /// Whom it is for.
    pub customer: Name,
    /// What it permits.
    pub mode: OperatingMode,
    /// For how many distinct PBX users, over all instances that share it.
    pub seats: u32,
    /// When it was issued.
    pub issued: Timestamp,
    /// The first moment at which it is valid.
    pub from: Timestamp,
    /// The first moment at which it is not valid any more.
    pub until: Timestamp,
    /// For how many days after `until` it stays in force all the same, with a warning.
    pub grace_days: u16,
    /// The one PBX that it is for: its host name, its host and port, or its `pbx_id`, ignoring case; `None`: any.
    pub pbx: Option<Name>,
}

impl Terms {
    /// When the grace ends.
    pub fn grace_until(&self) -> Timestamp {
        let grace = SignedDuration::from_hours(24 * i64::from(self.grace_days));
        self.until.saturating_add(grace).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn check(&self) -> Result<(), BadTerms> {
        if self.seats == 0 {
            return Err(BadTerms::NoSeats);
        }
        if seconds(self.until) <= seconds(self.from) {
            return Err(BadTerms::EndsBeforeItBegins);
        }
        if self.grace_days > MOST_GRACE_DAYS {
            return Err(BadTerms::TooMuchGrace);
        }
        Ok(())
    }
}

/// The whole seconds of a time, rounded down: finer times no licence has.
pub(crate) fn seconds(time: Timestamp) -> i64 {
    // Times before 1970 are negative, and jiff rounds them up.
    time.as_second() - i64::from(time.subsec_nanosecond() < 0)
}
