//! What can be said about a key of the file without reading one.

/// A table of the file: its keys, in the order in which they are explained.
#[derive(Debug)]
pub(super) struct Section {
    /// Its path, with `X` for the name of an instance; empty for the file itself.
    pub(super) path: &'static str,
    /// What it is for, in one sentence.
    pub(super) about: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) need: Need,
    /// What it means, in whole sentences, for the schema.
    pub(super) about: &'static str,
}

/// What happens when a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// That is a fault.
    Required,
    /// Whether that is a fault depends on other keys, and it usually is.
    Usual,
    /// That has a meaning of its own.
    Optional,
    /// This value is taken, written as TOML.
    Default(&'static str),
}

/// The type of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Boolean,
    /// Any text but the empty one.
    Text,
    /// Any text.
    OptionalText,
    /// A whole number from `min` to `max`, both included.
    Integer {
        min: i64,
        max: i64,
    },
    /// A number above 0 and at most 1.
    Share,
    /// A humantime text.
    Duration {
        zero: bool,
    },
    /// One word of these.
    Choice(&'static [&'static str]),
    /// An http or https address.
    Url,
    /// The name of a file.
    File,
    /// An address and port to listen on.
    Listen,
    /// `sqlite:FILE` or `postgres://…`.
    State,
    /// The SHA-256 hash of a certificate.
    Fingerprint,
    /// A list of e-mail addresses.
    Addresses,
    /// A list of patterns of presences.
    Patterns,
    /// A table of patterns of presences with one of these words each.
    PatternTable(&'static [&'static str]),
    /// A table with fixed keys.
    Table(&'static Section),
    /// A table of tables with fixed keys, named by the operator.
    NamedTables(&'static Section),
}

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind, need: Need, about: &'static str) -> Self {
        Self {
            name,
            kind,
            need,
            about,
        }
    }
}

impl Section {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of all keys.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.keys.iter().map(|key| key.name)
    }

    /// This section and all below it, each with the words that lead there (`X` for a name of the operator's).
    pub(super) fn tree(&'static self) -> Vec<(String, &'static Section)> {
        let mut found = vec![(String::new(), self)];
        for key in self.keys {
            let (below, prefix) = match key.kind {
                Kind::Table(section) => (section, key.name.to_owned()),
                Kind::NamedTables(section) => (section, format!("{}.X", key.name)),
                _ => continue,
            };
            found.extend(below.tree().into_iter().map(|(path, section)| {
                let joined = if path.is_empty() {
                    prefix.clone()
                } else {
                    format!("{prefix}.{path}")
                };
                (joined, section)
            }));
        }
        found
    }
}
