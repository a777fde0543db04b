//! Words about keys and values.

use toml::de::DeValue;

use super::edit::quoted;
use super::hint;
use super::key::{Key, Kind, Section};
use super::keys;

/// What to write instead of a key that does not exist; `table` is the path of the table it stands in.
pub(super) fn unknown_key_hint(section: &'static Section, written: &str, table: &str) -> String {
    let file = format!("{written}_file");
    if section.key(&file).is_some() {
        return format!(
            "secrets never stand in this file: put it into a file of mode 0600 and name that in `{file}`"
        );
    }
    if let Some(meant) = hint::nearest(written, section.names()) {
        return format!("did you mean `{meant}`?");
    }
    let elsewhere = keys::FILE
        .tree()
        .into_iter()
        .find(|(path, other)| !path.is_empty() && other.path != section.path && other.key(written).is_some());
    match elsewhere {
        Some((_, other)) => {
            let instance = table
                .strip_prefix("instances.")
                .and_then(|rest| rest.split('.').next())
                .unwrap_or("X");
            format!(
                "`{written}` belongs into `[{}]`",
                other.path.replacen(".X", &format!(".{instance}"), 1)
            )
        }
        None => format!(
            "the keys here are {}",
            hint::list(&section.names().collect::<Vec<_>>())
        ),
    }
}

/// How a required key may look.
pub(super) fn example(key: &Key) -> String {
    let value = match key.kind {
        Kind::Integer { min, .. } => min.to_string(),
        Kind::Url => "\"https://…\"".to_owned(),
        _ => "\"…\"".to_owned(),
    };
    format!("{} = {value}", key.name)
}

pub(super) fn joined(path: &str, name: &str) -> String {
    let name = quoted(name);
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// The type of a value in words.
pub(super) fn with_article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
