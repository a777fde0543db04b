//! What is wanted of a member right now, and why nothing is where nothing is.

use std::time::Duration;

use presence_mapping::{ChatOutcome, DndOutcome, Outcome};

use crate::gate::Gate;
use crate::plan::SkipReason;
use crate::planner::{Mode, Subject};
use crate::policy::{Rest, Wanted};
use crate::roster::Standing;
use crate::settings::Settings;
use crate::value::{Field, Value};

/// What the whole instance does right now, by its mode and its licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// Presence is kept in line.
    Working,
    /// Nothing is set until the licence was judged; everything else goes on.
    Waiting,
    /// The licence does not cover the group: nothing is set, and what is ours is taken back as when the instance is turned
    /// off.
    Unlicensed,
    /// Nothing is written, but for the release of members whose presence stays unknown.
    Paused,
    /// Everything that is ours is taken back.
    Releasing,
}

impl Situation {
    /// The situation of an instance: a pause and a release are the operator's, so they go before the licence.
    pub fn of(mode: Mode, gate: &Gate) -> Self {
        match (mode, gate) {
            (Mode::Paused, _) => Self::Paused,
            (Mode::Releasing, _) => Self::Releasing,
            (Mode::Running, Gate::Open) => Self::Working,
            (Mode::Running, Gate::Unchecked) => Self::Waiting,
            (Mode::Running, Gate::Shut(_)) => Self::Unlicensed,
        }
    }
}

/// What is wanted of one field of a user now.
pub fn wanted(settings: &Settings, situation: Situation, subject: &Subject<'_>, field: Field) -> Wanted {
    aim(settings, situation, subject, field).wanted
}

/// Why a member is not synchronised, where that is so.
///
/// A shut gate is no reason of a single member: the plan has an entry of its own for it.
pub fn skip_reason(subject: &Subject<'_>, situation: Situation) -> Option<SkipReason> {
    match subject.standing? {
        Standing::Matched { .. } => match situation {
            Situation::Paused | Situation::Releasing => Some(SkipReason::Paused),
            Situation::Working | Situation::Waiting | Situation::Unlicensed if subject.paused => {
                Some(SkipReason::Paused)
            }
            Situation::Working | Situation::Waiting | Situation::Unlicensed => {
                subject.stopped.then_some(SkipReason::Stopped)
            }
        },
        Standing::NotLookedUp | Standing::NoTeamsUser => Some(SkipReason::NoTeamsUser),
        Standing::NoAddress => Some(SkipReason::NoAddress),
        Standing::Ambiguous { .. } => Some(SkipReason::Ambiguous),
        Standing::Unresolved => Some(SkipReason::Unresolved),
        Standing::Excluded => Some(SkipReason::Excluded),
        Standing::OtherInstance => Some(SkipReason::OtherInstance),
    }
}

/// What is wanted of one field, and when that has to be looked at again.
pub(crate) struct Aim {
    pub(crate) wanted: Wanted,
    /// Why nothing is wanted, where nothing is.
    pub(crate) why: Rest,
    pub(crate) again_after: Option<Duration>,
}

impl Aim {
    const fn at(wanted: Wanted) -> Self {
        Self {
            wanted,
            why: Rest::Left,
            again_after: None,
        }
    }

    const fn nothing(why: Rest) -> Self {
        Self {
            wanted: Wanted::Leave,
            why,
            again_after: None,
        }
    }
}

/// What is wanted of one field of a user now, and why.
pub(crate) fn aim(settings: &Settings, situation: Situation, subject: &Subject<'_>, field: Field) -> Aim {
    let outcome = subject
        .presence
        .map(|presence| settings.rules.decide(presence).outcome);
    aim_by(outcome, settings, situation, subject, field)
}

/// The same, where the outcome of the user's presence is known already.
pub(crate) fn aim_by(
    outcome: Option<Outcome>,
    settings: &Settings,
    situation: Situation,
    subject: &Subject<'_>,
    field: Field,
) -> Aim {
    // The operator's pause of a member goes before everything but a release.
    let situation = match situation {
        Situation::Releasing => return Aim::at(Wanted::TakeBack),
        _ if subject.paused => Situation::Paused,
        Situation::Unlicensed if settings.release_on_stop => return Aim::at(Wanted::TakeBack),
        other => other,
    };
    match subject.standing {
        // A pause freezes this, too; but nobody who is no longer asked for stays silenced for ever.
        None | Some(Standing::Excluded) if situation == Situation::Paused => {}
        None | Some(Standing::Excluded) if settings.release_on_stop => {
            return Aim::at(Wanted::TakeBack);
        }
        None | Some(Standing::Excluded | Standing::OtherInstance) => {
            return Aim::nothing(Rest::NotSynchronised);
        }
        Some(_) => {}
    }
    if ends_by_observing(settings, situation, subject, field) {
        return Aim::at(Wanted::TakeBack);
    }
    if let Some(unknown_for) = subject.unknown_for {
        return unknown(settings, subject, unknown_for);
    }
    let Some(outcome) = outcome else {
        return Aim::nothing(Rest::Unknown);
    };
    match situation {
        Situation::Working if subject.stopped && field == Field::Dnd => {
            // Whoever fights for this value gets it; what is ours is not left behind.
            match subject.row.dnd.ours {
                Some(_) => Aim::at(Wanted::TakeBack),
                None => Aim::nothing(Rest::Stopped),
            }
        }
        Situation::Working => known(settings, subject, outcome, field),
        Situation::Waiting => Aim::nothing(Rest::Unchecked),
        Situation::Unlicensed => Aim::nothing(Rest::Unlicensed),
        Situation::Paused | Situation::Releasing => Aim::nothing(Rest::Paused),
    }
}

/// Whether a value is taken back because the instance only observes from now on, which does what turning it off does.
pub(crate) fn ends_by_observing(
    settings: &Settings,
    situation: Situation,
    subject: &Subject<'_>,
    field: Field,
) -> bool {
    let ours = subject.row.field(field).may_be_ours();
    settings.observe && settings.release_on_stop && situation != Situation::Paused && ours
}

/// Nobody stays silenced for longer than `unknown_release_after` while nothing is known.
fn unknown(settings: &Settings, subject: &Subject<'_>, unknown_for: Duration) -> Aim {
    let limit = settings.unknown_release_after;
    if limit.is_zero() || !subject.row.holds_something() {
        return Aim::nothing(Rest::Unknown);
    }
    if unknown_for >= limit {
        return Aim::at(Wanted::TakeBack);
    }
    Aim {
        again_after: Some(limit - unknown_for),
        ..Aim::nothing(Rest::Unknown)
    }
}

fn known(settings: &Settings, subject: &Subject<'_>, outcome: Outcome, field: Field) -> Aim {
    match field {
        Field::Chat => match outcome.chat {
            ChatOutcome::Set(status) => Aim::at(Wanted::Set(Value::Chat(status.into()))),
            ChatOutcome::Leave => Aim::nothing(Rest::Left),
        },
        Field::Dnd => match outcome.dnd {
            DndOutcome::On => Aim::at(Wanted::Set(Value::Dnd(true))),
            DndOutcome::Off if subject.dnd_outcome_for >= settings.dnd_off_after => {
                Aim::at(Wanted::Set(Value::Dnd(false)))
            }
            DndOutcome::Off => Aim {
                again_after: Some(settings.dnd_off_after - subject.dnd_outcome_for),
                ..Aim::nothing(Rest::Waiting)
            },
            DndOutcome::Leave => Aim::nothing(Rest::Left),
        },
    }
}
