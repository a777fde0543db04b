//! What the list of keys knows about a path.

use serde_json::{Map, Value};

use super::key_path::KeyPath;
use crate::config::key::{Key, Kind, Section};
use crate::config::keys;

/// What stands for a value that is not shown.
const HIDDEN: &str = "…";

/// The keys whose files hold secrets.
const SECRETS: &[(&str, &str)] = &[
    ("daemon", "state_password_file"),
    ("daemon", "tls_certificate_file"),
    ("instances.X.teams", "client_secret_file"),
    ("instances.X.teams", "client_certificate_file"),
    ("instances.X.starface", "password_file"),
    ("instances.X.starface", "oauth_client_secret_file"),
    ("instances.X.starface.chat", "shared_secret_file"),
];

/// The section and the key that a path leads to; `None` where no such key is listed.
pub(super) fn key(path: &KeyPath) -> Option<(&'static Section, &'static Key)> {
    let mut section = &keys::FILE;
    let mut parts = path.parts().iter();
    loop {
        let key = section.key(parts.next()?)?;
        let left = parts.as_slice();
        if left.is_empty() {
            return Some((section, key));
        }
        section = match key.kind {
            Kind::Table(below) => below,
            Kind::NamedTables(below) => {
                parts.next()?;
                below
            }
            _ => return None,
        };
    }
}

/// The keys of these values whose files hold secrets, whether they are written or not: the daemon's, and those of each
/// instance.
pub(crate) fn secret_keys(values: &Value) -> Vec<KeyPath> {
    let instances = values.get("instances").and_then(Value::as_object);
    let names: Vec<&String> = instances.into_iter().flat_map(Map::keys).collect();
    let mut found = Vec::new();
    for (section, key) in SECRETS {
        match section.strip_prefix("instances.X.") {
            None => found.push(KeyPath::new(section.split('.').chain([*key]))),
            Some(below) => found.extend(names.iter().map(|name| {
                let parts = ["instances", name.as_str()].into_iter();
                KeyPath::new(parts.chain(below.split('.')).chain([*key]))
            })),
        }
    }
    found.sort();
    found
}

/// The values without what may be a secret at a wrong place: what stands under a key that does not exist, and the password
/// in an address.
pub(super) fn shown(values: &Value) -> Value {
    table(&keys::FILE, values)
}

/// The value of one key in the same way.
pub(super) fn shown_at(path: &KeyPath, value: Value) -> Value {
    let Some((last, above)) = path.parts().split_last() else {
        return shown(&value);
    };
    // Through the tables above it, so that they say what is known below them.
    let mut whole = Value::Object([(last.clone(), value)].into_iter().collect());
    for name in above.iter().rev() {
        whole = Value::Object([(name.clone(), whole)].into_iter().collect());
    }
    let mut found = shown(&whole);
    for name in path.parts() {
        match found.get_mut(name) {
            Some(below) => found = below.take(),
            None => break,
        }
    }
    found
}

fn table(section: &Section, values: &Value) -> Value {
    let Some(members) = values.as_object() else {
        return plain(values);
    };
    let shown = |(name, value): (&String, &Value)| {
        let value = match section.key(name).map(|key| key.kind) {
            None => Value::from(HIDDEN),
            Some(Kind::Table(below)) => table(below, value),
            Some(Kind::NamedTables(below)) => match value.as_object() {
                Some(tables) => tables
                    .iter()
                    .map(|(name, value)| (name.clone(), table(below, value)))
                    .collect(),
                None => plain(value),
            },
            Some(_) => plain(value),
        };
        (name.clone(), value)
    };
    Value::Object(members.iter().map(shown).collect())
}

fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(without_password(text)),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// An address without the part before its `@`.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{HIDDEN}@{host}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_secret_is_a_key_of_the_list_that_names_a_file() {
        for (section, name) in SECRETS {
            let path = KeyPath::new(section.replace(".X", ".main").split('.').chain([*name]));
            let (_, key) = key(&path).unwrap_or_else(|| panic!("{path}"));
            assert!(matches!(key.kind, Kind::File), "{path}");
        }
    }

    #[test]
    fn a_path_that_is_not_listed_leads_nowhere() {
        for path in [
            "colour",
            "daemon.colour",
            "daemon.log.level",
            "instances.main.teams.x",
            "instances.main",
        ] {
            assert!(key(&path.parse().unwrap()).is_none(), "{path}");
        }
        assert!(key(&KeyPath::new::<String>([])).is_none());
        assert!(key(&"daemon.log".parse().unwrap()).is_some());
    }

    #[test]
    fn what_may_be_a_secret_at_a_wrong_place_is_not_shown() {
        let values = json!({
            "password": "SAMPLE",
            "daemon": {"log": "error", "token": {"a": "SAMPLE"}, "state": "postgres://user:SAMPLE@host/db"},
            "instances": {"main": {"teams": {"client_secret": "SAMPLE", "proxy": "http://a:SAMPLE@b@c:1"}}, "odd": "x"},
        });
        assert_eq!(
            shown(&values),
            json!({
                "password": "…",
                "daemon": {"log": "error", "token": "…", "state": "postgres://…@host/db"},
                "instances": {"main": {"teams": {"client_secret": "…", "proxy": "http://…@c:1"}}, "odd": "x"},
            })
        );
    }
}
