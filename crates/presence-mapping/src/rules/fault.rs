use std::fmt::{self, Display, Formatter};

use crate::{outcome::ChatRule, pattern::PatternError, rules::List};

/// Every fault of a table, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesError {
    faults: Vec<RuleFault>,
}

impl RulesError {
    pub(crate) fn new(faults: Vec<RuleFault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self { faults })
    }

    /// The faults, in the order of the table.
    pub fn faults(&self) -> &[RuleFault] {
        &self.faults
    }
}

impl Display for RulesError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.faults.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RulesError {}

/// One fault of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFault {
    /// A text is not a pattern.
    #[error("`{pattern}` in `{list}` {reason}")]
    NotAPattern {
        /// The list in which it stands.
        list: List,
        /// The text as it was written.
        pattern: String,
        /// What is wrong with it.
        reason: PatternError,
    },
    /// `dnd` and `leave` name the same presences, so that neither is the more specific.
    #[error("`{leave}` in `leave` names the same presences as `{dnd}` in `dnd`")]
    InBothLists {
        /// The pattern as `dnd` has it.
        dnd: String,
        /// The pattern as `leave` has it.
        leave: String,
    },
    /// Two chat overrides name the same presences and want different things.
    #[error(
        "`{first}` and `{second}` in `chat` name the same presences, but one says {first_rule} and the other {second_rule}"
    )]
    ChatContradiction {
        /// The first of the two patterns.
        first: String,
        /// What it says.
        first_rule: ChatRule,
        /// The second of the two patterns.
        second: String,
        /// What it says.
        second_rule: ChatRule,
    },
}

impl RuleFault {
    /// Where the fault is: the list, and the pattern in it that is to be changed.
    pub fn place(&self) -> (List, &str) {
        match self {
            Self::NotAPattern { list, pattern, .. } => (*list, pattern),
            Self::InBothLists { leave, .. } => (List::Leave, leave),
            Self::ChatContradiction { second, .. } => (List::Chat, second),
        }
    }
}
