//! The names of the links to the outside, and which of them help each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::refusals::Side;

/// A link to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LinkName {
    /// Presence of Microsoft Graph.
    Presence,
    /// The directory of Microsoft Graph.
    Directory,
    /// Users and groups of the PBX.
    Roster,
    /// The phone configuration in the PBX.
    Pbx,
    /// The companion module for the chat status.
    Chat,
    /// Our own state.
    Ledger,
}

impl LinkName {
    /// All links.
    pub const ALL: [Self; 6] = [
        Self::Presence,
        Self::Directory,
        Self::Roster,
        Self::Pbx,
        Self::Chat,
        Self::Ledger,
    ];

    /// The links that may start once this one has succeeded, itself among them.
    pub(super) fn helped(self) -> &'static [Self] {
        match self {
            Self::Presence | Self::Directory => Side::Teams.links(),
            Self::Roster | Self::Pbx | Self::Chat => Side::Pbx.links(),
            Self::Ledger => &[Self::Ledger],
        }
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presence => "presence",
            Self::Directory => "directory",
            Self::Roster => "roster",
            Self::Pbx => "pbx",
            Self::Chat => "chat",
            Self::Ledger => "ledger",
        })
    }
}
