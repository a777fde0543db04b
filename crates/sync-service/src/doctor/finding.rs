//! What a diagnosis finds at each link of the chain, before it is put into words.

use std::fmt;

use serde::Serialize;
use sync_core::{InstanceName, PortError};

/// A link of the chain, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Check {
    /// The configuration file and the files that it names.
    Configuration,
    /// The state, and whoever works on it.
    State,
    /// The names of Microsoft's hosts.
    TeamsNames,
    /// The way to Microsoft, TLS included.
    TeamsReach,
    /// This machine's clock, by those of the others.
    Clock,
    /// The sign-in to Microsoft Entra.
    TeamsSignIn,
    /// The permissions that the sign-in gives.
    TeamsPermissions,
    /// The name of the PBX.
    PbxNames,
    /// The way to the PBX, TLS included.
    PbxReach,
    /// The sign-in to the PBX.
    PbxSignIn,
    /// The users of the PBX.
    PbxUsers,
    /// The group and its size.
    Group,
    /// Who of the group is joined to a Teams user.
    Matches,
    /// The presence of one of them.
    Presence,
    /// The rules.
    Rules,
    /// The licence.
    Licence,
    /// The right to look at other users' phones.
    PbxRights,
    /// The companion module.
    Module,
    /// Another product that sets the same values.
    OtherProduct,
}

impl Check {
    /// All checks, in their order.
    pub const ALL: [Self; 19] = [
        Self::Configuration,
        Self::State,
        Self::TeamsNames,
        Self::TeamsReach,
        Self::Clock,
        Self::TeamsSignIn,
        Self::TeamsPermissions,
        Self::PbxNames,
        Self::PbxReach,
        Self::PbxSignIn,
        Self::PbxUsers,
        Self::Group,
        Self::Matches,
        Self::Presence,
        Self::Rules,
        Self::Licence,
        Self::PbxRights,
        Self::Module,
        Self::OtherProduct,
    ];

    /// The word for it, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::State => "state",
            Self::TeamsNames => "teams-names",
            Self::TeamsReach => "teams-reach",
            Self::Clock => "clock",
            Self::TeamsSignIn => "teams-sign-in",
            Self::TeamsPermissions => "teams-permissions",
            Self::PbxNames => "pbx-names",
            Self::PbxReach => "pbx-reach",
            Self::PbxSignIn => "pbx-sign-in",
            Self::PbxUsers => "pbx-users",
            Self::Group => "group",
            Self::Matches => "matches",
            Self::Presence => "presence",
            Self::Rules => "rules",
            Self::Licence => "licence",
            Self::PbxRights => "pbx-rights",
            Self::Module => "module",
            Self::OtherProduct => "other-product",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Good.
    Ok,
    /// Not tried, because something before it failed, or because there is nothing to try.
    Skipped,
    /// It works, and something should be looked at.
    Warning,
    /// It does not work.
    Failure,
}

/// What was found at one link.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which link.
    pub check: Check,
    /// The instance; `None` where the whole program is meant.
    pub instance: Option<InstanceName>,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, as a lasting word: with the check it names the text.
    pub code: &'static str,
    /// What the text is filled with.
    pub arguments: Vec<(&'static str, String)>,
    /// What belongs to it, line by line, in the words of whoever said it.
    pub details: Vec<String>,
    /// The failure of a port: whose fault it is names the remedy.
    pub error: Option<PortError>,
    /// A remedy that knows more than the fault, in English.
    pub advice: Option<String>,
}

impl Finding {
    pub(super) fn new(check: Check, verdict: Verdict, code: &'static str) -> Self {
        Self {
            check,
            instance: None,
            verdict,
            code,
            arguments: Vec::new(),
            details: Vec::new(),
            error: None,
            advice: None,
        }
    }

    /// A port failed.
    pub(super) fn failed(check: Check, error: &PortError) -> Self {
        Self {
            details: vec![error.chain()],
            error: Some(error.clone()),
            advice: error.advice.clone().map(Into::into),
            ..Self::new(check, Verdict::Failure, "failed")
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that numbers and paths can be written as they are"
    )]
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    pub(super) fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    pub(super) fn detailed(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    pub(super) fn advised(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub(super) fn of(mut self, instance: &InstanceName) -> Self {
        self.instance = Some(instance.clone());
        self
    }
}
