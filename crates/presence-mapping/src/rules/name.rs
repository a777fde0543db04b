use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter},
};

use serde::{Serialize, Serializer};

use crate::{pattern::Pattern, vocabulary::BaseAvailability};

/// The rule that decided a field; printed and serialised as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleName<'r> {
    /// A pattern of the operator's table; its text as it was written.
    Pattern(&'r Pattern),
    /// A row of the product's chat table: `Busy`.
    ChatTable(BaseAvailability),
    /// The presence is known and no list names it, so DND goes off: `otherwise-off`.
    OtherwiseOff,
    /// The activity is not known and no pattern fits without it, so DND is left: `unknown-activity`.
    UnknownActivity,
    /// The presence is unknown and nothing is changed: `unknown-presence`.
    UnknownPresence,
}

impl<'r> RuleName<'r> {
    /// The text that [`Display`] prints.
    pub fn as_str(self) -> &'r str {
        match self.text() {
            Ok(word) => word,
            Err(pattern) => pattern.as_str(),
        }
    }

    /// The operator's pattern, where one decided.
    pub fn pattern(self) -> Option<&'r Pattern> {
        self.text().err()
    }

    /// The text, free of the rules it came from; a built-in rule costs no allocation.
    pub fn into_owned(self) -> Cow<'static, str> {
        match self.text() {
            Ok(word) => Cow::Borrowed(word),
            Err(pattern) => Cow::Owned(pattern.as_str().to_owned()),
        }
    }

    /// The fixed word of a built-in rule, or else the pattern.
    fn text(self) -> Result<&'static str, &'r Pattern> {
        match self {
            Self::Pattern(pattern) => Err(pattern),
            Self::ChatTable(row) => Ok(row.as_str()),
            Self::OtherwiseOff => Ok("otherwise-off"),
            Self::UnknownActivity => Ok("unknown-activity"),
            Self::UnknownPresence => Ok("unknown-presence"),
        }
    }
}

impl Display for RuleName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for RuleName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
