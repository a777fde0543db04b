use crate::vocabulary::{
    Activity, Availability, BaseAvailability, KnownActivity, KnownAvailability, Meaning,
};

/// What a pattern asks for, read the way presences are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Availability(AvailabilityKey),
    Activity(ActivityKey),
    Pair(AvailabilityKey, ActivityKey),
}

/// The availability that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AvailabilityKey {
    /// One of the six, its idle variant included.
    Base(BaseAvailability),
    /// The idle variant alone.
    Idle(BaseAvailability),
    /// `PresenceUnknown`, which no known presence has.
    Unknown,
    /// A word that this version does not know, which no known presence has.
    Unrecognised(Availability),
}

/// The activity that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ActivityKey {
    /// A documented word.
    Known(KnownActivity),
    /// `PresenceUnknown`, which says as little as a missing activity.
    Unknown,
    /// A word that this version does not know; it fits that very word.
    Unrecognised(Activity),
}

impl Shape {
    pub(crate) fn of_availability(availability: Availability) -> Self {
        match reading_of(availability) {
            (key, None) => Self::Availability(key),
            (key, Some(activity)) => Self::Pair(key, activity),
        }
    }

    pub(crate) fn of_activity(activity: Activity) -> Self {
        Self::Activity(ActivityKey::from(activity))
    }

    /// A word of the newer page stands for its pair whatever the activity says, in patterns as in presences.
    pub(crate) fn of_pair(availability: Availability, activity: Activity) -> Self {
        let (key, implied) = reading_of(availability);
        Self::Pair(key, implied.unwrap_or_else(|| ActivityKey::from(activity)))
    }

    pub(crate) fn availability_key(&self) -> Option<&AvailabilityKey> {
        match self {
            Self::Availability(key) | Self::Pair(key, _) => Some(key),
            Self::Activity(_) => None,
        }
    }

    pub(crate) fn activity_key(&self) -> Option<&ActivityKey> {
        match self {
            Self::Activity(key) | Self::Pair(_, key) => Some(key),
            Self::Availability(_) => None,
        }
    }
}

/// The key of an availability, and the activity that a word of the newer page brings with it.
fn reading_of(availability: Availability) -> (AvailabilityKey, Option<ActivityKey>) {
    match availability.known().map(KnownAvailability::meaning) {
        Some(Meaning::Base(base)) => (AvailabilityKey::Base(base), None),
        Some(Meaning::Idle(base)) => (AvailabilityKey::Idle(base), None),
        Some(Meaning::Pair(base, activity)) => {
            (AvailabilityKey::Base(base), Some(ActivityKey::Known(activity)))
        }
        Some(Meaning::Unknown) => (AvailabilityKey::Unknown, None),
        None => (AvailabilityKey::Unrecognised(availability), None),
    }
}

impl From<Activity> for ActivityKey {
    fn from(activity: Activity) -> Self {
        match activity.known() {
            Some(KnownActivity::PresenceUnknown) => Self::Unknown,
            Some(word) => Self::Known(word),
            None => Self::Unrecognised(activity),
        }
    }
}
