//! Texts that people read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in characters.
const LONGEST: usize = 200;

/// A text of a licence that people read, such as its customer or its number: 1 to 200 characters without line breaks,
/// control characters or marks that turn the direction of writing, and without blanks at its ends. So it can be printed
/// on a terminal as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A text that cannot be such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {LONGEST} printable characters and no blank at its ends")]
pub struct NotAName;

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.trim() == text && text.chars().count() <= LONGEST;
        if fits && text.chars().all(printable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName)
        }
    }
}

/// Whether a character can be printed on a terminal as it is.
pub(crate) fn printable(c: char) -> bool {
    !c.is_control() && !turns_direction(c) && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// The controls of Unicode's bidirectional algorithm, <https://www.unicode.org/reports/tr9/>.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_no_name() {
        for good in ["Müller & Söhne GmbH", "日本", "A"] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        let long = "x".repeat(LONGEST + 1);
        for bad in [
            "",
            " A",
            "A ",
            "A\nB",
            "\u{1b}[31mA",
            "A\u{202e}B",
            "A\u{7f}",
            &long,
        ] {
            assert_eq!(bad.parse::<Name>(), Err(NotAName), "{bad:?}");
        }
    }
}
