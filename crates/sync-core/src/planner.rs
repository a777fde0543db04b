//! The planner: outcome x ledger x observation x policy becomes a plan. Pure, synchronous and total.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use presence_mapping::{Outcome, Presence};
use serde::{Deserialize, Serialize};

use crate::aim::{Situation, aim_by, ends_by_observing, skip_reason};
use crate::field_record::Settled;
use crate::ids::{Address, PbxUserId};
use crate::ledger_row::LedgerRow;
use crate::moment::Moment;
use crate::plan::{Because, Change, Plan, Skipped};
use crate::policy::{Decision, Reading, Rest, Wanted, decide};
use crate::roster::Standing;
use crate::settings::Settings;
use crate::value::Field;

/// What the whole instance does. It is stored, so that a release that was interrupted goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether the operator paused this member.
    pub paused: bool,
    /// Whether DND is not written for now, because something else kept changing it back.
    pub stopped: bool,
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
    let mut rulings = HashMap::new();
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
        // Many members have one presence: the rules are asked once for all of them.
        let ruling = subject.presence.map(|presence| {
            &*rulings
                .entry(presence)
                .or_insert_with(|| Ruling::of(settings, presence))
        });
        for field in Field::ALL {
            if subject.busy[field as usize] || (field == Field::Chat && !settings.chat) {
                continue;
            }
            let aim = aim_by(
                ruling.map(|ruling| ruling.outcome),
                settings,
                situation,
                &subject,
                field,
            );
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
            let (from, to) = match decide(
                subject.row.field(field),
                aim.wanted,
                subject.reading(field),
                settings.policy_for(field),
            ) {
                Decision::Rest(_) => continue,
                Decision::Settle { settled, rest } => {
                    settlements.push(settle(Some(settled), rest));
                    continue;
                }
                Decision::Disown => {
                    settlements.push(settle(None, Rest::CannotRestore));
                    continue;
                }
                Decision::Read { to } => (None, to),
                Decision::Write { from, to, .. } => (Some(from), to),
            };
            changes.push(Change {
                address: subject.address.cloned(),
                pbx_user: subject.user,
                field,
                from,
                to,
                because: because(settings, situation, &subject, field, (aim.wanted, ruling)),
                release: aim.wanted == Wanted::TakeBack,
            });
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

/// What the rules say of one presence. The changes that follow from it share the texts.
struct Ruling {
    outcome: Outcome,
    presence: Arc<str>,
    /// The rule that won, by field.
    rules: [Arc<str>; 2],
}

impl Ruling {
    fn of(settings: &Settings, presence: &Presence) -> Self {
        let decision = settings.rules.decide(presence);
        Self {
            outcome: decision.outcome,
            presence: presence.to_string().into(),
            rules: [decision.dnd_rule, decision.chat_rule].map(|rule| rule.to_string().into()),
        }
    }
}

fn because(
    settings: &Settings,
    situation: Situation,
    subject: &Subject<'_>,
    field: Field,
    (wanted, ruling): (Wanted, Option<&Ruling>),
) -> Because {
    let presence = match ruling {
        Some(ruling) if subject.unknown_for.is_none() => ruling.presence.clone(),
        _ => "unknown".into(),
    };
    let rule = match wanted {
        Wanted::Set(_) => ruling.map_or_else(|| "".into(), |ruling| ruling.rules[field as usize].clone()),
        Wanted::Leave => "unconfirmed-write".into(),
        Wanted::TakeBack => match subject.standing {
            None => "left-the-group",
            Some(Standing::Excluded) => "excluded",
            Some(_) if situation == Situation::Unlicensed => "licence",
            Some(_) if ends_by_observing(settings, situation, subject, field) => "observe",
            Some(_) if subject.stopped && situation != Situation::Releasing => "stopped",
            Some(_) if subject.unknown_for.is_some() => "unknown-presence",
            Some(_) => "release",
        }
        .into(),
    };
    Because { presence, rule }
}
