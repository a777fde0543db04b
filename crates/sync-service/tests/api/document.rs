//! The committed description is the one of this version, and holds together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sync_service::api::document;

use super::support::file;

#[test]
fn the_committed_description_is_the_one_of_the_routes() {
    let fresh = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let committed = fs::read_to_string(file("docs/local-api.openapi.json")).unwrap_or_default();
    if committed != fresh {
        let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("local-api.openapi.json");
        fs::write(&beside, fresh).unwrap();
        panic!(
            "docs/local-api.openapi.json is not the one of the routes: run `presencectl generate schema --api > docs/local-api.openapi.json`, or copy {}",
            beside.display()
        );
    }
}

/// Each operation as (path, method, operation).
fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods
                .iter()
                .map(move |(method, operation)| (path, method, operation))
        })
        .collect()
}

/// Calls `look` with every value in a document.
fn each<'v>(value: &'v Value, look: &mut impl FnMut(&'v Value)) {
    look(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, look)),
        Value::Object(members) => members.values().for_each(|member| each(member, look)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
    let document = document();
    let mut referred = BTreeSet::new();
    each(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            referred.insert(reference.strip_prefix("#/components/schemas/").unwrap());
        }
    });
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let named: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    assert_eq!(referred, named);
}

#[test]
fn no_two_types_share_a_name() {
    let document = document();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        // The second of a name gets a number.
        assert!(
            name.chars().all(|letter| letter.is_ascii_alphabetic()),
            "{name}: rename one of them for schemars"
        );
    }
}

#[test]
fn every_operation_says_what_it_is_for_and_has_a_name_of_its_own() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let said = |word: &str| operation[word].as_str().is_some_and(|text| !text.is_empty());
        assert!(said("summary"), "{method} {path}");
        assert!(names.insert(operation["operationId"].as_str()), "{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["description"].is_string(),
                "{method} {path}: {parameter}"
            );
        }
    }
}

#[test]
fn the_token_is_asked_for_below_the_api_and_nowhere_else() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let below = path.starts_with("/api/v1/");
        assert_eq!(operation["security"].is_array(), below, "{method} {path}");
        assert_eq!(
            operation["responses"]["401"].is_object(),
            below,
            "{method} {path}"
        );
    }
}

#[test]
fn every_answer_below_the_api_has_a_version() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let required = document["components"]["schemas"][name]["required"]
            .as_array()
            .unwrap();
        assert!(required.contains(&"version".into()), "{method} {path}: {name}");
    }
}

#[test]
fn a_nullable_member_of_an_answer_is_always_there() {
    let document = document();
    let required = document["components"]["schemas"]["InstanceView"]["required"]
        .as_array()
        .unwrap();
    for member in ["paused_until", "licence", "held_plan"] {
        assert!(required.contains(&member.into()), "{member}");
    }
}

#[test]
fn nothing_of_the_program_stands_in_the_texts() {
    let document = document();
    each(&document, &mut |value| {
        if let Some(text) = value.get("description").and_then(Value::as_str) {
            for mark in ["[`", "`None`", "Self::"] {
                assert!(!text.contains(mark), "{text}");
            }
        }
    });
}
