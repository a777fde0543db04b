use std::{
    fmt::{self, Debug, Display, Formatter},
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    pattern::{Fit, Shape},
    presence::KnownReading,
    vocabulary::{Activity, Availability},
};

/// `Availability`, `Availability/Activity` or `*/Activity`.
///
/// [`Display`] prints it as it was written; equality and hashing ignore ASCII case. Words outside the documented
/// vocabularies are legal, since Microsoft's lists grow; [`Rules::lint`](crate::Rules::lint) remarks them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: Box<str>,
    shape: Shape,
}

impl Pattern {
    /// The text as it was written, without the blanks around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Both name the same presences, as `inAMeeting` and `Busy/InAMeeting` do.
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        self.shape == other.shape
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn fit(&self, reading: &KnownReading<'_>) -> Option<Fit> {
        self.shape.fit(reading)
    }

    /// The two words as they were written; a star is no word.
    pub(crate) fn words(&self) -> (Option<&str>, Option<&str>) {
        let (availability, activity) = match self.text.split_once('/') {
            Some((availability, activity)) => (availability, Some(activity)),
            None => (&*self.text, None),
        };
        ((availability != ANY).then_some(availability), activity)
    }
}

/// Stands for every availability.
const ANY: &str = "*";

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing was written.
    #[error("is empty")]
    Empty,
    /// One side of the slash is empty, as in `Busy/`.
    #[error("has nothing on one side of its `/`")]
    EmptyWord,
    /// There is more than one slash.
    #[error("has more than one `/`")]
    TooManyWords,
    /// The star stands elsewhere than alone before the slash.
    #[error(
        "has its `*` in the wrong place: only `*/Activity` is known, and `Availability` alone means any activity"
    )]
    Star,
    /// A word holds a blank or a control character.
    #[error("has a blank in it: words of Teams are written together, as in `DoNotDisturb`")]
    Blank,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(PatternError::Blank);
        }
        let shape = match text.split_once('/') {
            None => Shape::of_availability(Availability::parse(word(text)?)),
            Some((_, rest)) if rest.contains('/') => return Err(PatternError::TooManyWords),
            Some((ANY, activity)) => Shape::of_activity(Activity::parse(word(activity)?)),
            Some((availability, activity)) => Shape::of_pair(
                Availability::parse(word(availability)?),
                Activity::parse(word(activity)?),
            ),
        };
        Ok(Self {
            text: text.into(),
            shape,
        })
    }
}

fn word(text: &str) -> Result<&str, PatternError> {
    if text.is_empty() {
        Err(PatternError::EmptyWord)
    } else if text.contains('*') {
        Err(PatternError::Star)
    } else {
        Ok(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text.into()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.text.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Debug for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_prints_as_it_was_written() {
        for text in ["Busy", "busy/inACall", "*/Presenting", "Hovering/InAHologram"] {
            assert_eq!(pattern(text).to_string(), text);
            assert_eq!(serde_json::to_value(pattern(text)).unwrap(), text);
        }
        assert_eq!(pattern(" Busy\t").to_string(), "Busy");
    }

    #[test]
    fn patterns_are_equal_and_hash_alike_whatever_their_case() {
        let hasher = RandomState::new();
        for (one, other) in [
            ("Busy", "bUSY"),
            ("*/Presenting", "*/presenting"),
            ("a/NEW", "A/new"),
        ] {
            assert_eq!(pattern(one), pattern(other));
            assert!(pattern(one).means_the_same_as(&pattern(other)));
            assert_eq!(hasher.hash_one(pattern(one)), hasher.hash_one(pattern(other)));
        }
    }

    #[test]
    fn a_word_of_the_newer_page_means_its_pair() {
        for (word, pair) in [
            ("inACall", "Busy/InACall"),
            ("inAMeeting", "Busy/InAMeeting"),
            ("presenting", "DoNotDisturb/Presenting"),
            ("focusing", "DoNotDisturb/Focusing"),
            ("inAMeeting/busy", "Busy/InAMeeting"),
        ] {
            assert!(pattern(word).means_the_same_as(&pattern(pair)), "{word}");
            assert_ne!(pattern(word), pattern(pair));
        }
        assert!(!pattern("Busy").means_the_same_as(&pattern("BusyIdle")));
        assert!(!pattern("Busy").means_the_same_as(&pattern("Busy/Busy")));
    }

    #[test]
    fn a_text_that_is_no_pattern_is_refused() {
        for (text, error) in [
            ("", PatternError::Empty),
            ("  ", PatternError::Empty),
            ("Busy/", PatternError::EmptyWord),
            ("/InACall", PatternError::EmptyWord),
            ("/", PatternError::EmptyWord),
            ("*/", PatternError::EmptyWord),
            ("Busy/InACall/Out", PatternError::TooManyWords),
            ("*", PatternError::Star),
            ("*/*", PatternError::Star),
            ("Busy/*", PatternError::Star),
            ("Bu*", PatternError::Star),
            ("Do Not Disturb", PatternError::Blank),
            ("Busy / InACall", PatternError::Blank),
            ("Busy\u{7}", PatternError::Blank),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(error), "{text}");
        }
    }
}
