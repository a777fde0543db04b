//! What the engine shows, as values: the local API and the command line print them as they are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use licensing::OperatingMode;
use presence_mapping::{Explanation, Presence};
use serde::{Deserialize, Serialize};

use super::LinkName;
use crate::fault::Remedy;
use crate::field_record::LastWrite;
use crate::gate::GateView;
use crate::ids::{Address, InstanceName, Login, PbxUserId, TeamsUserId};
use crate::ledger_row::Pause;
use crate::plan::{Because, PlanId, SkipReason};
use crate::planner::Mode;
use crate::policy::{Policy, Rest};
use crate::roster::Standing;
use crate::value::{Field, Value};

/// Whether an instance does its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Readiness {
    /// The verdict.
    pub state: Health,
    /// Why it is not better.
    pub reasons: Vec<String>,
}

/// How well an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Presence is read and kept in line.
    Ready,
    /// DND works; the chat status does not, or something else is not as it should be.
    Degraded,
    /// It does not.
    NotReady,
}

/// One instance at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InstanceView {
    /// The instance.
    pub instance: InstanceName,
    /// `running`, `paused` or `releasing`.
    pub mode: Mode,
    /// When a pause ends by itself.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub paused_until: Option<Timestamp>,
    /// Whether it only observes.
    pub observe: bool,
    /// The policy.
    pub policy: Policy,
    /// Whether it does its work.
    pub readiness: Readiness,
    /// The licence; `None` where none is asked for.
    pub licence: Option<LicenceView>,
    /// Members of the group.
    pub members: usize,
    /// Members joined to a Teams user.
    pub matched: usize,
    /// Members that are not synchronised, by reason.
    pub skipped: BTreeMap<SkipReason, usize>,
    /// Members whose presence is unknown.
    pub unknown: usize,
    /// Values in the PBX that are ours.
    pub owned: usize,
    /// Changes that wait.
    pub due: usize,
    /// Changes held by the breaker.
    pub held: usize,
    /// What is held, as the plan to approve; a held roster is part of it.
    pub held_plan: Option<PlanId>,
    /// Each link.
    pub links: Vec<LinkView>,
    /// Seconds from one sweep to the next.
    pub sweep_interval_seconds: f64,
    /// Age of the last complete sweep in seconds.
    pub sweep_age_seconds: Option<f64>,
    /// Age of the oldest presence of a matched member in seconds.
    pub presence_age_seconds: Option<f64>,
    /// Age of the roster in seconds.
    pub roster_age_seconds: Option<f64>,
    /// Sweeps that were complete since the start.
    pub sweeps: u64,
    /// Calls for presence between two sweeps, for whoever had just changed, since the start.
    pub looks: u64,
    /// Rosters that were read since the start.
    pub rosters: u64,
    /// Members whose phone configuration was read in rotation since the start.
    pub readbacks: u64,
    /// Changes that the PBX confirmed since the start.
    pub changes: u64,
    /// How often the PBX was found to differ from what was carried out.
    pub drifts: u64,
    /// Values in the PBX that differ from what was carried out, as far as they were read.
    pub drifted: usize,
    /// Whether a first pass over everybody is through and nothing is under way.
    pub settled: bool,
}

/// The licence of an instance, and whether it suffices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LicenceView {
    /// `open`, `shut`, or `unchecked` until group and seats are known.
    pub gate: String,
    /// Why nobody is synchronised.
    pub shut: Option<GateView>,
    /// The licence's number; this and what follows `None` where none was verified.
    pub number: Option<String>,
    /// Whom it is for.
    pub customer: Option<String>,
    /// What it permits.
    pub mode: Option<OperatingMode>,
    /// Its seats.
    pub seats: Option<u32>,
    /// Seats in use, over all instances that share it; `None` until they were counted.
    pub used: Option<usize>,
    /// When it begins.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub from: Option<Timestamp>,
    /// When it ends.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub until: Option<Timestamp>,
    /// Days of grace after that.
    pub grace_days: Option<u16>,
    /// The PBX that it is bound to.
    pub pbx: Option<String>,
    /// What somebody should know about it while it goes on.
    pub warnings: Vec<LicenceWarning>,
}

impl LicenceView {
    /// How many seats are needed, as far as somebody has counted.
    pub fn needed(&self) -> Option<usize> {
        self.shut.as_ref().and_then(|shut| shut.needed).or(self.used)
    }
}

/// Something that should be known about a licence that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LicenceWarning {
    /// A lasting word: `ending`, `grace`, `not-replaced` or `clock-set-back`.
    pub code: String,
    /// The warning for people.
    pub message: String,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkView {
    /// The link.
    pub link: LinkName,
    /// `up`, `down` or `unused`.
    pub state: String,
    /// What failed.
    pub error: Option<String>,
    /// Whose fault it is.
    pub fault: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// The same as a word, for whoever says it in another language; where more is known than the fault tells.
    #[serde(default)]
    pub remedy: Option<RemedyView>,
    /// Since when it is down.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub since: Option<Timestamp>,
    /// Seconds until it is tried again.
    pub retry_in_seconds: Option<f64>,
    /// Age of the last success in seconds.
    pub last_success_seconds: Option<f64>,
}

/// What in particular is to be done about a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RemedyView {
    /// A lasting word for it.
    pub word: String,
    /// What its text is filled with, by name: an address to open, for example.
    pub arguments: BTreeMap<String, String>,
}

impl From<&Remedy> for RemedyView {
    fn from(remedy: &Remedy) -> Self {
        let arguments = remedy.arguments.iter();
        Self {
            word: remedy.word.to_owned(),
            arguments: arguments
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }
}

/// One member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberView {
    /// The PBX user.
    pub pbx_user: PbxUserId,
    /// The login.
    pub login: Login,
    /// First and family name.
    pub name: String,
    /// The address.
    pub address: Option<Address>,
    /// The Teams user.
    pub teams_user: Option<TeamsUserId>,
    /// Why the member is not synchronised.
    pub skipped: Option<SkipReason>,
    /// The operator's pause of the member.
    pub paused: Option<Pause>,
    /// For how many seconds more DND is not written, because something else kept changing it back.
    pub stopped_for_seconds: Option<f64>,
    /// How the member stands to Teams, with the candidates where it is ambiguous; `None` after leaving the group.
    pub standing: Option<Standing>,
    /// What Teams said last.
    pub presence: Option<Presence>,
    /// Since when it says that.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub since: Option<Timestamp>,
    /// Age of the last answer in seconds.
    pub age_seconds: Option<f64>,
    /// For how many seconds the presence is unknown.
    pub unknown_for_seconds: Option<f64>,
    /// Why it is unknown.
    pub unknown_because: Option<UnknownBecause>,
    /// In how many seconds what is ours is taken back, if it stays unknown; `None` where that does not happen.
    pub taken_back_in_seconds: Option<f64>,
    /// Do Not Disturb.
    pub dnd: FieldView,
    /// The chat status; `None` where it is not synchronised.
    pub chat: Option<FieldView>,
}

/// One field of one member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldView {
    /// What the PBX said last.
    pub pbx: Option<Value>,
    /// Age of that reading in seconds.
    pub read_seconds: Option<f64>,
    /// What is wanted.
    pub wanted: Option<Value>,
    /// Whose value stands there.
    pub owner: OwnerView,
    /// What stood there before ours.
    pub before: Option<Value>,
    /// Since when it is ours.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub ours_since: Option<Timestamp>,
    /// What is under way.
    pub work: WorkView,
    /// Why nothing is.
    pub rest: Option<Rest>,
    /// Whether the PBX differs from what was carried out last.
    pub drift: bool,
    /// Our last confirmed write.
    pub last_write: Option<LastWrite>,
}

/// Whose value stands in the PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OwnerView {
    /// Our own write put it there.
    Us,
    /// A write of ours is not confirmed.
    Unconfirmed,
    /// Somebody else, as far as we know.
    Others,
}

/// What is under way for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WorkView {
    /// Nothing.
    None,
    /// Something is due and waits, for a link or after a failure.
    Due,
    /// The breaker holds it.
    Held,
    /// The PBX is read.
    Reading,
    /// The PBX is written, or the intent is stored for that.
    Writing,
}

/// Why the presence of a member is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnknownBecause {
    /// Teams itself says that it does not know, or something that cannot be read.
    Said,
    /// The answer left this person out.
    LeftOut,
    /// Teams did not answer.
    NoAnswer,
    /// The member is joined to no Teams user.
    NotJoined,
}

/// Why a member is as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainView {
    /// The instance.
    pub instance: InstanceName,
    /// What the instance does.
    pub mode: Mode,
    /// When a pause of the instance ends by itself.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
    pub paused_until: Option<Timestamp>,
    /// Whether the instance only plans and reports.
    pub observe: bool,
    /// The policy.
    pub policy: Policy,
    /// The shut gate, where nobody is synchronised because of the licence.
    pub gate: Option<GateView>,
    /// Links that are down.
    pub links: Vec<LinkView>,
    /// The member.
    pub member: MemberView,
    /// Changes that are due or under way, at most one of each field.
    pub changes: Vec<DueView>,
    /// The rules that won and lost, for the presence last seen.
    pub rules: Option<RuleView>,
    /// Seconds until presence is read again.
    pub next_check_seconds: Option<f64>,
}

/// A change that is due, or under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DueView {
    /// What is changed.
    pub field: Field,
    /// What will stand there.
    pub to: Value,
    /// Why.
    pub because: Because,
    /// Whether this takes our own value back instead of carrying out an outcome.
    pub release: bool,
    /// What it waits for, where it does.
    pub waits: Option<WaitView>,
}

/// What a change waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "for", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WaitView {
    /// For the breaker: the same outcome has to be seen for longer, or somebody has to approve it.
    Breaker {
        /// The plan that can be approved.
        plan: Option<PlanId>,
        /// When it passes if the outcome stays the same.
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::DateTime"))]
        until: Timestamp,
    },
    /// For a link that is down.
    Link {
        /// Which.
        link: LinkName,
    },
    /// For the next try, after a failure that concerns this member alone.
    Retry {
        /// What failed.
        error: String,
        /// In how many seconds it is tried again.
        seconds: f64,
    },
    /// For the first list of users, which says who has the PBX user's id now.
    Roster,
    /// For the end of `observe`: nothing is written until then.
    Observe,
}

/// The rules for one presence.
pub type RuleView = Explanation;
