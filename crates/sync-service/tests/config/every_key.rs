//! The list of keys, the reader and the schema are one.

use serde_json::Value;
use sync_service::config::{FaultKind, schema};

use crate::support::{INSTANCE, read};

/// One key by the schema: the table it stands in, its name and its description.
struct Key {
    table: String,
    name: String,
    schema: Value,
}

/// All keys that are no tables, with `main` as the name of an instance.
fn keys() -> Vec<Key> {
    let schema = schema();
    let mut keys = Vec::new();
    collect(&schema, &schema, "", &mut keys);
    keys
}

fn collect(root: &Value, node: &Value, path: &str, keys: &mut Vec<Key>) {
    let resolve = |node: &Value| match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => root
            .pointer(reference.trim_start_matches('#'))
            .expect("the reference leads somewhere")
            .clone(),
        None => node.clone(),
    };
    for (name, property) in node["properties"].as_object().expect("a table") {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let resolved = resolve(property);
        if resolved.get("properties").is_some() {
            collect(root, &resolved, &below, keys);
        } else if resolved["additionalProperties"].get("$ref").is_some() {
            collect(
                root,
                &resolve(&resolved["additionalProperties"]),
                &format!("{below}.main"),
                keys,
            );
        } else {
            keys.push(Key {
                table: path.to_owned(),
                name: name.clone(),
                schema: property.clone(),
            });
        }
    }
}

/// A file with this line in the key's table, and nothing else of that name.
fn file_with(key: &Key, value: &str) -> String {
    let line = format!("{} = {value}\n", key.name);
    if key.table.is_empty() {
        return format!("{line}{INSTANCE}");
    }
    let header = format!("[{}]\n", key.table);
    let base: String = format!("version = 1\n{INSTANCE}");
    if base.contains(&header) {
        let start = base.find(&header).map_or(0, |at| at + header.len());
        let (before, after) = base.split_at(start);
        let end = after.find('[').unwrap_or(after.len());
        let (table, rest) = after.split_at(end);
        let others: String = table
            .lines()
            .filter(|line| line.split(' ').next() != Some(&key.name))
            .flat_map(|line| [line, "\n"])
            .collect();
        format!("{before}{line}{others}{rest}")
    } else {
        format!("{base}{header}{line}")
    }
}

#[test]
fn every_key_of_the_schema_is_read_and_typed() {
    let keys = keys();
    assert!(keys.len() > 70, "{} keys", keys.len());
    for key in keys {
        let text = file_with(&key, "1979-05-27");
        let error = read(&text).expect_err("a date is no value of any key");
        let path = if key.table.is_empty() {
            key.name.clone()
        } else {
            format!("{}.{}", key.table, key.name)
        };
        let found = error
            .faults()
            .iter()
            .any(|fault| fault.kind == FaultKind::WrongType && fault.key.as_deref() == Some(&path));
        assert!(found, "{path} is never asked for:\n{error}");
    }
}

#[test]
fn every_word_of_every_key_is_taken() {
    for key in keys() {
        let words = key
            .schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for word in words {
            let text = file_with(&key, &word.to_string());
            let Err(error) = read(&text) else { continue };
            let path = format!("{}.{}", key.table, key.name);
            let faults: Vec<_> = error
                .faults()
                .iter()
                .filter(|fault| fault.key.as_deref() == Some(&path))
                // A word may need another one of its table.
                .filter(|fault| fault.kind != FaultKind::Contradiction)
                .collect();
            assert!(faults.is_empty(), "{path} = {word}: {faults:?}");
        }
    }
}

#[test]
fn every_default_of_the_schema_can_be_written() {
    for key in keys() {
        let Some(default) = key.schema.get("default") else {
            continue;
        };
        let text = file_with(&key, &default.to_string());
        assert!(read(&text).is_ok(), "{text}\n{:?}", read(&text));
    }
}
