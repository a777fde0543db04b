//! Why settings are not changed.

use std::fmt;
use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key_path::KeyPath;
use super::revision::Revision;
use crate::config::ConfigErrors;

/// The class of reasons why settings can only be looked at, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsReadOnlyCode")]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReadOnlyCode {
    /// The file comes from elsewhere: `daemon.managed`.
    Managed,
    /// The daemon's user may not write the file, or into its folder.
    Unwritable,
}

/// Why settings can only be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsReadOnly")]
#[non_exhaustive]
pub struct ReadOnly {
    /// The class of the reason.
    pub code: ReadOnlyCode,
    /// The reason, as a lower-case fragment.
    pub message: String,
}

impl ReadOnly {
    pub(crate) fn new(code: ReadOnlyCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Settings were not changed: the file and its secrets are as they were.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Somebody else has changed the file meanwhile.
    #[error("the file was changed meanwhile: the edit is for revision {ours}, and the file is at {theirs}")]
    Stale {
        /// The revision that the edit was made for.
        ours: Revision,
        /// The revision of the file.
        theirs: Revision,
    },
    /// Settings can only be looked at.
    #[error("{0}")]
    ReadOnly(ReadOnly),
    /// What the file would say is no good configuration; or what it says now is not even TOML.
    #[error("the configuration would not be good\n{0}")]
    NotGood(ConfigErrors),
    /// The change does not fit the file.
    #[error("`{key}` cannot be changed: {what}")]
    Impossible {
        /// The key.
        key: KeyPath,
        /// Why not.
        what: String,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl EditError {
    pub(super) fn impossible(key: &KeyPath, what: impl Into<String>) -> Self {
        Self::Impossible {
            key: key.clone(),
            what: what.into(),
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "look at the settings as they are now, and change them again",
            Self::ReadOnly(ReadOnly {
                code: ReadOnlyCode::Managed,
                ..
            }) => "change the file where it comes from, or write `managed = false` into it",
            Self::ReadOnly(_) => {
                "let the daemon's user write the file and into its folder, or change the file by hand and reload the daemon"
            }
            Self::NotGood(_) => "mend what is named; nothing was changed",
            Self::Impossible { .. } => "the keys are explained in docs/configuration.md",
            Self::Write { .. } => {
                "look for a full disk, and let the daemon's user write there; nothing was changed"
            }
        }
    }
}
