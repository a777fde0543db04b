use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::rules::List;

/// What the linter has to say about one pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Remark {
    /// The list in which the pattern stands.
    pub list: List,
    /// The pattern as it was written.
    pub pattern: String,
    /// What is odd about it.
    pub problem: Problem,
    /// A pattern that may have been meant.
    pub suggestion: Option<String>,
}

/// What is odd about a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// It names an availability that this version does not know, and such a presence is unknown: it never wins.
    UnknownAvailability {
        /// The word.
        word: String,
    },
    /// It names `PresenceUnknown`, which changes nothing: it never wins.
    NamesUnknown,
    /// A pattern before it in the same list names the same presences: it never wins.
    Repeated {
        /// The pattern before it.
        other: String,
    },
    /// Others take every presence that it fits: it never wins.
    Shadowed {
        /// The patterns that take them.
        by: Vec<String>,
    },
    /// It names an activity that this version does not know; it wins for that very word alone.
    UnknownActivity {
        /// The word.
        word: String,
    },
    /// Its availability is one of the newer page's words, which stand for a pair whatever the activity says.
    ActivityIgnored {
        /// The pair.
        read_as: String,
    },
}

impl Remark {
    /// The pattern can never decide anything.
    pub fn never_wins(&self) -> bool {
        match self.problem {
            Problem::UnknownAvailability { .. }
            | Problem::NamesUnknown
            | Problem::Repeated { .. }
            | Problem::Shadowed { .. } => true,
            Problem::UnknownActivity { .. } | Problem::ActivityIgnored { .. } => false,
        }
    }
}

impl Display for Remark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in `{}` ", self.pattern, self.list)?;
        match &self.problem {
            Problem::UnknownAvailability { word } => {
                write!(
                    f,
                    "can never win: `{word}` is no known availability, so a presence with it is unknown"
                )?;
            }
            Problem::NamesUnknown => {
                f.write_str("can never win: `PresenceUnknown` says nothing, so nothing is decided by it")?;
            }
            Problem::Repeated { other } => write!(f, "can never win: it repeats `{other}`")?,
            Problem::Shadowed { by } => {
                f.write_str("can never win: all that it fits is taken by ")?;
                for (position, pattern) in by.iter().enumerate() {
                    write!(f, "{}`{pattern}`", if position == 0 { "" } else { ", " })?;
                }
            }
            Problem::UnknownActivity { word } => {
                write!(f, "wins only if Teams says `{word}`, which is no known activity")?;
            }
            Problem::ActivityIgnored { read_as } => {
                write!(f, "is read as `{read_as}`, whatever its activity says")?;
            }
        }
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}
