//! The keys of an instance as they take effect.

use serde_json::{Map, Value};

use crate::config::key::{Kind, Need, Section};
use crate::config::keys;
use crate::config::schema::json_of;

/// What an instance says itself, else what `[defaults]` says for all, else what is built in.
pub(super) fn of_instance(values: &Value, instance: &str) -> Value {
    let own = values
        .get("instances")
        .and_then(|instances| instances.get(instance));
    let defaults = values.get("defaults");
    let Some(section) = keys::FILE.key("instances").and_then(|key| match key.kind {
        Kind::NamedTables(section) => Some(section),
        _ => None,
    }) else {
        return Value::Null;
    };
    let shared = keys::FILE.key("defaults").and_then(|key| match key.kind {
        Kind::Table(section) => Some(section),
        _ => None,
    });
    let mut effective = table(section, &own.into_iter().collect::<Vec<_>>());
    for name in shared.into_iter().flat_map(Section::names) {
        let Some(Kind::Table(below)) = section.key(name).map(|key| key.kind) else {
            continue;
        };
        let layers = [own, defaults].into_iter().flatten();
        let layers: Vec<&Value> = layers.filter_map(|layer| layer.get(name)).collect();
        effective.insert(name.to_owned(), Value::Object(table(below, &layers)));
    }
    Value::Object(effective)
}

/// A table by its layers; the first that has a key wins.
fn table(section: &Section, layers: &[&Value]) -> Map<String, Value> {
    let mut effective = Map::new();
    for key in section.keys {
        let written: Vec<&Value> = layers.iter().filter_map(|layer| layer.get(key.name)).collect();
        let value = match key.kind {
            Kind::Table(below) => {
                let table = table(below, &written);
                (!table.is_empty() || !written.is_empty()).then_some(Value::Object(table))
            }
            Kind::PatternTable(_) => joined(&written),
            _ => written.first().map(|value| (*value).clone()).or(match key.need {
                Need::Default(text) => json_of(text),
                Need::Required | Need::Usual | Need::Optional => None,
            }),
        };
        if let Some(value) = value {
            effective.insert(key.name.to_owned(), value);
        }
    }
    effective
}

/// Tables that are joined pattern by pattern, ignoring case.
fn joined(layers: &[&Value]) -> Option<Value> {
    let mut joined: Map<String, Value> = Map::new();
    for (pattern, value) in layers
        .iter()
        .rev()
        .filter_map(|layer| layer.as_object())
        .flatten()
    {
        joined.retain(|other, _| !other.trim().eq_ignore_ascii_case(pattern.trim()));
        joined.insert(pattern.clone(), value.clone());
    }
    (!layers.is_empty()).then_some(Value::Object(joined))
}
