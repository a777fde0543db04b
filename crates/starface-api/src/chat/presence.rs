//! The vocabulary of chat statuses.

use std::fmt;

/// A chat status that can be set. Complete: the desktop client offers the same three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatStatus {
    /// `AVAILABLE`.
    Available,
    /// `AWAY`.
    Away,
    /// `DO_NOT_DISTURB`.
    DoNotDisturb,
}

impl ChatStatus {
    /// The value on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Away => "AWAY",
            Self::DoNotDisturb => "DO_NOT_DISTURB",
        }
    }
}

impl fmt::Display for ChatStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A chat status as the PBX tells it: an open vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatPresence {
    /// `AVAILABLE`.
    Available,
    /// `AWAY`.
    Away,
    /// `DO_NOT_DISTURB`.
    DoNotDisturb,
    /// `EXTENDED_AWAY`: away for long.
    ExtendedAway,
    /// `FREE_FOR_CHAT`: available, and glad to chat.
    FreeForChat,
    /// `UNAVAILABLE`: no chat client is signed in.
    Unavailable,
    /// A value that we do not know, as it came.
    Other(String),
}

impl ChatPresence {
    /// Reads a value of the wire, ignoring case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.to_ascii_uppercase().as_str() {
            "AVAILABLE" => Self::Available,
            "AWAY" => Self::Away,
            "DO_NOT_DISTURB" => Self::DoNotDisturb,
            "EXTENDED_AWAY" => Self::ExtendedAway,
            "FREE_FOR_CHAT" => Self::FreeForChat,
            "UNAVAILABLE" => Self::Unavailable,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The value on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Away => "AWAY",
            Self::DoNotDisturb => "DO_NOT_DISTURB",
            Self::ExtendedAway => "EXTENDED_AWAY",
            Self::FreeForChat => "FREE_FOR_CHAT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Other(text) => text,
        }
    }

    /// The status to set in order to come back to this one: `None` where none of the three is like it, which holds for
    /// `UNAVAILABLE` and for values that we do not know.
    #[must_use]
    pub fn settable(&self) -> Option<ChatStatus> {
        match self {
            Self::Available | Self::FreeForChat => Some(ChatStatus::Available),
            Self::Away | Self::ExtendedAway => Some(ChatStatus::Away),
            Self::DoNotDisturb => Some(ChatStatus::DoNotDisturb),
            Self::Unavailable | Self::Other(_) => None,
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
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_reading_and_unknown_ones_keep_their_text() {
        for (text, settable) in [
            ("AVAILABLE", Some(ChatStatus::Available)),
            ("AWAY", Some(ChatStatus::Away)),
            ("DO_NOT_DISTURB", Some(ChatStatus::DoNotDisturb)),
            ("EXTENDED_AWAY", Some(ChatStatus::Away)),
            ("FREE_FOR_CHAT", Some(ChatStatus::Available)),
            ("UNAVAILABLE", None),
            ("On_Holiday", None),
            ("", None),
        ] {
            let presence = ChatPresence::parse(text);
            assert_eq!((presence.as_str(), presence.settable()), (text, settable));
        }
        assert_eq!(ChatPresence::parse(" away "), ChatPresence::Away);
    }
}
