use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    presence::Reading,
    vocabulary::{Activity, Availability},
};

/// What Teams said about one person, word for word.
///
/// The members are those of Graph's
/// [presence resource type](https://learn.microsoft.com/graph/api/resources/presence) that rules look at. Equality
/// ignores case.
///
/// [`Display`] prints `Busy/InAMeeting`, with a dash for a member that is missing, and [`FromStr`] reads that back; it
/// reads `Busy` too, as `Busy/-`. Out of office is not part of that text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// `availability`; `None` where it was null or missing.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub availability: Option<Availability>,
    /// `activity`; `None` where it was null or missing.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub activity: Option<Activity>,
    /// `outOfOfficeSettings.isOutOfOffice`; false where it was null or missing.
    #[serde(default)]
    pub out_of_office: bool,
}

impl Presence {
    /// The presence of somebody about whom Teams said nothing that can be used: no answer, or two contradictory ones.
    pub fn unknown() -> Self {
        Self {
            availability: None,
            activity: None,
            out_of_office: false,
        }
    }

    /// Nothing can be concluded from it: no availability, `PresenceUnknown`, or an availability that is not known.
    ///
    /// No rule can change this, so a presence that is unknown to one table is unknown to all.
    pub fn is_unknown(&self) -> bool {
        matches!(self.reading(), Reading::Unknown(_))
    }
}

impl Display for Presence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let availability = self.availability.as_ref().map_or(MISSING, Availability::as_str);
        let activity = self.activity.as_ref().map_or(MISSING, Activity::as_str);
        write!(f, "{availability}/{activity}")
    }
}

/// How a member that is missing is written.
const MISSING: &str = "-";

/// Why a text is not a presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresenceError {
    /// A word is empty, as in `Busy/`.
    #[error("a word is empty; write `Availability/Activity`, with `-` for a word that is missing")]
    EmptyWord,
    /// There is more than one slash.
    #[error("more than one `/`; write `Availability/Activity`")]
    TooManyWords,
    /// It is a pattern and not a presence, as `*/Presenting` is.
    #[error("`*` is for patterns; a presence names its availability")]
    Star,
}

impl FromStr for Presence {
    type Err = PresenceError;

    fn from_str(text: &str) -> Result<Self, PresenceError> {
        let (availability, activity) = text.split_once('/').unwrap_or((text, MISSING));
        let (availability, activity) = (availability.trim(), activity.trim());
        if activity.contains('/') {
            return Err(PresenceError::TooManyWords);
        }
        if availability.is_empty() || activity.is_empty() {
            return Err(PresenceError::EmptyWord);
        }
        if availability.contains('*') || activity.contains('*') {
            return Err(PresenceError::Star);
        }
        Ok(Self {
            availability: (availability != MISSING).then(|| Availability::parse(availability)),
            activity: (activity != MISSING).then(|| Activity::parse(activity)),
            out_of_office: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presence_reads_back_what_it_prints() {
        for text in [
            "Busy/InAMeeting",
            "busy/-",
            "-/InACall",
            "-/-",
            "Hovering/InAHologram",
        ] {
            let presence: Presence = text.parse().unwrap();
            assert_eq!(presence.to_string(), text);
        }
        assert_eq!("Busy".parse::<Presence>().unwrap().to_string(), "Busy/-");
        assert_eq!("-".parse::<Presence>().unwrap(), Presence::unknown());
    }

    #[test]
    fn a_text_that_is_no_presence_is_refused() {
        for (text, error) in [
            ("", PresenceError::EmptyWord),
            ("Busy/", PresenceError::EmptyWord),
            ("/InACall", PresenceError::EmptyWord),
            ("Busy/InACall/x", PresenceError::TooManyWords),
            ("*/InACall", PresenceError::Star),
            ("Busy/*", PresenceError::Star),
        ] {
            assert_eq!(text.parse::<Presence>(), Err(error), "{text}");
        }
    }

    #[test]
    fn missing_members_of_a_stored_presence_are_missing_words() {
        assert_eq!(
            serde_json::from_str::<Presence>("{}").unwrap(),
            Presence::unknown()
        );
        let busy: Presence = serde_json::from_str(r#"{"availability":"Busy","activity":null}"#).unwrap();
        assert_eq!(busy, "busy".parse().unwrap());
    }
}
