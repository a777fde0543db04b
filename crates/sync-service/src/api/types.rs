//! What the local API says: versioned, documented in `docs/local-api.md`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_adapters::starface::GroupChoice;
use sync_core::{ExplainView, InstanceName, InstanceView, MemberPage, MemberView, Plan};

/// The version of every answer's form.
pub const API_VERSION: u32 = 1;

/// The daemon and its instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The version of this form.
    pub version: u32,
    /// The daemon.
    pub daemon: DaemonStatus,
    /// The instances, by name.
    pub instances: Vec<InstanceStatus>,
}

/// The daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonStatus {
    /// The program's version.
    pub program: String,
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    #[schemars(with = "sync_core::schema::DateTime")]
    pub started: Timestamp,
    /// What the operator should know of the daemon as a whole.
    pub notices: Vec<String>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceStatus {
    /// Its name.
    pub instance: InstanceName,
    /// What it does.
    pub state: InstanceState,
    /// Why it does not run.
    pub reason: Option<String>,
    /// What an operator should know of it however it does.
    #[serde(default)]
    pub notices: Vec<String>,
    /// How it signs in to Microsoft; null where no daemon was asked.
    #[serde(default)]
    pub sign_in: Option<SignInStatus>,
    /// How it does, while it runs.
    pub view: Option<InstanceView>,
}

/// How an instance signs in to Microsoft, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignInStatus {
    /// `client-secret`, `client-certificate`, `browser` or `device-code`.
    pub auth: String,
    /// The id of the app.
    pub client_id: String,
    /// Until when the app's certificate is good; null for every other way.
    #[schemars(with = "Option<sync_core::schema::DateTime>")]
    pub valid_until: Option<Timestamp>,
    /// Whether somebody has signed in; null where nobody has to, and where it cannot be told.
    pub signed_in: Option<bool>,
    /// Who it was, mostly an e-mail address; null where that is not known.
    pub account: Option<String>,
}

/// One instance, asked for by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceAnswer {
    /// The version of this form.
    pub version: u32,
    /// How it does.
    #[serde(flatten)]
    pub status: InstanceStatus,
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum InstanceState {
    /// It is being started.
    Starting,
    /// Another process has its lease.
    Waiting,
    /// It runs.
    Running,
    /// It could not be started, and is tried again.
    Failed,
    /// The configuration turned it off.
    Disabled,
    /// It was stopped.
    Stopped,
}

/// The members of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MembersAnswer {
    /// The version of this form.
    pub version: u32,
    /// The instance.
    pub instance: InstanceName,
    /// The members, by PBX user.
    pub members: Vec<MemberView>,
}

/// A page of the members of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeopleAnswer {
    /// The version of this form.
    pub version: u32,
    /// The instance.
    pub instance: InstanceName,
    /// What was found.
    #[serde(flatten)]
    pub found: MemberPage,
}

/// The groups of the PBX of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupsAnswer {
    /// The version of this form.
    pub version: u32,
    /// The instance.
    pub instance: InstanceName,
    /// The groups that its user of the PBX may see, by name.
    pub groups: Vec<GroupAnswer>,
}

/// A group of the PBX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupAnswer {
    /// Its id: what `starface.group_id` names.
    pub id: i64,
    /// Its name: what `starface.group` names.
    pub name: String,
    /// How many members it has; `None` where that was not read, which it is for the first forty groups.
    pub members: Option<usize>,
}

impl From<GroupChoice> for GroupAnswer {
    fn from(group: GroupChoice) -> Self {
        Self {
            id: group.id.value(),
            name: group.name,
            members: group.members,
        }
    }
}

/// The plans of all running instances. A single instance's plan is a plain [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlansAnswer {
    /// The version of this form.
    pub version: u32,
    /// One plan for each instance.
    pub plans: Vec<Plan>,
}

/// Why the members with one address are as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainAnswer {
    /// The version of this form.
    pub version: u32,
    /// One explanation for each member with the address; none where nobody has it.
    pub explanations: Vec<ExplainView>,
}

/// The answer to an order such as `pause`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderAnswer {
    /// The version of this form.
    pub version: u32,
    /// The instance as it is afterwards.
    pub instance: InstanceStatus,
}

/// A one-time link to the administrator's page. It is a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetupLinkAnswer {
    /// The version of this form.
    pub version: u32,
    /// The link.
    pub link: String,
    /// How long it is good, in seconds.
    pub expires_in_seconds: u64,
}

impl std::fmt::Debug for SetupLinkAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupLinkAnswer")
            .field("expires_in_seconds", &self.expires_in_seconds)
            .finish_non_exhaustive()
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorAnswer {
    /// The version of this form.
    pub version: u32,
    /// What went wrong, as a lower-case fragment.
    pub error: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Whether the daemon or an instance does its work (`/readyz`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadyAnswer {
    /// `ready`, `degraded` or `not-ready`.
    pub status: String,
    /// Why it is not better. Carries no addresses.
    pub reasons: Vec<String>,
}
