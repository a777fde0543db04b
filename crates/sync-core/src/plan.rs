//! The plan: a pure value that says what one pass would change, and what it holds back or skips, each with its reason.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::gate::GateView;
use crate::ids::{Address, InstanceName, PbxUserId};
use crate::value::{Field, Value};

/// The version of the plan's JSON form.
pub const PLAN_VERSION: u32 = 1;

/// The id of a plan: a ULID of its time and its content, so that equal plans of one instant have one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = "^[0-9A-HJKMNP-TV-Z]{26}$"))
)]
#[serde(try_from = "String", into = "String")]
pub struct PlanId(Ulid);

impl PlanId {
    fn of(at: Timestamp, instance: &InstanceName, changes: &[Change], held: &[Held]) -> Self {
        Self::new(at, &(instance, changes, held))
    }

    /// The id of what is held: it stays the same for as long as the same is held, so that it can be approved.
    pub(crate) fn of_held(since: Timestamp, instance: &InstanceName, content: &impl Hash) -> Self {
        Self::new(since, &(instance, "held", content))
    }

    fn new(at: Timestamp, content: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let low = hasher.finish();
        // A plan may be long, and its id is no secret: the other half is made of what was hashed, and not of the plan again.
        0_u8.hash(&mut hasher);
        let random = (u128::from(hasher.finish()) << 64) | u128::from(low);
        Self(Ulid::from_parts(
            u64::try_from(at.as_millisecond()).unwrap_or_default(),
            random & ((1 << 80) - 1),
        ))
    }
}

impl FromStr for PlanId {
    type Err = NotAPlanId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ulid::from_string(text)
            .map(Self)
            .map_err(|_| NotAPlanId(text.to_owned()))
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.to_string()
    }
}

/// A text that is no plan id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plan id")]
pub struct NotAPlanId(pub String);

impl TryFrom<String> for PlanId {
    type Error = NotAPlanId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Everything that one pass would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// The version of this form.
    pub version: u32,
    /// The instance.
    pub instance: InstanceName,
    /// The plan's id. Where something is held it is the one to approve, and stays while the same is held.
    #[serde(rename = "plan")]
    pub id: PlanId,
    /// When it was made.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::DateTime"))]
    pub at: Timestamp,
    /// How many members the group has.
    pub members: usize,
    /// What would be written.
    pub changes: Vec<Change>,
    /// What would be written, and is held back.
    pub held: Vec<Held>,
    /// Members that are not synchronised.
    pub skipped: Vec<Skipped>,
    /// Why nobody is synchronised: the licence does not cover the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateView>,
}

impl Plan {
    /// A plan of these parts, with its id.
    pub fn new(
        instance: InstanceName,
        at: Timestamp,
        members: usize,
        changes: Vec<Change>,
        held: Vec<Held>,
        skipped: Vec<Skipped>,
    ) -> Self {
        let id = PlanId::of(at, &instance, &changes, &held);
        Self {
            version: PLAN_VERSION,
            instance,
            id,
            at,
            members,
            changes,
            held,
            skipped,
            gate: None,
        }
    }

    /// The plan behind a shut gate: one entry for the gate, and no changes. What is ours and is being taken back is counted
    /// in the entry.
    #[must_use]
    pub fn behind(self, gate: GateView) -> Self {
        let (changes, held) = (Vec::new(), Vec::new());
        Self {
            gate: Some(gate),
            ..Self::new(self.instance, self.at, self.members, changes, held, self.skipped)
        }
    }

    /// Whether a pass would write nothing and holds nothing back, the gate among what can hold.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.held.is_empty() && self.gate.is_none()
    }
}

/// One change of one field of one member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The member's address.
    pub address: Option<Address>,
    /// The member.
    pub pbx_user: PbxUserId,
    /// What is changed.
    pub field: Field,
    /// What stands there: the precondition. `None` while the PBX was not read.
    pub from: Option<Value>,
    /// What will stand there.
    pub to: Value,
    /// Why.
    pub because: Because,
    /// Whether this takes our own value back instead of carrying out an outcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub release: bool,
}

// The changes of one plan share the texts.
/// Why a change is made: what Teams said, and the rule that it matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Because {
    /// The presence, such as `Busy/InACall`; `unknown` where it is not known.
    pub presence: Arc<str>,
    /// The rule that won, or the reason of a release.
    pub rule: Arc<str>,
}

/// A change that is held back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Held {
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// Why it is held.
    pub reason: HeldReason,
    /// When it will pass if the outcome stays the same.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::DateTime"))]
    pub until: Timestamp,
}

/// Why a change is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HeldReason {
    /// Too many members would change at once.
    Breaker,
}

/// A member that is not synchronised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Skipped {
    /// The member's address, where it has one.
    pub address: Option<Address>,
    /// The member.
    pub pbx_user: PbxUserId,
    /// Why.
    pub reason: SkipReason,
}

/// Why a member is not synchronised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The PBX has no e-mail address for the member.
    NoAddress,
    /// No Teams user has the address, or the directory did not answer yet.
    NoTeamsUser,
    /// More than one Teams user or member could be meant.
    Ambiguous,
    /// The group lists the member, but the list of users does not show it.
    Unresolved,
    /// The operator excluded the address.
    Excluded,
    /// The instance or the member is paused.
    Paused,
    /// Writing for the member was stopped, because something else keeps changing the value back.
    Stopped,
    /// Another instance synchronises this PBX user.
    OtherInstance,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::NoAddress,
        Self::NoTeamsUser,
        Self::Ambiguous,
        Self::Unresolved,
        Self::Excluded,
        Self::Paused,
        Self::Stopped,
        Self::OtherInstance,
    ];
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "no-address",
            Self::NoTeamsUser => "no-teams-user",
            Self::Ambiguous => "ambiguous",
            Self::Unresolved => "unresolved",
            Self::Excluded => "excluded",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::OtherInstance => "other-instance",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_is_the_promised_one() {
        let at: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let change = Change {
            address: "a@example.com".parse().ok(),
            pbx_user: PbxUserId(1004),
            field: Field::Dnd,
            from: Some(Value::Dnd(false)),
            to: Value::Dnd(true),
            because: Because {
                presence: "Busy/InACall".into(),
                rule: "Busy/InACall".into(),
            },
            release: false,
        };
        let skipped = Skipped {
            address: "b@example.com".parse().ok(),
            pbx_user: PbxUserId(1005),
            reason: SkipReason::NoTeamsUser,
        };
        let plan = Plan::new(
            InstanceName("main".into()),
            at,
            3,
            vec![change],
            vec![],
            vec![skipped],
        );
        let id = plan.id.to_string();
        assert_eq!(
            serde_json::to_string(&plan).unwrap(),
            r#"{"version":1,"instance":"main","plan":"ID","at":"2026-11-23T09:00:00Z","members":3,"changes":[{"address":"a@example.com","pbx_user":1004,"field":"dnd","from":false,"to":true,"because":{"presence":"Busy/InACall","rule":"Busy/InACall"}}],"held":[],"skipped":[{"address":"b@example.com","pbx_user":1005,"reason":"no-teams-user"}]}"#
                .replace("ID", &id)
        );
        assert_eq!(
            serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(),
            plan
        );
    }

    #[test]
    fn equal_plans_of_one_instant_have_one_id() {
        let plan = |members| {
            Plan::new(
                InstanceName("main".into()),
                Timestamp::UNIX_EPOCH,
                members,
                vec![],
                vec![],
                vec![],
            )
        };
        assert_eq!(plan(1).id, plan(2).id);
        let other = Plan::new(
            InstanceName("other".into()),
            Timestamp::UNIX_EPOCH,
            1,
            vec![],
            vec![],
            vec![],
        );
        assert_ne!(plan(1).id, other.id);
    }
}
