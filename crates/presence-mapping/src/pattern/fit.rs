use crate::{
    pattern::{ActivityKey, AvailabilityKey, Shape},
    presence::{ActivityReading, KnownReading},
    vocabulary::KnownActivity,
};

/// How a pattern fits a presence; the smaller [`Fit::rank`] wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) specificity: Specificity,
    pub(crate) through: Through,
    pub(crate) idle: IdleFit,
}

impl Fit {
    pub(crate) fn rank(self) -> (Specificity, Through) {
        (self.specificity, self.through)
    }
}

/// How much a pattern names, the most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Specificity {
    Pair,
    Activity,
    Availability,
}

/// What made the activity fit. What the person does now goes before what the calendar says about the day, because
/// both can be true at once and exactly one rule has to win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Through {
    OwnWords,
    OutOfOffice,
}

/// How a pattern meets an idle variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdleFit {
    /// The presence is not idle, or the pattern names no availability.
    Indifferent,
    /// The pattern names the idle variant itself.
    Named,
    /// The pattern names the base, and counts only where none names the variant.
    ThroughBase,
}

impl Shape {
    pub(crate) fn fit(&self, reading: &KnownReading<'_>) -> Option<Fit> {
        let (specificity, through, idle) = match self {
            Self::Pair(availability, activity) => (
                Specificity::Pair,
                activity.fit(reading)?,
                availability.fit(reading)?,
            ),
            Self::Activity(activity) => (
                Specificity::Activity,
                activity.fit(reading)?,
                IdleFit::Indifferent,
            ),
            Self::Availability(availability) => (
                Specificity::Availability,
                Through::OwnWords,
                availability.fit(reading)?,
            ),
        };
        Some(Fit {
            specificity,
            through,
            idle,
        })
    }
}

impl AvailabilityKey {
    fn fit(&self, reading: &KnownReading<'_>) -> Option<IdleFit> {
        match self {
            Self::Base(base) if *base == reading.availability => Some(if reading.idle {
                IdleFit::ThroughBase
            } else {
                IdleFit::Indifferent
            }),
            Self::Idle(base) if *base == reading.availability && reading.idle => Some(IdleFit::Named),
            Self::Base(_) | Self::Idle(_) | Self::Unknown | Self::Unrecognised(_) => None,
        }
    }
}

impl ActivityKey {
    fn fit(&self, reading: &KnownReading<'_>) -> Option<Through> {
        let own = match (self, reading.activity) {
            (Self::Known(asked), ActivityReading::Known(said)) => *asked == said,
            (Self::Unrecognised(asked), ActivityReading::Unrecognised(said)) => asked == said,
            _ => false,
        };
        if own {
            Some(Through::OwnWords)
        } else if *self == Self::Known(KnownActivity::OutOfOffice) && reading.out_of_office {
            Some(Through::OutOfOffice)
        } else {
            None
        }
    }
}
