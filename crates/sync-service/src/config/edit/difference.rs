//! What differs between two texts of the file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json;
use super::key_path::KeyPath;

/// One key that says something else than before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsDifference")]
#[non_exhaustive]
pub struct Difference {
    /// The key.
    pub key: KeyPath,
    /// What it said; `None` where it was not written.
    pub before: Option<Value>,
    /// What it says; `None` where it is not written any more.
    pub after: Option<Value>,
    /// Whether a secret was typed in for it. What it is, or was, is never told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

impl Difference {
    /// A secret that was typed in for a key which names the same file as before.
    pub(crate) fn of_secret(key: &KeyPath, values: &Value) -> Self {
        let file = key
            .parts()
            .iter()
            .try_fold(values, |values, part| values.get(part));
        Self {
            key: key.clone(),
            before: file.cloned(),
            after: file.cloned(),
            secret: true,
        }
    }
}

/// The differences in the order of the file: key by key, and lists as a whole.
pub(super) fn between(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&KeyPath::new::<String>([]), Some(before), Some(after), &mut found);
    found
}

fn compare(key: &KeyPath, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    let members = |value: Option<&'_ Value>| match value {
        None => Some(serde_json::Map::new()),
        Some(Value::Object(members)) => Some(members.clone()),
        Some(_) => None,
    };
    let tables = before.is_some_and(Value::is_object) || after.is_some_and(Value::is_object);
    if let (true, Some(old), Some(new)) = (tables, members(before), members(after)) {
        // A table that comes or goes shows by its keys; an empty one has none.
        if !(old.is_empty() && new.is_empty()) {
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            for name in new.keys().chain(gone) {
                compare(&key.below(name), old.get(name), new.get(name), found);
            }
            return;
        }
    }
    let equal = match (before, after) {
        (Some(before), Some(after)) => json::same(before, after),
        (None, None) => true,
        _ => false,
    };
    if !equal {
        found.push(Difference {
            key: key.clone(),
            before: before.cloned(),
            after: after.cloned(),
            secret: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_differ_are_told_one_by_one() {
        let before = json!({"version": 1, "a": {"x": 1, "y": [1, 2]}, "gone": {"z": true}, "empty": {}});
        let after = json!({"version": 1, "new": {"w": {"v": "t"}}, "a": {"x": 1.0, "y": [1]}, "made": {}});
        let shown: Vec<String> = between(&before, &after)
            .iter()
            .map(|difference| {
                let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
                format!(
                    "{} {} {}",
                    difference.key,
                    value(&difference.before),
                    value(&difference.after)
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "new.w.v - \"t\"",
                "a.y [1,2] [1]",
                "made - {}",
                "gone.z true -",
                "empty {} -"
            ]
        );
    }

    #[test]
    fn a_table_in_place_of_a_value_is_one_difference() {
        let found = between(&json!({"a": 1}), &json!({"a": {"b": 1}}));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].before.clone(), found[0].after.clone()),
            (Some(json!(1)), Some(json!({"b": 1})))
        );
    }

    #[test]
    fn equal_values_differ_in_nothing() {
        let value = json!({"a": {"b": [{"c": 1}]}, "d": {}});
        assert_eq!(between(&value, &value), []);
    }
}
