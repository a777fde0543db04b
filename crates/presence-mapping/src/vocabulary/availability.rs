use std::fmt::{self, Display, Formatter};

use crate::vocabulary::{KnownActivity, Value, vocabulary};

/// The `availability` of a Teams presence: an open, case-insensitive word.
pub type Availability = Value<KnownAvailability>;

vocabulary! {
    /// Every availability that Microsoft has documented.
    ///
    /// The page [presence resource type](https://learn.microsoft.com/graph/api/resources/presence) has listed
    /// different words over time; this is the union of its generations. `Focusing`, `InACall`, `InAMeeting` and
    /// `Presenting` are on the newer page alone, where older answers have them as activities.
    KnownAvailability {
        /// Free.
        Available "Available" "available",
        /// Free, without a recent input.
        AvailableIdle "AvailableIdle" "availableIdle",
        /// Away from the device.
        Away "Away" "away",
        /// Away for a short time.
        BeRightBack "BeRightBack" "beRightBack",
        /// Busy.
        Busy "Busy" "busy",
        /// Busy, without a recent input.
        BusyIdle "BusyIdle" "busyIdle",
        /// Not to be disturbed.
        DoNotDisturb "DoNotDisturb" "doNotDisturb",
        /// In focus time (newer page).
        Focusing "Focusing" "focusing",
        /// In a call (newer page).
        InACall "InACall" "inACall",
        /// In a meeting (newer page).
        InAMeeting "InAMeeting" "inAMeeting",
        /// Signed out, or appearing so.
        Offline "Offline" "offline",
        /// Teams does not know, or does not tell.
        PresenceUnknown "PresenceUnknown" "presenceUnknown",
        /// Presenting (newer page).
        Presenting "Presenting" "presenting",
    }
}

/// The six availabilities that rules are made for: what is left when idle variants and the newer page's words are
/// read as what they stand for.
///
/// This list is complete: a seventh would be a change of the product's chat table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaseAvailability {
    /// Free.
    Available,
    /// Away from the device.
    Away,
    /// Away for a short time.
    BeRightBack,
    /// Busy.
    Busy,
    /// Not to be disturbed.
    DoNotDisturb,
    /// Signed out, or appearing so.
    Offline,
}

impl BaseAvailability {
    /// Every one of them, in alphabetical order.
    pub const ALL: &'static [Self] = &[
        Self::Available,
        Self::Away,
        Self::BeRightBack,
        Self::Busy,
        Self::DoNotDisturb,
        Self::Offline,
    ];

    /// The spelling with a capital first letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Away => "Away",
            Self::BeRightBack => "BeRightBack",
            Self::Busy => "Busy",
            Self::DoNotDisturb => "DoNotDisturb",
            Self::Offline => "Offline",
        }
    }
}

impl Display for BaseAvailability {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a documented availability stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// One of the six, itself.
    Base(BaseAvailability),
    /// One of the six, without a recent input.
    Idle(BaseAvailability),
    /// A pair that the newer page writes as one word.
    Pair(BaseAvailability, KnownActivity),
    /// Teams does not know.
    Unknown,
}

impl KnownAvailability {
    pub(crate) const fn meaning(self) -> Meaning {
        use BaseAvailability as Base;
        match self {
            Self::Available => Meaning::Base(Base::Available),
            Self::AvailableIdle => Meaning::Idle(Base::Available),
            Self::Away => Meaning::Base(Base::Away),
            Self::BeRightBack => Meaning::Base(Base::BeRightBack),
            Self::Busy => Meaning::Base(Base::Busy),
            Self::BusyIdle => Meaning::Idle(Base::Busy),
            Self::DoNotDisturb => Meaning::Base(Base::DoNotDisturb),
            Self::Focusing => Meaning::Pair(Base::DoNotDisturb, KnownActivity::Focusing),
            Self::InACall => Meaning::Pair(Base::Busy, KnownActivity::InACall),
            Self::InAMeeting => Meaning::Pair(Base::Busy, KnownActivity::InAMeeting),
            Self::Offline => Meaning::Base(Base::Offline),
            Self::PresenceUnknown => Meaning::Unknown,
            Self::Presenting => Meaning::Pair(Base::DoNotDisturb, KnownActivity::Presenting),
        }
    }
}
