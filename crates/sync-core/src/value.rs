//! The two fields that are kept in line, and the values that they can have in the PBX.

use std::fmt;

use presence_mapping::ChatStatus;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is kept in line for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Do Not Disturb of all phones and numbers of the user.
    Dnd,
    /// The status that colleagues see in the STARFACE chat.
    Chat,
}

impl Field {
    /// Both fields, in the order in which they are planned.
    pub const ALL: [Self; 2] = [Self::Dnd, Self::Chat];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dnd => "dnd",
            Self::Chat => "chat",
        })
    }
}

/// A chat status as the PBX tells it. The last three are answers only: nobody but the PBX or the user's client sets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChatPresence {
    /// Available.
    Available,
    /// Away.
    Away,
    /// Do not disturb (in the chat, not of the phones).
    DoNotDisturb,
    /// Away for longer.
    ExtendedAway,
    /// Would like to chat.
    FreeForChat,
    /// Not signed in to the chat.
    Unavailable,
    /// A word that we do not know.
    Other,
}

impl ChatPresence {
    /// The status as one that can be set, where it can.
    pub fn settable(self) -> Option<ChatStatus> {
        match self {
            Self::Available => Some(ChatStatus::Available),
            Self::Away => Some(ChatStatus::Away),
            Self::DoNotDisturb => Some(ChatStatus::DoNotDisturb),
            Self::ExtendedAway | Self::FreeForChat | Self::Unavailable | Self::Other => None,
        }
    }
}

impl From<ChatStatus> for ChatPresence {
    fn from(status: ChatStatus) -> Self {
        match status {
            ChatStatus::Available => Self::Available,
            ChatStatus::Away => Self::Away,
            ChatStatus::DoNotDisturb => Self::DoNotDisturb,
        }
    }
}

impl fmt::Display for ChatPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::DoNotDisturb => "do-not-disturb",
            Self::ExtendedAway => "extended-away",
            Self::FreeForChat => "free-for-chat",
            Self::Unavailable => "unavailable",
            Self::Other => "other",
        })
    }
}

/// The value of one field. Written as `true` / `false` for DND and as a word for the chat status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Value {
    /// Do Not Disturb: on or off.
    Dnd(bool),
    /// The chat status.
    Chat(ChatPresence),
}

impl Value {
    /// Whether somebody stands behind the value. Nobody does where the user is not signed in to the chat; a word that we do
    /// not know is left alone, too.
    pub(crate) fn is_somebodys(self) -> bool {
        !matches!(self, Self::Chat(ChatPresence::Unavailable | ChatPresence::Other))
    }

    /// The field that can have this value.
    pub fn field(self) -> Field {
        match self {
            Self::Dnd(_) => Field::Dnd,
            Self::Chat(_) => Field::Chat,
        }
    }

    /// Whether this is DND switched on: the one value that loses calls.
    pub fn silences(self) -> bool {
        self == Self::Dnd(true)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnd(true) => f.write_str("on"),
            Self::Dnd(false) => f.write_str("off"),
            Self::Chat(status) => status.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dnd(on) => on.serialize(serializer),
            Self::Chat(status) => status.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Dnd(bool),
            Chat(ChatPresence),
        }
        Ok(match Raw::deserialize(deserializer)? {
            Raw::Dnd(on) => Self::Dnd(on),
            Raw::Chat(status) => Self::Chat(status),
        })
    }
}
