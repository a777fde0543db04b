//! Which text of the file is meant.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands for a file that does not exist.
const NONE: &str = "none";

/// The length of the hash, in bytes: enough that no two texts of one file share it.
const LENGTH: usize = 16;

/// A name for the contents of a file: another one after every change, whoever made it. Shown as 32 hexadecimal digits, or
/// `none` where there is no file.
///
/// ```
/// use sync_service::config::edit::Revision;
///
/// assert_ne!(Revision::of(b"version = 1"), Revision::of(b"version = 1\n"));
/// assert_eq!("none".parse(), Ok(Revision::none()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision(String);

/// A text is no revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no revision of a file: 32 hexadecimal digits, or `{NONE}`")]
pub struct NotARevision(String);

impl Revision {
    /// The revision of these contents.
    pub fn of(contents: &[u8]) -> Self {
        let hash = digest(&SHA256, contents);
        let bytes = hash.as_ref().iter().take(LENGTH);
        Self(bytes.map(|byte| format!("{byte:02x}")).collect())
    }

    /// The revision of a file that does not exist.
    pub fn none() -> Self {
        Self(NONE.to_owned())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Revision {
    type Err = NotARevision;

    fn from_str(text: &str) -> Result<Self, NotARevision> {
        let hash =
            text.len() == 2 * LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hash || text == NONE {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotARevision(text.to_owned()))
        }
    }
}

impl JsonSchema for Revision {
    fn schema_name() -> Cow<'static, str> {
        "Revision".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A name for the contents of the file: another one after every change, and `none` where there is no file.",
            "pattern": format!("^([0-9a-f]{{{}}}|{NONE})$", 2 * LENGTH),
        })
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_as_it_is_shown_and_nothing_else_is_one() {
        for revision in [Revision::of(b""), Revision::of(b"a"), Revision::none()] {
            assert_eq!(revision.to_string().parse(), Ok(revision));
        }
        for text in [
            "",
            "None",
            "e3b0c442",
            "E3B0C44298FC1C149AFBF4C8996FB924",
            "none ",
        ] {
            assert!(text.parse::<Revision>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_file_is_another_revision_than_none() {
        assert_eq!(Revision::of(b"").to_string(), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_ne!(Revision::of(b""), Revision::none());
    }
}
