//! The keys and values whose function comes with a later version: read, checked for their type, and refused.

use toml::de::DeValue;

use super::key::{Key, Section};

/// One key, or some values of it.
struct Later {
    section: &'static str,
    key: &'static str,
    when: When,
    subject: &'static str,
}

enum When {
    /// Whatever is written.
    Always,
    /// A text that begins so.
    Begins(&'static str),
}

const fn later(section: &'static str, key: &'static str, when: When, subject: &'static str) -> Later {
    Later {
        section,
        key,
        when,
        subject,
    }
}

use When::{Always, Begins};

const LATER: &[Later] = &[
    later("daemon", "state", Begins("postgres:"), "PostgreSQL"),
    later("daemon", "state", Begins("postgresql:"), "PostgreSQL"),
    later("daemon", "state_password_file", Always, "PostgreSQL"),
];

/// What is not there yet, where a key with this value asks for it.
pub(super) fn subject(section: &Section, key: &Key, value: &DeValue<'_>) -> Option<&'static str> {
    entries(section, key)
        .find(|entry| match entry.when {
            Always => true,
            Begins(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
        })
        .map(|entry| entry.subject)
}

/// The sentence about a key in the schema, where a part or all of it is not there yet.
pub(super) fn remark(section: &Section, key: &Key) -> Option<String> {
    let mut values = Vec::new();
    for entry in entries(section, key) {
        match entry.when {
            Always => return Some("Comes with a later version; refused until then.".to_owned()),
            Begins(prefix) => values.push(format!("`{prefix}…`")),
        }
    }
    (!values.is_empty()).then(|| format!("With a later version, refused until then: {}.", values.join(", ")))
}

fn entries(section: &Section, key: &Key) -> impl Iterator<Item = &'static Later> {
    LATER
        .iter()
        .filter(move |entry| entry.section == section.path && entry.key == key.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    #[test]
    fn every_entry_names_a_key_of_the_list() {
        let sections = keys::FILE.tree();
        for entry in LATER {
            assert!(
                sections
                    .iter()
                    .any(|(_, section)| section.path == entry.section && section.key(entry.key).is_some()),
                "{}.{}",
                entry.section,
                entry.key
            );
        }
    }
}
