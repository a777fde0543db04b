//! The path of a key.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The path of a key, part by part. Shown and read as TOML writes it: `instances.main.rules.chat."Busy/InAMeeting"`.
///
/// ```
/// use sync_service::config::edit::KeyPath;
///
/// let key = KeyPath::new(["instances", "main", "rules", "chat", "Busy/InAMeeting"]);
/// assert_eq!(key.to_string(), r#"instances.main.rules.chat."Busy/InAMeeting""#);
/// assert_eq!(key.to_string().parse(), Ok(key));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<String>);

/// A text is no path of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no path of a key, such as `instances.main.sync.poll_interval`")]
pub struct NotAKeyPath(String);

impl KeyPath {
    /// The path of these parts. One without parts names no key.
    pub fn new<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Self(parts.into_iter().map(Into::into).collect())
    }

    /// The parts, without quotation marks.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The path of a key below this one.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Self(parts)
    }
}

/// One part of a path, in quotation marks where it needs them.
pub(in crate::config) fn quoted(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        return name.to_owned();
    }
    let mut text = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                // Writing into a text cannot fail.
                let _ = write!(text, "\\u{:04X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char('.')?;
            }
            f.write_str(&quoted(part))?;
        }
        Ok(())
    }
}

impl FromStr for KeyPath {
    type Err = NotAKeyPath;

    fn from_str(text: &str) -> Result<Self, NotAKeyPath> {
        let keys = toml_edit::Key::parse(text).map_err(|_| NotAKeyPath(text.to_owned()))?;
        Ok(Self::new(keys.iter().map(toml_edit::Key::get)))
    }
}

impl JsonSchema for KeyPath {
    fn schema_name() -> Cow<'static, str> {
        "KeyPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The path of a key, as TOML writes it.",
            "examples": [r#"instances.main.rules.chat."Busy/InAMeeting""#],
        })
    }
}

impl Serialize for KeyPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_quoted_where_toml_wants_it() {
        for (parts, shown) in [
            (&["daemon", "listen"][..], "daemon.listen"),
            (&["a-b", "0_1"], "a-b.0_1"),
            (&["*/Presenting"], r#""*/Presenting""#),
            (&["", "a b", "ä"], r#"""."a b"."ä""#),
            (&["\"\\\n"], r#""\"\\\u000A""#),
        ] {
            assert_eq!(KeyPath::new(parts.to_vec()).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", "a..b", "a b", "\"a", "a = 1", "ä"] {
            assert!(text.parse::<KeyPath>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_parts_are_the_path_is_read_as_it_is_shown(parts in proptest::collection::vec(any::<String>(), 1..5)) {
            let path = KeyPath::new(parts);
            prop_assert_eq!(path.to_string().parse::<KeyPath>(), Ok(path));
        }
    }
}
