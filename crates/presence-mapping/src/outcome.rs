use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// What is to become of a member: one answer for each of the two fields.
///
/// Complete: the product keeps these two fields in line and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Outcome {
    /// Do Not Disturb.
    pub dnd: DndOutcome,
    /// The chat status.
    pub chat: ChatOutcome,
}

impl Outcome {
    /// Change nothing at all: the outcome of an unknown presence.
    pub const LEAVE: Self = Self {
        dnd: DndOutcome::Leave,
        chat: ChatOutcome::Leave,
    };
}

/// What rules say about Do Not Disturb.
///
/// Complete: DND has two states, and the third answer is not to touch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DndOutcome {
    /// It is to be on.
    On,
    /// It is to be off.
    Off,
    /// It stays as it is.
    Leave,
}

/// A chat status that can be set, written `available`, `away` or `do-not-disturb`.
///
/// Complete: more than these the companion module of the PBX is never asked to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChatStatus {
    /// Free to chat.
    Available,
    /// Away.
    Away,
    /// Not to be disturbed.
    DoNotDisturb,
}

/// What rules say about the chat status; serialised as one word, like [`ChatRule`].
///
/// Complete: set it or do not touch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "ChatRule", into = "ChatRule")]
pub enum ChatOutcome {
    /// It is to be this.
    Set(ChatStatus),
    /// It stays as it is.
    Leave,
}

/// The value of an operator's chat override: a status, or `leave`.
///
/// Complete, and the same four words as [`ChatOutcome`] has, flat as configuration writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChatRule {
    /// Set `available`.
    Available,
    /// Set `away`.
    Away,
    /// Set `do-not-disturb`.
    DoNotDisturb,
    /// Change nothing.
    Leave,
}

impl From<ChatRule> for ChatOutcome {
    fn from(rule: ChatRule) -> Self {
        match rule {
            ChatRule::Available => Self::Set(ChatStatus::Available),
            ChatRule::Away => Self::Set(ChatStatus::Away),
            ChatRule::DoNotDisturb => Self::Set(ChatStatus::DoNotDisturb),
            ChatRule::Leave => Self::Leave,
        }
    }
}

impl From<ChatOutcome> for ChatRule {
    fn from(outcome: ChatOutcome) -> Self {
        match outcome {
            ChatOutcome::Set(ChatStatus::Available) => Self::Available,
            ChatOutcome::Set(ChatStatus::Away) => Self::Away,
            ChatOutcome::Set(ChatStatus::DoNotDisturb) => Self::DoNotDisturb,
            ChatOutcome::Leave => Self::Leave,
        }
    }
}

/// A word is none of those that configuration and stored rows use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct UnknownWord {
    found: String,
    expected: &'static str,
}

/// Ties an enum to its words, the same that serde writes.
macro_rules! words {
    ($name:ident, $expected:literal, $($variant:ident $word:literal),+) => {
        impl $name {
            /// The word that configuration, stored rows and pages use for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { found: text.to_owned(), expected: $expected }),
                }
            }
        }
    };
}

words!(DndOutcome, "`on`, `off` or `leave`", On "on", Off "off", Leave "leave");
words!(
    ChatStatus,
    "`available`, `away` or `do-not-disturb`",
    Available "available", Away "away", DoNotDisturb "do-not-disturb"
);
words!(
    ChatRule,
    "`available`, `away`, `do-not-disturb` or `leave`",
    Available "available", Away "away", DoNotDisturb "do-not-disturb", Leave "leave"
);

impl ChatOutcome {
    /// The word that configuration, stored rows and pages use for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set(status) => status.as_str(),
            Self::Leave => ChatRule::Leave.as_str(),
        }
    }
}

impl Display for ChatOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ChatOutcome {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        text.parse::<ChatRule>().map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;

    fn check<T>(value: T, word: &str)
    where
        T: Copy + Debug + Display + PartialEq + FromStr<Err = UnknownWord> + Serialize + DeserializeOwned,
    {
        assert_eq!(value.to_string(), word);
        assert_eq!(word.parse(), Ok(value));
        assert_eq!(serde_json::to_value(value).unwrap(), word);
        assert_eq!(serde_json::from_value::<T>(word.into()).unwrap(), value);
    }

    #[test]
    fn every_outcome_is_the_same_word_everywhere() {
        check(DndOutcome::On, "on");
        check(DndOutcome::Off, "off");
        check(DndOutcome::Leave, "leave");
        for (rule, status, word) in [
            (ChatRule::Available, Some(ChatStatus::Available), "available"),
            (ChatRule::Away, Some(ChatStatus::Away), "away"),
            (
                ChatRule::DoNotDisturb,
                Some(ChatStatus::DoNotDisturb),
                "do-not-disturb",
            ),
            (ChatRule::Leave, None, "leave"),
        ] {
            check(rule, word);
            check(ChatOutcome::from(rule), word);
            assert_eq!(
                ChatOutcome::from(rule),
                status.map_or(ChatOutcome::Leave, ChatOutcome::Set)
            );
            assert_eq!(ChatRule::from(ChatOutcome::from(rule)), rule);
            if let Some(status) = status {
                check(status, word);
            }
        }
    }

    #[test]
    fn another_word_is_refused_with_the_words_that_exist() {
        let error = "dnd".parse::<ChatRule>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected `available`, `away`, `do-not-disturb` or `leave`, found `dnd`"
        );
    }
}
