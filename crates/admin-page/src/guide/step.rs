//! The steps of the set-up.

use crate::settings::{GROUP, MODE_AT_FIRST, POLICY, STARFACE, Section, TEAMS};

/// A step, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Pbx,
    Mode,
    Licence,
    Azure,
    States,
    Group,
    Policy,
    Check,
    Activate,
}

impl Step {
    pub(super) const ALL: [Self; 9] = [
        Self::Pbx,
        Self::Mode,
        Self::Licence,
        Self::Azure,
        Self::States,
        Self::Group,
        Self::Policy,
        Self::Check,
        Self::Activate,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pbx => "pbx",
            Self::Mode => "mode",
            Self::Licence => "licence",
            Self::Azure => "azure",
            Self::States => "states",
            Self::Group => "group",
            Self::Policy => "policy",
            Self::Check => "check",
            Self::Activate => "activate",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    pub(super) fn sections(self) -> &'static [Section] {
        match self {
            Self::Pbx => &[STARFACE],
            Self::Mode => &[MODE_AT_FIRST],
            Self::Azure => &[TEAMS],
            Self::Group => &[GROUP],
            Self::Policy => &[POLICY],
            Self::Licence | Self::States | Self::Check | Self::Activate => &[],
        }
    }

    pub(super) fn after(self) -> Self {
        let position = Self::ALL
            .iter()
            .position(|step| *step == self)
            .unwrap_or_default();
        Self::ALL.get(position + 1).copied().unwrap_or(Self::Activate)
    }

    pub(super) fn before(self) -> Option<Self> {
        let position = Self::ALL.iter().position(|step| *step == self)?;
        position
            .checked_sub(1)
            .and_then(|before| Self::ALL.get(before).copied())
    }
}
