use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::{
    presence::Presence,
    vocabulary::{Activity, BaseAvailability, KnownActivity, Meaning},
};

/// What a presence says once the odd spellings of Microsoft's generations are read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading<'p> {
    /// The availability is known, so rules can be asked.
    Known(KnownReading<'p>),
    /// Nothing can be concluded, and nothing is changed.
    Unknown(UnknownReason),
}

/// A presence whose availability is one of the six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownReading<'p> {
    /// The availability, where idle variants count as their base.
    pub availability: BaseAvailability,
    /// Teams said the idle variant of it.
    pub idle: bool,
    /// What the person does.
    pub activity: ActivityReading<'p>,
    /// `outOfOfficeSettings.isOutOfOffice` was set.
    pub out_of_office: bool,
}

/// The activity beside a known availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityReading<'p> {
    /// A documented word.
    Known(KnownActivity),
    /// A word that this version does not know.
    Unrecognised(&'p Activity),
    /// None was sent, or `PresenceUnknown`, which tells as little.
    Missing,
}

/// Why a presence says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnknownReason {
    /// No availability: a missing id, a null, or two answers that contradict each other.
    NoAvailability,
    /// Teams itself says `PresenceUnknown`.
    PresenceUnknown,
    /// A word that this version does not know.
    UnrecognisedAvailability,
}

impl Display for UnknownReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAvailability => "Teams gave no availability",
            Self::PresenceUnknown => "Teams does not know it or does not show it",
            Self::UnrecognisedAvailability => "the availability is not a known one",
        })
    }
}

impl Presence {
    /// Reads the raw words.
    ///
    /// Idle variants keep their base and are marked; the words that Microsoft's newer page lists as availabilities
    /// (`inACall`, `inAMeeting`, `presenting`, `focusing`) become the pair they stand for, whatever the activity says.
    pub fn reading(&self) -> Reading<'_> {
        let Some(availability) = &self.availability else {
            return Reading::Unknown(UnknownReason::NoAvailability);
        };
        let Some(word) = availability.known() else {
            return Reading::Unknown(UnknownReason::UnrecognisedAvailability);
        };
        let (availability, idle, activity) = match word.meaning() {
            Meaning::Base(base) => (base, false, self.activity_reading()),
            Meaning::Idle(base) => (base, true, self.activity_reading()),
            Meaning::Pair(base, activity) => (base, false, ActivityReading::Known(activity)),
            Meaning::Unknown => return Reading::Unknown(UnknownReason::PresenceUnknown),
        };
        Reading::Known(KnownReading {
            availability,
            idle,
            activity,
            out_of_office: self.out_of_office,
        })
    }

    fn activity_reading(&self) -> ActivityReading<'_> {
        match self
            .activity
            .as_ref()
            .map(|activity| (activity, activity.known()))
        {
            None | Some((_, Some(KnownActivity::PresenceUnknown))) => ActivityReading::Missing,
            Some((_, Some(word))) => ActivityReading::Known(word),
            Some((activity, None)) => ActivityReading::Unrecognised(activity),
        }
    }
}

/// The pair that was read, such as `Busy/InAMeeting`; a missing activity is a dash.
impl Display for KnownReading<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.availability.as_str())?;
        if self.idle {
            f.write_str("Idle")?;
        }
        match self.activity {
            ActivityReading::Known(word) => write!(f, "/{word}"),
            ActivityReading::Unrecognised(word) => write!(f, "/{word}"),
            ActivityReading::Missing => f.write_str("/-"),
        }
    }
}
