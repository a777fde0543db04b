//! The checker: reads a finished plan and holds back what must not pass, independently of the planner.
//!
//! It knows nothing of how the plan came about. Its invariants are the promises of the product; a change that breaks
//! one is a defect of ours and is never carried out. The breaker holds bursts that look like a mistake of somebody
//! else.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::ids::PbxUserId;
use crate::ledger_row::LedgerRow;
use crate::moment::Moment;
use crate::plan::{Change, Held, HeldReason, Plan};
use crate::policy::Policy;
use crate::settings::Breaker;
use crate::value::{Field, Value};

/// What the checker is told of a PBX user, from the engine's state and not from the plan.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whether the user is a member of the group, joined to a Teams user, and not excluded.
    pub synchronised: bool,
    /// Whether the presence is known.
    pub presence_known: bool,
    /// For how long the outcome for DND is the same.
    pub dnd_outcome_for: Duration,
    /// The value that the operator let through for this outcome.
    pub approved: Option<Value>,
    /// The ledger's row.
    pub row: &'a LedgerRow,
}

/// What the checker is told of the whole instance.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The policy.
    pub policy: Policy,
    /// The limits.
    pub breaker: Breaker,
    /// How many members are matched.
    pub matched: usize,
    /// Users with disruptive changes outside this plan: let through within `confirm_for`, held, or on the way to a plan.
    pub elsewhere: &'a BTreeSet<PbxUserId>,
    /// Now.
    pub now: Moment,
}

/// A change that must never have been proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The change.
    pub change: Change,
    /// The promise that it breaks.
    pub promise: Promise,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} of PBX user {} was not to be changed: {}",
            self.change.field, self.change.pbx_user, self.promise
        )
    }
}

/// What the checker vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// One field of one user is changed once.
    OneChangePerField,
    /// A change changes something, and fits its field.
    ChangesSomething,
    /// Nobody outside the roster is touched, but to take back what is ours.
    OnlyMembers,
    /// An unknown presence changes nothing.
    OnlyKnownPresence,
    /// Only what is ours is taken back, and taking back silences nobody.
    OnlyOursIsTakenBack,
    /// `own-only` never turns off what we did not turn on.
    HumansDndStands,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneChangePerField => "one field of one user is changed once in a plan",
            Self::ChangesSomething => "a change has another value than the one before, of the same field",
            Self::OnlyMembers => "nobody outside the roster is touched",
            Self::OnlyKnownPresence => "an unknown presence changes nothing",
            Self::OnlyOursIsTakenBack => "only what is ours is taken back",
            Self::HumansDndStands => "`own-only` never turns off what we did not turn on",
        })
    }
}

/// A plan that was read by the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The plan: what may pass, and what is held.
    pub plan: Plan,
    /// What was taken out of it.
    pub violations: Vec<Violation>,
}

/// Reads a finished plan. `facts` tells what is known of a user; nothing is known of a stranger.
pub fn check<'a>(
    plan: Plan,
    context: &Context<'_>,
    facts: impl Fn(PbxUserId) -> Option<Facts<'a>>,
) -> Checked {
    let mut seen: BTreeSet<(PbxUserId, Field)> = BTreeSet::new();
    let mut violations = Vec::new();
    let mut sound = Vec::with_capacity(plan.changes.len());
    for change in plan.changes {
        let first = seen.insert((change.pbx_user, change.field));
        let known = facts(change.pbx_user);
        match broken_promise(&change, first, known.as_ref(), context.policy) {
            Some(promise) => violations.push(Violation { change, promise }),
            None => sound.push((change, known)),
        }
    }
    let (passing, held) = brake(sound, context);
    let plan = Plan::new(plan.instance, plan.at, plan.members, passing, held, plan.skipped);
    Checked { plan, violations }
}

fn broken_promise(
    change: &Change,
    first: bool,
    facts: Option<&Facts<'_>>,
    policy: Policy,
) -> Option<Promise> {
    if !first {
        return Some(Promise::OneChangePerField);
    }
    let fits =
        change.to.field() == change.field && change.from.is_none_or(|from| from.field() == change.field);
    if !fits || change.from == Some(change.to) {
        return Some(Promise::ChangesSomething);
    }
    let Some(facts) = facts else {
        return Some(Promise::OnlyMembers);
    };
    let record = facts.row.field(change.field);
    if change.release {
        let ours = record
            .ours
            .is_some_and(|ours| change.from.is_none_or(|from| from == ours.value));
        return (!(ours || record.intent.is_some()) || change.to.silences())
            .then_some(Promise::OnlyOursIsTakenBack);
    }
    // A change that was not read yet because an earlier write is unconfirmed only looks.
    if change.from.is_none() && record.intent.is_some() {
        return None;
    }
    if !facts.synchronised {
        return Some(Promise::OnlyMembers);
    }
    if !facts.presence_known {
        return Some(Promise::OnlyKnownPresence);
    }
    let humans = policy == Policy::OwnOnly
        && change.to == Value::Dnd(false)
        && change.from.is_some()
        && record.ours.is_none();
    humans.then_some(Promise::HumansDndStands)
}

/// Whether a change is one that loses calls, or takes a human's choice away.
pub(crate) fn is_disruptive(change: &Change, row: &LedgerRow) -> bool {
    let turns_on = change.to.silences();
    let not_ours = change.to == Value::Dnd(false) && row.dnd.ours.is_none();
    change.from.is_some() && !change.release && (turns_on || not_ours)
}

fn brake(sound: Vec<(Change, Option<Facts<'_>>)>, context: &Context<'_>) -> (Vec<Change>, Vec<Held>) {
    let confirm_for = context.breaker.confirm_for;
    let doubtful = |change: &Change, facts: &Option<Facts<'_>>| {
        facts.as_ref().is_some_and(|facts| {
            is_disruptive(change, facts.row)
                && facts.dnd_outcome_for < confirm_for
                && facts.approved != Some(change.to)
        })
    };
    // Members are counted, not attempts: one that is written again and again is one.
    let planned = sound.iter().filter(|(change, facts)| doubtful(change, facts));
    let mut concerned: BTreeSet<PbxUserId> = planned.map(|(change, _)| change.pbx_user).collect();
    concerned.extend(context.elsewhere);
    let trips = context.breaker.trips(concerned.len(), context.matched);
    let mut passing = Vec::with_capacity(sound.len());
    let mut held = Vec::new();
    for (change, facts) in sound {
        if trips && doubtful(&change, &facts) {
            let seen_for = facts.map(|facts| facts.dnd_outcome_for).unwrap_or_default();
            let until = context
                .now
                .wall
                .saturating_add(confirm_for.saturating_sub(seen_for))
                .unwrap_or(context.now.wall);
            held.push(Held {
                change,
                reason: HeldReason::Breaker,
                until,
            });
        } else {
            passing.push(change);
        }
    }
    (passing, held)
}
