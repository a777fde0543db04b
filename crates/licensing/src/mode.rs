//! Operating modes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a licence permits an instance to do. Complete for licences of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OperatingMode {
    /// Presence is kept in line.
    PresenceSync,
    /// Everything, presence among it.
    FullIntegration,
}

impl OperatingMode {
    /// All modes, the smaller first.
    pub const ALL: [Self; 2] = [Self::PresenceSync, Self::FullIntegration];

    /// The word for it: `presence-sync` or `full-integration`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PresenceSync => "presence-sync",
            Self::FullIntegration => "full-integration",
        }
    }

    /// Whether a licence for this mode covers an instance that runs in `other`.
    pub fn includes(self, other: Self) -> bool {
        self >= other
    }
}

impl fmt::Display for OperatingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no operating mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no operating mode: write `presence-sync` or `full-integration`")]
pub struct NotAMode(pub String);

impl FromStr for OperatingMode {
    type Err = NotAMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| NotAMode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_mode_includes_the_smaller_one_and_not_the_other_way_round() {
        use OperatingMode::{FullIntegration, PresenceSync};
        assert!(FullIntegration.includes(PresenceSync));
        assert!(FullIntegration.includes(FullIntegration));
        assert!(PresenceSync.includes(PresenceSync));
        assert!(!PresenceSync.includes(FullIntegration));
    }
}
