//! The planner: outcome x ledger x observation x policy becomes a plan. Pure, synchronous and total.

use std::fmt;
use std::time::Duration;

use presence_mapping::{ChatOutcome, DndOutcome, Presence};
use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::ids::{Address, PbxUserId};
use crate::ledger_row::{LedgerRow, Settled};
use crate::moment::Moment;
use crate::plan::{Because, Change, Plan, SkipReason, Skipped};
use crate::policy::{Decision, Reading, Rest, Wanted, decide};
use crate::roster::Standing;
use crate::settings::Settings;
use crate::value::{Field, Value};

/// What the whole instance does. It is stored, so that a release that was interrupted goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Presence is kept in line.
    #[default]
    Running,
    /// Nothing is written, but for the release of members whose presence stays unknown.
    Paused,
    /// Everything that is ours is taken back.
    Releasing,
}

impl Mode {
    /// The word for it: `running`, `paused` or `releasing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Releasing => "releasing",
        }
    }

    /// The mode of a stored word. A word that nobody knows stands for `Paused`, in which nothing is written.
    pub fn stored(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "releasing" => Self::Releasing,
            _ => Self::Paused,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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

/// One PBX user, as the planner sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The PBX user.
    pub user: PbxUserId,
    /// The user's address.
    pub address: Option<&'a Address>,
    /// How the member stands to Teams; `None` for somebody who left the group.
    pub standing: Option<&'a Standing>,
    /// The ledger's row.
    pub row: &'a LedgerRow,
    /// What Teams said last.
    pub presence: Option<&'a Presence>,
    /// For how long the presence is unknown; `None` while it is known, or while it was not asked for yet.
    pub unknown_for: Option<Duration>,
    /// For how long the outcome for DND is the same.
    pub dnd_outcome_for: Duration,
    /// The last reading of DND.
    pub dnd: Option<Reading>,
    /// The last reading of the chat status.
    pub chat: Option<Reading>,
    /// Fields that something is under way for: they are not planned.
    pub busy: [bool; 2],
}

impl Subject<'_> {
    fn reading(&self, field: Field) -> Option<Reading> {
        match field {
            Field::Dnd => self.dnd,
            Field::Chat => self.chat,
        }
    }
}

/// A record that moves on without a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The PBX user.
    pub user: PbxUserId,
    /// The field.
    pub field: Field,
    /// How the record stands afterwards; `None` gives our value up.
    pub settled: Option<Settled>,
    /// Why nothing is written.
    pub rest: Rest,
}

/// Something that becomes due by time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// The PBX user.
    pub user: PbxUserId,
    /// After how long it is to be planned again.
    pub after: Duration,
}

/// What the planner proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The changes, nothing held yet: that is the checker's work.
    pub plan: Plan,
    /// Records that move on without a write.
    pub settlements: Vec<Settlement>,
    /// What becomes due by time alone.
    pub later: Vec<Later>,
}

/// Proposes what is to be done for these users.
pub fn propose<'a>(
    settings: &Settings,
    situation: Situation,
    now: Moment,
    members: usize,
    subjects: impl IntoIterator<Item = Subject<'a>>,
) -> Proposal {
    let mut changes = Vec::new();
    let mut skipped = Vec::new();
    let mut settlements = Vec::new();
    let mut later = Vec::new();
    for subject in subjects {
        if let Some(reason) = skip_reason(&subject, situation) {
            skipped.push(Skipped {
                address: subject.address.cloned(),
                pbx_user: subject.user,
                reason,
            });
        }
        for field in Field::ALL {
            if subject.busy[field as usize] || (field == Field::Chat && !settings.chat) {
                continue;
            }
            let aim = aim(settings, situation, &subject, field);
            if let Some(after) = aim.again_after {
                later.push(Later {
                    user: subject.user,
                    after,
                });
            }
            let settle = |settled, rest| Settlement {
                user: subject.user,
                field,
                settled,
                rest,
            };
            match decide(
                subject.row.field(field),
                aim.wanted,
                subject.reading(field),
                settings.policy_for(field),
            ) {
                Decision::Rest(_) => {}
                Decision::Settle { settled, rest } => settlements.push(settle(Some(settled), rest)),
                Decision::Disown => settlements.push(settle(None, Rest::CannotRestore)),
                Decision::Read { to } => {
                    changes.push(change(
                        settings,
                        situation,
                        &subject,
                        field,
                        (None, to),
                        aim.wanted,
                    ));
                }
                Decision::Write { from, to, .. } => {
                    changes.push(change(
                        settings,
                        situation,
                        &subject,
                        field,
                        (Some(from), to),
                        aim.wanted,
                    ));
                }
            }
        }
    }
    let plan = Plan::new(
        settings.instance.clone(),
        now.wall,
        members,
        changes,
        Vec::new(),
        skipped,
    );
    Proposal {
        plan,
        settlements,
        later,
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
            Situation::Working | Situation::Waiting | Situation::Unlicensed => None,
            Situation::Paused | Situation::Releasing => Some(SkipReason::Paused),
        },
        Standing::NotLookedUp | Standing::NoTeamsUser => Some(SkipReason::NoTeamsUser),
        Standing::NoAddress => Some(SkipReason::NoAddress),
        Standing::Ambiguous { .. } => Some(SkipReason::Ambiguous),
        Standing::Unresolved => Some(SkipReason::Unresolved),
        Standing::Excluded => Some(SkipReason::Excluded),
        Standing::OtherInstance => Some(SkipReason::OtherInstance),
    }
}

/// What is wanted of one field, why, and when that has to be looked at again.
struct Aim {
    wanted: Wanted,
    again_after: Option<Duration>,
}

impl Aim {
    const fn now(wanted: Wanted) -> Self {
        Self {
            wanted,
            again_after: None,
        }
    }
}

fn aim(settings: &Settings, situation: Situation, subject: &Subject<'_>, field: Field) -> Aim {
    match situation {
        Situation::Releasing => return Aim::now(Wanted::TakeBack),
        Situation::Unlicensed if settings.release_on_stop => return Aim::now(Wanted::TakeBack),
        Situation::Unlicensed | Situation::Working | Situation::Waiting | Situation::Paused => {}
    }
    match subject.standing {
        // A pause freezes this, too; but nobody who is no longer asked for stays silenced for ever.
        None | Some(Standing::Excluded) if situation == Situation::Paused => {}
        None | Some(Standing::Excluded) if settings.release_on_stop => {
            return Aim::now(Wanted::TakeBack);
        }
        None | Some(Standing::Excluded | Standing::OtherInstance) => return Aim::now(Wanted::Leave),
        Some(_) => {}
    }
    if let Some(unknown_for) = subject.unknown_for {
        return unknown(settings, subject, unknown_for);
    }
    match subject.presence {
        Some(presence) if situation == Situation::Working => known(settings, subject, presence, field),
        _ => Aim::now(Wanted::Leave),
    }
}

/// Nobody stays silenced for longer than `unknown_release_after` while nothing is known.
fn unknown(settings: &Settings, subject: &Subject<'_>, unknown_for: Duration) -> Aim {
    let limit = settings.unknown_release_after;
    if limit.is_zero() || !subject.row.holds_something() {
        return Aim::now(Wanted::Leave);
    }
    if unknown_for >= limit {
        return Aim::now(Wanted::TakeBack);
    }
    Aim {
        wanted: Wanted::Leave,
        again_after: Some(limit - unknown_for),
    }
}

fn known(settings: &Settings, subject: &Subject<'_>, presence: &Presence, field: Field) -> Aim {
    let outcome = settings.rules.decide(presence).outcome;
    match field {
        Field::Chat => Aim::now(match outcome.chat {
            ChatOutcome::Set(status) => Wanted::Set(Value::Chat(status.into())),
            ChatOutcome::Leave => Wanted::Leave,
        }),
        Field::Dnd => match outcome.dnd {
            DndOutcome::On => Aim::now(Wanted::Set(Value::Dnd(true))),
            DndOutcome::Off if subject.dnd_outcome_for >= settings.dnd_off_after => {
                Aim::now(Wanted::Set(Value::Dnd(false)))
            }
            DndOutcome::Off => Aim {
                wanted: Wanted::Leave,
                again_after: Some(settings.dnd_off_after - subject.dnd_outcome_for),
            },
            DndOutcome::Leave => Aim::now(Wanted::Leave),
        },
    }
}

fn change(
    settings: &Settings,
    situation: Situation,
    subject: &Subject<'_>,
    field: Field,
    (from, to): (Option<Value>, Value),
    wanted: Wanted,
) -> Change {
    Change {
        address: subject.address.cloned(),
        pbx_user: subject.user,
        field,
        from,
        to,
        because: because(settings, situation, subject, field, wanted),
        release: wanted == Wanted::TakeBack,
    }
}

fn because(
    settings: &Settings,
    situation: Situation,
    subject: &Subject<'_>,
    field: Field,
    wanted: Wanted,
) -> Because {
    let presence = match subject.presence {
        Some(presence) if subject.unknown_for.is_none() => presence.to_string(),
        _ => "unknown".to_owned(),
    };
    let rule = match wanted {
        Wanted::Set(_) => subject.presence.map_or_else(String::new, |presence| {
            let decision = settings.rules.decide(presence);
            match field {
                Field::Dnd => decision.dnd_rule.to_string(),
                Field::Chat => decision.chat_rule.to_string(),
            }
        }),
        Wanted::Leave => "unconfirmed-write".to_owned(),
        Wanted::TakeBack => match subject.standing {
            None => "left-the-group",
            Some(Standing::Excluded) => "excluded",
            Some(_) if situation == Situation::Unlicensed => "licence",
            Some(_) if subject.unknown_for.is_some() => "unknown-presence",
            Some(_) => "release",
        }
        .to_owned(),
    };
    Because { presence, rule }
}
