use std::{
    borrow::Cow,
    convert::Infallible,
    fmt::{self, Debug, Display, Formatter},
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A list of words that Microsoft documents for one member of a presence.
///
/// Only this crate's vocabularies implement it.
pub trait Vocabulary: Copy + Debug + Eq + sealed::Sealed + 'static {
    /// Every documented word.
    const WORDS: &'static [Self];

    /// The two spellings on Microsoft's pages: `InAMeeting` and `inAMeeting`.
    fn spellings(self) -> [&'static str; 2];
}

mod sealed {
    use crate::vocabulary::{KnownActivity, KnownAvailability};

    pub trait Sealed {}
    impl Sealed for KnownAvailability {}
    impl Sealed for KnownActivity {}
}

/// A word as Teams sent it, known or not.
///
/// The raw text is kept and is what [`Display`] prints; equality and hashing ignore ASCII case, since Microsoft's
/// pages spell the same words with different first letters. A documented word in one of its documented spellings is
/// stored without an allocation.
#[derive(Clone)]
pub struct Value<V> {
    text: Cow<'static, str>,
    known: Option<V>,
}

impl<V: Vocabulary> Value<V> {
    /// Takes a text as it is; every text is a value.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        match recognise::<V>(&text) {
            (known, Some(spelling)) => Self {
                text: Cow::Borrowed(spelling),
                known,
            },
            (known, None) => Self { text, known },
        }
    }

    /// Reads a borrowed text; only a spelling that is not documented is copied to the heap.
    pub fn parse(text: &str) -> Self {
        match recognise::<V>(text) {
            (known, Some(spelling)) => Self {
                text: Cow::Borrowed(spelling),
                known,
            },
            (known, None) => Self {
                text: Cow::Owned(text.to_owned()),
                known,
            },
        }
    }

    /// The documented word that this is, whatever its case; `None` for everything else.
    pub fn known(&self) -> Option<V> {
        self.known
    }

    /// The raw text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The documented word that a text is, and its spelling where the text has it letter by letter.
fn recognise<V: Vocabulary>(text: &str) -> (Option<V>, Option<&'static str>) {
    let Some(word) = V::WORDS
        .iter()
        .copied()
        .find(|word| word.spellings()[0].eq_ignore_ascii_case(text))
    else {
        return (None, None);
    };
    (
        Some(word),
        word.spellings().into_iter().find(|spelling| *spelling == text),
    )
}

impl<V> PartialEq for Value<V> {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl<V> Eq for Value<V> {}

impl<V> Hash for Value<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.text.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        // The same end mark as `str` has, so that two neighbouring values do not run into each other.
        state.write_u8(0xff);
    }
}

impl<V> Display for Value<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<V> Debug for Value<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

impl<V: Vocabulary> FromStr for Value<V> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

impl<V: Vocabulary> From<V> for Value<V> {
    fn from(word: V) -> Self {
        Self {
            text: Cow::Borrowed(word.spellings()[0]),
            known: Some(word),
        }
    }
}

impl<V> Serialize for Value<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, V: Vocabulary> Deserialize<'de> for Value<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Reads any string without copying it first.
struct Text<V>(PhantomData<V>);

impl<V: Vocabulary> de::Visitor<'_> for Text<V> {
    type Value = Value<V>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value<V>, E> {
        Ok(Value::parse(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value<V>, E> {
        Ok(Value::new(text))
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use crate::vocabulary::{Activity, Availability, KnownActivity, KnownAvailability};

    use super::*;

    #[test]
    fn a_documented_word_in_a_documented_spelling_is_not_copied() {
        for text in ["InAMeeting", "inAMeeting"] {
            assert!(matches!(Activity::parse(text).text, Cow::Borrowed(kept) if kept == text));
            assert!(matches!(Activity::new(text.to_owned()).text, Cow::Borrowed(kept) if kept == text));
            let read: Activity = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert!(matches!(read.text, Cow::Borrowed(kept) if kept == text));
        }
    }

    #[test]
    fn the_raw_text_is_kept_whatever_its_case() {
        let value = Availability::parse("dOnOtDiStUrB");
        assert_eq!(value.known(), Some(KnownAvailability::DoNotDisturb));
        assert_eq!(value.as_str(), "dOnOtDiStUrB");
        assert_eq!(value.to_string(), "dOnOtDiStUrB");
        assert_eq!(serde_json::to_string(&value).unwrap(), "\"dOnOtDiStUrB\"");
    }

    #[test]
    fn values_are_equal_and_hash_alike_whatever_their_case() {
        let hasher = RandomState::new();
        for (one, other) in [("Busy", "bUSY"), ("Hovering", "hovering"), ("", "")] {
            let (one, other) = (Availability::parse(one), Availability::parse(other));
            assert_eq!(one, other);
            assert_eq!(hasher.hash_one(&one), hasher.hash_one(&other));
        }
        assert_ne!(Availability::parse("Busy"), Availability::parse("BusyIdle"));
    }

    #[test]
    fn the_spellings_of_a_word_differ_in_case_alone() {
        fn check<V: Vocabulary>() {
            for word in V::WORDS {
                let [pascal, camel] = word.spellings();
                assert!(
                    pascal.eq_ignore_ascii_case(camel) && pascal != camel,
                    "{pascal} {camel}"
                );
                assert!(pascal.starts_with(|c: char| c.is_ascii_uppercase()), "{pascal}");
                assert!(camel.starts_with(|c: char| c.is_ascii_lowercase()), "{camel}");
            }
        }
        check::<KnownAvailability>();
        check::<KnownActivity>();
    }
}
