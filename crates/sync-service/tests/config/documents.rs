//! The committed schema and the pages about the keys are those of this version.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sync_service::config::schema;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(document(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

#[test]
fn the_committed_schema_is_the_one_of_the_keys() {
    let fresh = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    let committed = fs::read_to_string(document("presence-sync.schema.json")).unwrap_or_default();
    if committed != fresh {
        let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("presence-sync.schema.json");
        fs::write(&beside, fresh).unwrap();
        panic!(
            "docs/presence-sync.schema.json is not the one of the keys: run `presencectl config schema > docs/presence-sync.schema.json`, or copy {}",
            beside.display()
        );
    }
}

/// The rows of a page's tables as (key, rest of the row), by the heading above them.
fn rows(page: &str) -> Vec<(String, String, String)> {
    let mut heading = String::new();
    let mut rows = Vec::new();
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text
                .split('`')
                .nth(1)
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned();
        }
        if let Some((key, rest)) = line.strip_prefix("| `").and_then(|row| row.split_once("` |")) {
            rows.push((heading.clone(), key.to_owned(), rest.to_owned()));
        }
    }
    rows
}

/// The keys of the schema by table, without those that are tables themselves.
fn keys() -> Vec<(String, String, Value)> {
    let schema = schema();
    let mut keys = vec![(
        "".to_owned(),
        "version".to_owned(),
        schema["properties"]["version"].clone(),
    )];
    for (name, table) in schema["$defs"].as_object().expect("definitions") {
        let heading = match name.as_str() {
            "instance" => "instances.X".to_owned(),
            "teams" | "starface" | "rules" | "sync" => format!("instances.X.{name}"),
            "chat" => "instances.X.starface.chat".to_owned(),
            "breaker" => "instances.X.sync.breaker".to_owned(),
            other => other.to_owned(),
        };
        for (key, property) in table["properties"].as_object().expect("a table") {
            if property.get("$ref").is_none() {
                keys.push((heading.clone(), key.clone(), property.clone()));
            }
        }
    }
    keys
}

#[test]
fn both_pages_explain_every_key_with_its_default() {
    for page in ["configuration.md", "configuration.de.md"] {
        let text = read(page);
        let rows = rows(&text);
        let keys = keys();
        for (table, key, property) in &keys {
            let row = rows
                .iter()
                .find(|(heading, name, _)| heading == table && name == key);
            let (_, _, row) =
                row.unwrap_or_else(|| panic!("docs/{page} has no row for `{key}` of `[{table}]`"));
            if let Some(default) = property.get("default") {
                let written = default.to_string().replace("\",\"", "\", \"");
                assert!(
                    row.contains(&format!("`{written}`")),
                    "docs/{page}: the default of `{key}` is {written}"
                );
            }
            for word in property
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let word = word.as_str().unwrap_or_default();
                assert!(
                    row.contains(&format!("`{word}`")),
                    "docs/{page}: `{key}` can be {word}"
                );
            }
        }
        for (heading, key, _) in &rows {
            assert!(
                keys.iter()
                    .any(|(table, name, _)| table == heading && name == key),
                "docs/{page}: there is no `{key}` in `[{heading}]`"
            );
        }
    }
}

/// The tables of a page begin with a line of three backquotes and `toml`.
#[test]
fn the_examples_of_both_pages_are_good() {
    for page in ["configuration.md", "configuration.de.md"] {
        let text = read(page);
        let examples: Vec<&str> = text
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert!(!examples.is_empty(), "docs/{page} has no example");
        for example in examples {
            let whole = if example.contains("version = 1") {
                example.to_owned()
            } else {
                format!("version = 1\n{}{example}", crate::support::INSTANCE)
            };
            let answer = crate::support::read(&whole);
            assert!(
                answer.is_ok(),
                "docs/{page}:\n{example}\n{}",
                answer.map_or_else(|error| error.to_string(), |_| String::new())
            );
        }
    }
}
