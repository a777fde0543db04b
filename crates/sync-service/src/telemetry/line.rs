//! One line of the log, as it is kept and handed out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::LogLevel;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Its number: the first line of a process is 1, and none is left out.
    pub seq: u64,
    /// When it was written.
    #[schemars(with = "sync_core::schema::DateTime")]
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the program that wrote it, such as `sync_service::daemon`.
    pub target: String,
    /// The instance that it is about.
    pub instance: Option<String>,
    /// What happened.
    pub message: String,
    /// Everything else that is known of it, by name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl LogLine {
    /// The line for people: time, level, message, then the fields, all in one line. Control characters are shown as
    /// escapes, so that nothing that came from outside can look like a line of its own or steer a terminal.
    pub fn text(&self) -> String {
        let mut text = format!("{:.3} {:<5} ", self.at, self.level.as_str().to_ascii_uppercase());
        push_escaped(&mut text, &self.message);
        let instance = self.instance.as_deref().map(|name| ("instance", name));
        let others = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in instance.into_iter().chain(others) {
            // Writing into a text cannot fail.
            let _ = write!(text, " {name}=");
            push_value(&mut text, value);
        }
        text
    }

    /// Whether a text stands in it, letters of both cases alike.
    pub(super) fn holds(&self, lower: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(lower);
        has(&self.message)
            || self.instance.as_deref().is_some_and(has)
            || self.fields.iter().any(|(name, value)| has(name) || has(value))
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let fields: usize = self
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + FIELD)
            .sum();
        let instance = self.instance.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.target.len() + instance + self.message.len() + fields
    }
}

/// What a field takes beside its text.
const FIELD: usize = 2 * size_of::<String>();

/// A value with blanks or marks of its own stands in quotation marks.
fn push_value(text: &mut String, value: &str) {
    let plain = !value.is_empty() && !value.contains([' ', '"', '=']) && !value.contains(char::is_control);
    if plain {
        text.push_str(value);
        return;
    }
    text.push('"');
    push_escaped(text, &value.replace('"', "\\\""));
    text.push('"');
}

fn push_escaped(text: &mut String, value: &str) {
    for c in value.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_one_line_whatever_came_from_outside() {
        let line = LogLine {
            seq: 7,
            at: "2026-11-23T09:00:00.25Z".parse().unwrap(),
            level: LogLevel::Warn,
            target: "sync_service::telemetry::watch".to_owned(),
            instance: Some("main".to_owned()),
            message: "a member could not\nbe changed".to_owned(),
            fields: BTreeMap::from([
                (
                    "error".to_owned(),
                    "cannot \"read\"\n2026 ERROR \u{1b}[31mforged".to_owned(),
                ),
                ("pbx_user".to_owned(), "1004".to_owned()),
            ]),
        };
        assert_eq!(
            line.text(),
            "2026-11-23T09:00:00.250Z WARN  a member could not\\nbe changed instance=main \
             error=\"cannot \\\"read\\\"\\n2026 ERROR \\u{1b}[31mforged\" pbx_user=1004"
        );
        let form = serde_json::to_value(&line).unwrap();
        assert_eq!(
            (&form["level"], &form["fields"]["pbx_user"]),
            (&"warn".into(), &"1004".into())
        );
        assert_eq!(serde_json::from_value::<LogLine>(form).unwrap(), line);
    }
}
