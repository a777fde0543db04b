//! The typed values of a [`Reader`]: one function for each kind of key.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::choices::Word;
use super::fault::FaultKind;
use super::hint;
use super::key::Kind;
use super::reader::{Reader, Refusal};
use super::settings::Proxy;
use super::source::{Located, Place};
use super::url;
use super::wording::with_article;

/// The smallest share that makes sense: a smaller one stretches a sweep beyond a day.
pub(super) const LEAST_SHARE: f64 = 0.001;

/// The longest duration: more than any operator means, and short enough to be added to any moment.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Reader<'_> {
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        let read = self.read(name, |value| match value {
            DeValue::Boolean(value) => Ok(*value),
            DeValue::String(text) if matches!(text.as_ref(), "true" | "false") => Err(wrong_type(
                value,
                "true or false",
                format!("write {text} without quotation marks"),
            )),
            other => Err(wrong_type(
                other,
                "true or false",
                "write true or false".to_owned(),
            )),
        });
        read.map(|located| located.value)
    }

    pub(super) fn text(&self, name: &str) -> Option<Located<String>> {
        self.read(name, |value| text(value).map(str::to_owned))
    }

    /// A text with a meaning of its own: `parse` says what is wrong with it, and what to write instead.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, (String, String)>,
    ) -> Option<Located<T>> {
        self.read(name, |value| {
            parse(text(value)?).map_err(|(what, hint)| bad(what, hint))
        })
    }

    /// The same for a text that may be empty.
    pub(super) fn parsed_or_empty<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, (String, String)>,
    ) -> Option<Located<T>> {
        self.read(name, |value| {
            let written = match value.as_str() {
                Some("") => "",
                _ => text(value)?,
            };
            parse(written).map_err(|(what, hint)| bad(what, hint))
        })
    }

    /// A proxy; where none is written, the environment's.
    pub(super) fn proxy(&self, name: &str) -> Option<Proxy> {
        if !self.has(name) {
            return Some(Proxy::Environment);
        }
        self.parsed_or_empty(name, url::proxy).map(|proxy| proxy.value)
    }

    pub(super) fn file_name(&self, name: &str) -> Option<Located<PathBuf>> {
        self.read(name, |value| text(value).map(PathBuf::from))
    }

    pub(super) fn integer(&self, name: &str) -> Option<Located<i64>> {
        let (min, max) = match self.kind_of(name) {
            Some(Kind::Integer { min, max }) => (min, max),
            _ => (i64::MIN, i64::MAX),
        };
        self.read(name, |value| {
            let DeValue::Integer(digits) = value else {
                return Err(wrong_type(
                    value,
                    "a whole number",
                    "write it without quotation marks and without a point".to_owned(),
                ));
            };
            let range = match (min, max) {
                (min, max) if min == max => format!("write {min}"),
                (min, i64::MAX) => format!("write a whole number from {min} on"),
                (min, max) => format!("write a whole number from {min} to {max}"),
            };
            i64::from_str_radix(digits.as_str(), digits.radix())
                .ok()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| bad(format!("{digits} is out of range"), range))
        })
    }

    /// An integer of the list whose range fits the type.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.integer(name)
            .and_then(|located| usize::try_from(located.value).ok())
    }

    pub(super) fn share(&self, name: &str) -> Option<f64> {
        let read = self.read(name, |value| {
            let number = match value {
                DeValue::Float(digits) => digits.as_str().parse::<f64>().ok(),
                DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse::<f64>().ok(),
                other => {
                    return Err(wrong_type(
                        other,
                        "a number",
                        "write a share such as 0.5, without quotation marks".to_owned(),
                    ));
                }
            };
            number
                .filter(|share| (LEAST_SHARE..=1.0).contains(share))
                .ok_or_else(|| {
                    bad(
                        "is no share".to_owned(),
                        format!("write a number from {LEAST_SHARE} to 1, such as 0.5"),
                    )
                })
        });
        read.map(|located| located.value)
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        let zero = matches!(self.kind_of(name), Some(Kind::Duration { zero: true }));
        let read = self.read(name, |value| match value {
            DeValue::Integer(digits) => {
                let hint = format!("write it as a text with its unit, such as \"{digits}s\"");
                Err(wrong_type(value, "a duration", hint))
            }
            DeValue::String(text) => duration(text, zero),
            other => Err(wrong_type(
                other,
                "a duration",
                "write a text such as \"2s\" or \"15m\"".to_owned(),
            )),
        });
        read.map(|located| located.value)
    }

    pub(super) fn choice<T: Word>(&self, name: &str) -> Option<Located<T>> {
        let words = match self.kind_of(name) {
            Some(Kind::Choice(words)) => words,
            _ => &[],
        };
        // A listed word of a function that is not there yet passes here, and is refused with its own reason.
        let read = self.read(name, |value| {
            let word = value
                .as_str()
                .ok_or_else(|| wrong_type(value, "a text", format!("write one of {}", hint::list(words))))?;
            if words.contains(&word) {
                Ok(T::from_word(word))
            } else {
                Err(bad(
                    format!("`{word}` is none of its values"),
                    hint::one_of(word, words),
                ))
            }
        })?;
        debug_assert!(
            read.value.is_some(),
            "a word of `{name}` that is there has no value"
        );
        Some(Located {
            value: read.value?,
            place: read.place,
        })
    }

    /// A list of texts; a fault of one element does not hide those of the others.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<Located<String>>> {
        let source = self.source;
        let place = self.place_of(name);
        let read = self.read(name, |value| {
            let list = value.as_array().ok_or_else(|| {
                let hint = match value.as_str() {
                    Some(_) => "put the text in brackets: [\"…\"]",
                    None => "write a list of texts: [\"…\", \"…\"]",
                };
                wrong_type(value, "a list", hint.to_owned())
            })?;
            let mut texts = Vec::new();
            for element in list {
                let place = Place {
                    at: Some(element.span().start),
                    path: place.path.clone(),
                };
                match text(element.get_ref()) {
                    Ok(text) => texts.push(Located {
                        value: text.to_owned(),
                        place,
                    }),
                    Err(refusal) => source.fault(&place, refusal.kind, refusal.what, refusal.hint),
                }
            }
            Ok(texts)
        });
        read.map(|located| located.value)
    }
}

/// A text that is not empty.
pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Refusal> {
    let text = value
        .as_str()
        .ok_or_else(|| wrong_type(value, "a text", "put it in quotation marks".to_owned()))?;
    if text.trim().is_empty() {
        return Err(bad(
            "is empty".to_owned(),
            "write a value, or remove the key".to_owned(),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(bad(
            "holds a line break or another control character".to_owned(),
            "write it in one line".to_owned(),
        ));
    }
    Ok(text)
}

fn duration(text: &str, zero: bool) -> Result<Duration, Refusal> {
    let digits_alone = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let duration = humantime::parse_duration(text).map_err(|_| {
        let hint = if digits_alone {
            format!("write its unit too, such as \"{text}s\"")
        } else {
            "write a number with a unit: \"200ms\", \"2s\", \"15m\", \"1h 30m\"".to_owned()
        };
        bad(format!("`{text}` is no duration"), hint)
    })?;
    if duration.is_zero() && !zero {
        return Err(bad(
            "has to be longer than nothing".to_owned(),
            "write a duration such as \"2s\"".to_owned(),
        ));
    }
    if duration > LONGEST {
        return Err(bad(
            format!("`{text}` is longer than a hundred years"),
            "write a shorter duration".to_owned(),
        ));
    }
    Ok(duration)
}

pub(super) fn wrong_type(found: &DeValue<'_>, wanted: &str, hint: String) -> Refusal {
    let what = format!("is {}, and {wanted} is wanted", with_article(found));
    Refusal {
        kind: FaultKind::WrongType,
        what,
        hint: Some(hint),
    }
}

pub(super) fn bad(what: String, hint: String) -> Refusal {
    Refusal {
        kind: FaultKind::BadValue,
        what,
        hint: Some(hint),
    }
}
