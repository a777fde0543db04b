//! The form: fields with what stands in them, and what is wrong with them.

use std::collections::BTreeMap;

use serde_json::Value;
use sync_service::config::edit::KeyPath;
use sync_service::config::{Fault, FaultKind};
use sync_service::daemon::{GroupChoice, SettingsAnswer};

use super::field::{Field, Kind, Section, all};
use crate::door::Fields;
use crate::language::Tongue;

/// A section as the form shows it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) hint: Option<String>,
    pub(crate) advanced: bool,
    pub(crate) entries: Vec<Entry>,
}

impl Part {
    /// Whether something of it is wrong, so that it is not folded.
    pub(crate) fn is_faulty(&self) -> bool {
        self.entries.iter().any(|entry| entry.fault.is_some())
    }
}

/// A field as the form shows it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: &'static str,
    /// The id of its element.
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    /// `toggle`, `choice`, `text`, `secret`, `certificate` or `lines`.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    /// What can be chosen: value, name, whether it is chosen.
    pub(crate) options: Vec<(String, String, bool)>,
    pub(crate) ticked: bool,
    /// Whether a secret is there.
    pub(crate) set: bool,
    /// The name of the box that takes the secret out, where it can do without.
    pub(crate) clear: Option<String>,
    /// Whether that is ticked.
    pub(crate) clears: bool,
    pub(crate) when: Option<String>,
    pub(crate) fault: Option<FaultText>,
}

/// What is wrong with a field.
#[derive(Clone, Debug)]
pub(crate) struct FaultText {
    pub(crate) text: String,
    /// The same in the words of the configuration, in English.
    pub(crate) detail: String,
}

/// Everything that the form is filled with.
pub(crate) struct Filling<'a> {
    pub(crate) tongue: Tongue,
    pub(crate) instance: &'a str,
    /// The values as they take effect.
    pub(crate) effective: &'a Value,
    /// What was sent, where a form comes back.
    pub(crate) sent: Option<&'a Fields>,
    /// What the form that comes back was filled with, where that is not what takes effect now.
    pub(crate) base: Option<&'a Value>,
    pub(crate) written: &'a SettingsAnswer,
    /// The groups of the PBX, where it could be asked.
    pub(crate) groups: Option<&'a [GroupChoice]>,
    pub(crate) faults: &'a [Fault],
}

impl Filling<'_> {
    pub(crate) fn parts(&self, sections: &[Section]) -> Vec<Part> {
        sections.iter().map(|section| self.part(section)).collect()
    }

    pub(crate) fn part(&self, section: &Section) -> Part {
        let name = format!("settings-{}", section.name);
        Part {
            name: section.name,
            title: self.tongue.say(&name),
            hint: self.optional(&format!("{name}-hint")),
            advanced: section.advanced,
            entries: section.fields.iter().map(|field| self.entry(field)).collect(),
        }
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.tongue.texts().has(name).then(|| self.tongue.say(name))
    }

    fn entry(&self, field: &Field) -> Entry {
        let sent = self.sent.filter(|sent| !self.is_untouched(field, sent));
        let value = match (sent, field.kind) {
            (_, Kind::Secret | Kind::OptionalSecret | Kind::Certificate) => String::new(),
            (Some(sent), Kind::Toggle) => sent.has(field.key).to_string(),
            (Some(sent), _) => sent.first(field.key).to_owned(),
            (None, Kind::Group) => group_value(self.effective),
            (None, _) => field.shown(self.effective),
        };
        let chosen = |word: &str| (word.to_owned(), self.option(field, word), word == value);
        let (kind, options) = match field.kind {
            Kind::Toggle => ("toggle", Vec::new()),
            Kind::Choice(words) => ("choice", words.iter().map(|word| chosen(word)).collect()),
            Kind::Group => match self.groups {
                Some(groups) => ("choice", self.group_options(groups, &value)),
                None => ("text", Vec::new()),
            },
            Kind::Secret | Kind::OptionalSecret => ("secret", Vec::new()),
            Kind::Certificate => ("certificate", Vec::new()),
            Kind::Lines => ("lines", Vec::new()),
            Kind::Text | Kind::Number | Kind::Share => ("text", Vec::new()),
        };
        let secret = self.written.secrets.get(&self.key(field.key));
        let set = secret.is_some_and(|secret| secret.set);
        let clear = (field.kind == Kind::OptionalSecret && set).then(|| field.clear());
        Entry {
            key: field.key,
            id: format!("f-{}", field.key.replace('.', "-")),
            label: self.tongue.say(&field.text()),
            hint: self.optional(&format!("{}-hint", field.text())),
            kind,
            ticked: value == "true",
            value,
            options,
            set,
            clears: clear
                .as_ref()
                .is_some_and(|clear| sent.is_some_and(|sent| sent.has(clear))),
            clear,
            when: field
                .when
                .map(|(other, values)| format!("{other}={}", values.join(","))),
            fault: self.fault(field),
        }
    }

    /// Whether a field of a form that comes back is as it was when the form was filled.
    fn is_untouched(&self, field: &Field, sent: &Fields) -> bool {
        self.base.is_some_and(|base| match field.kind {
            Kind::Toggle => sent.has(field.key) == (field.shown(base) == "true"),
            Kind::Group => sent.first(field.key).trim() == group_value(base),
            _ => field.value(sent.first(field.key)) == field.value(&field.shown(base)),
        })
    }

    fn option(&self, field: &Field, word: &str) -> String {
        let word = if word.is_empty() { "default" } else { word };
        self.tongue.say(&format!("{}-{word}", field.text()))
    }

    fn group_options(&self, groups: &[GroupChoice], value: &str) -> Vec<(String, String, bool)> {
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for group in groups {
            *names.entry(group.name.as_str()).or_default() += 1;
        }
        let mut options: Vec<(String, String, bool)> = groups
            .iter()
            .map(|group| {
                let unique = names.get(group.name.as_str()) == Some(&1);
                let by_id = format!("#{}", group.id);
                let word = if unique { group.name.clone() } else { by_id.clone() };
                let mut label = group.name.clone();
                if !unique {
                    label = format!("{label} ({by_id})");
                }
                if let Some(members) = group.members {
                    label = format!("{label} – {}", self.tongue.counted("group-members", members));
                }
                let chosen = word == value || by_id == value;
                (word, label, chosen)
            })
            .collect();
        if !options.iter().any(|(.., chosen)| *chosen) {
            let missing = match value {
                "" => self.tongue.say("group-choose"),
                name => self.tongue.with("group-missing", &[("name", name)]),
            };
            options.insert(0, (value.to_owned(), missing, true));
        }
        options
    }

    fn key(&self, below: &str) -> KeyPath {
        key(self.instance, below)
    }

    fn fault(&self, field: &Field) -> Option<FaultText> {
        let mut paths = vec![format!("instances.{}.{}", self.instance, field.key)];
        if let Some(shared) = field.key.strip_prefix("sync.") {
            paths.push(format!("defaults.sync.{shared}"));
        }
        if field.kind == Kind::Group {
            paths.push(format!("instances.{}.starface.group_id", self.instance));
        }
        let found = self
            .faults
            .iter()
            .find(|fault| fault.key.as_ref().is_some_and(|key| paths.contains(key)))?;
        let mut fault = fault_text(self.tongue, found);
        if let (FaultKind::BadValue | FaultKind::WrongType, Some(wants)) = (found.kind, field.wants()) {
            fault.text = self.tongue.say(&format!("fault-wants-{wants}"));
        }
        Some(fault)
    }

    /// What is wrong elsewhere, for the top of the page.
    pub(crate) fn other_faults(&self) -> Vec<FaultText> {
        let prefix = format!("instances.{}.", self.instance);
        let shown = |fault: &&Fault| {
            fault.key.as_ref().is_some_and(|key| {
                all().any(|field| *key == format!("{prefix}{}", field.key))
                    || *key == format!("{prefix}starface.group_id")
            })
        };
        self.faults
            .iter()
            .filter(|fault| !shown(fault))
            .map(|fault| fault_text(self.tongue, fault))
            .collect()
    }
}

/// A fault in the visitor's language, with the configuration's own words.
pub(crate) fn fault_text(tongue: Tongue, fault: &Fault) -> FaultText {
    let name = match fault.kind {
        FaultKind::Missing => "fault-missing",
        FaultKind::NamedFile => "fault-named-file",
        FaultKind::Contradiction => "fault-contradiction",
        FaultKind::Syntax | FaultKind::FileUnreadable => "fault-file",
        _ => "fault-value",
    };
    let key = fault
        .key
        .as_ref()
        .map(|key| format!("{key}: "))
        .unwrap_or_default();
    let hint = fault
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    FaultText {
        text: tongue.say(name),
        detail: format!("{key}{}{hint}", fault.what),
    }
}

/// A key of an instance.
pub(crate) fn key(instance: &str, below: &str) -> KeyPath {
    KeyPath::new(["instances", instance].into_iter().chain(below.split('.')))
}

pub(super) fn group_value(effective: &Value) -> String {
    let id = effective.pointer("/starface/group_id").and_then(Value::as_i64);
    let name = effective.pointer("/starface/group").and_then(Value::as_str);
    match (name, id) {
        (Some(name), _) => name.to_owned(),
        (None, Some(id)) => format!("#{id}"),
        (None, None) => String::new(),
    }
}
