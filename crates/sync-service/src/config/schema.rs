//! The JSON Schema of the file, for editors: made from the list of keys.

use serde_json::{Map, Value, json};

use super::key::{Key, Kind, Need, Section};
use super::keys;
use super::values::LEAST_SHARE;

/// The JSON Schema of the configuration file (draft 2020-12), with descriptions, words and defaults.
///
/// A file that is good by the schema can still be refused, since the schema knows nothing of other files.
///
/// ```
/// let schema = sync_service::config::schema();
/// assert_eq!(schema["$defs"]["sync"]["properties"]["poll_interval"]["default"], "2s");
/// ```
pub fn schema() -> Value {
    let mut document = Map::new();
    document.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    document.insert("title".to_owned(), json!("presence-sync.toml"));
    document.extend(table(&keys::FILE));
    let mut definitions = Map::new();
    for (_, section) in keys::FILE.tree() {
        if !section.path.is_empty() {
            definitions.insert(name(section), Value::Object(table(section)));
        }
    }
    document.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(document)
}

fn table(section: &'static Section) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in section.keys {
        properties.insert(key.name.to_owned(), Value::Object(property(key)));
    }
    let required: Vec<&str> = section
        .keys
        .iter()
        .filter(|key| key.need == Need::Required)
        .map(|key| key.name)
        .collect();
    let mut table = Map::new();
    table.insert("description".to_owned(), json!(section.about));
    table.insert("type".to_owned(), json!("object"));
    table.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        table.insert("required".to_owned(), json!(required));
    }
    table.insert("additionalProperties".to_owned(), json!(false));
    for (word, constraint) in constraints(section) {
        table.insert(word.to_owned(), constraint);
    }
    table
}

fn property(key: &Key) -> Map<String, Value> {
    let mut property = Map::new();
    property.insert("description".to_owned(), json!(key.about));
    let Value::Object(kind) = kind(key.kind) else {
        return property;
    };
    property.extend(kind);
    if let Need::Default(text) = key.need
        && let Some(value) = json_of(text)
    {
        property.insert("default".to_owned(), value);
    }
    property
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Text | Kind::File => json!({ "type": "string", "minLength": 1 }),
        Kind::OptionalText => json!({ "type": "string" }),
        Kind::Integer { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Share => json!({ "type": "number", "minimum": LEAST_SHARE, "maximum": 1 }),
        Kind::Duration { .. } => json!({
            "type": "string",
            "pattern": "^\\s*(0|([0-9]+\\s*[A-Za-zµ]+\\s*)+)$",
            "examples": ["200ms", "2s", "15m", "1h 30m"],
        }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Url => json!({ "type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://" }),
        Kind::Listen => json!({ "type": "string", "examples": ["127.0.0.1:8480", "[::1]:8480"] }),
        Kind::State => json!({ "type": "string", "pattern": "^(sqlite:|postgres(ql)?:)." }),
        Kind::Fingerprint => json!({ "type": "string", "pattern": "^([0-9A-Fa-f]:?){64}$" }),
        Kind::Addresses => json!({ "type": "array", "items": { "type": "string", "pattern": "@" } }),
        Kind::Patterns => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Kind::PatternTable(words) => {
            json!({ "type": "object", "additionalProperties": { "type": "string", "enum": words } })
        }
        Kind::Table(section) => json!({ "$ref": reference(section) }),
        Kind::NamedTables(section) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z0-9-]{1,63}$" },
            "additionalProperties": { "$ref": reference(section) },
        }),
    }
}

/// What holds between the keys of one table.
fn constraints(section: &Section) -> Vec<(&'static str, Value)> {
    match section.path {
        "instances.X.teams" => vec![
            (
                "if",
                json!({ "properties": { "cloud": { "const": "custom" } }, "required": ["cloud"] }),
            ),
            ("then", json!({ "required": ["login_url", "graph_url"] })),
            (
                "else",
                json!({ "properties": { "login_url": false, "graph_url": false, "ca_file": false } }),
            ),
        ],
        "instances.X.starface" => {
            vec![
                (
                    "oneOf",
                    json!([{ "required": ["group"] }, { "required": ["group_id"] }]),
                ),
                ("not", json!({ "required": ["ca_file", "certificate_sha256"] })),
            ]
        }
        _ => Vec::new(),
    }
}

fn name(section: &Section) -> String {
    match section.path.rsplit('.').next() {
        Some("X") => "instance".to_owned(),
        Some(last) => last.to_owned(),
        None => String::new(),
    }
}

fn reference(section: &Section) -> String {
    format!("#/$defs/{}", name(section))
}

/// A value that is written as TOML.
pub(super) fn json_of(toml_text: &str) -> Option<Value> {
    let mut table: Map<String, Value> = toml::from_str(&format!("value = {toml_text}")).ok()?;
    table.remove("value")
}
