//! What is wrong with a file, said so that an operator can mend it.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place in the file. Both numbers start at 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsPosition")]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

/// The classes of faults, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsFaultKind")]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// There is no configuration file: the daemon starts in set-up mode.
    FileAbsent,
    /// The configuration file cannot be read.
    FileUnreadable,
    /// The text is not TOML.
    Syntax,
    /// A key that does not exist.
    UnknownKey,
    /// A value of another type than the key wants.
    WrongType,
    /// A value of the right type that means nothing here.
    BadValue,
    /// A required key is missing.
    Missing,
    /// A file that a key names cannot be used.
    NamedFile,
    /// Two settings exclude each other.
    Contradiction,
}

/// One fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsFault")]
#[non_exhaustive]
pub struct Fault {
    /// Where it stands; `None` where the whole file is meant.
    pub position: Option<Position>,
    /// The path of the key, such as `instances.main.sync.poll_interval`; `None` where no key is meant.
    pub key: Option<String>,
    /// The class.
    pub kind: FaultKind,
    /// What is wrong: a lower-case fragment. It never holds the contents of a secret file.
    pub what: String,
    /// What to write or do instead.
    pub hint: Option<String>,
}

/// Something that is legal and probably not meant, or that will not work for a reason outside the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsWarning")]
#[non_exhaustive]
pub struct Warning {
    /// Where it stands; `None` where the whole file is meant.
    pub position: Option<Position>,
    /// The path of the key; `None` where no key is meant.
    pub key: Option<String>,
    /// What is to be known: a lower-case fragment.
    pub what: String,
}

/// All faults of one file, in the order of the file.
///
/// Displayed, each fault is a line `file:line:column: key: what`, followed by an indented line with the hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
pub struct ConfigErrors {
    file: PathBuf,
    faults: Vec<Fault>,
}

impl ConfigErrors {
    pub(super) fn new(file: &Path, faults: Vec<Fault>) -> Self {
        debug_assert!(!faults.is_empty(), "a refusal without a reason");
        Self {
            file: file.to_owned(),
            faults,
        }
    }

    /// The file, as it was named by the caller.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The faults in the order of the file, at least one.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether the file does not exist at all, which is no fault for a daemon that is yet to be set up.
    pub fn is_absent(&self) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.kind == FaultKind::FileAbsent)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            line(f, &self.file, fault.position, fault.key.as_deref(), &fault.what)?;
            if let Some(hint) = &fault.hint {
                write!(f, "\n    hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl Warning {
    /// The warning as a line `file:line:column: key: what`, in the form of [`ConfigErrors`].
    pub fn in_file<'a>(&'a self, file: &'a Path) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| line(f, file, self.position, self.key.as_deref(), &self.what))
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    file: &Path,
    position: Option<Position>,
    key: Option<&str>,
    what: &str,
) -> fmt::Result {
    write!(f, "{}:", file.display())?;
    if let Some(Position { line, column }) = position {
        write!(f, "{line}:{column}:")?;
    }
    if let Some(key) = key {
        write!(f, " `{key}`:")?;
    }
    write!(f, " {what}")
}
