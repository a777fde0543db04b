//! The description of the local API by OpenAPI 3.1.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

use super::operation::{Answer, Contents, Operation};
use super::prose;
use super::table::Table;
use crate::api::routes;
use crate::api::types::API_VERSION;

/// Where the schemas with a name are.
const SCHEMAS: &str = "/components/schemas";
/// The name of the way to sign in.
const TOKEN: &str = "token";

const ABOUT: &str = "What the daemon of Teams Presence Sync serves at `daemon.listen`: health and metrics for everybody, and \
    all else for whoever has the token of the endpoint file, the file with the ending `.api` beside the state (`state.db.api`). \
    The file names the address, too, and the certificate where the daemon speaks TLS; a new token is made at every start.\n\n\
    What fails is answered in the form of `ErrorAnswer`, also with 404 at a path where nothing is. A method that a path does not have \
    is answered with 405 and no body, a body of more than 64 KiB with 413.";

/// The description of everything that the daemon serves, by OpenAPI 3.1: made from the table of its routes and from the types
/// of their answers.
///
/// ```
/// let document = sync_service::api::document();
/// assert_eq!(document["openapi"], "3.1.0");
/// assert!(document["paths"]["/api/v1/status"]["get"].is_object());
/// ```
pub fn document() -> Value {
    let tables = [routes::open(), routes::signed_in()];
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut tags = Vec::new();
    for table in &tables {
        for group in &table.groups {
            tags.push(json!({ "name": group.name, "description": group.about }));
            for operation in &group.operations {
                let path = format!("{}{}", table.below, operation.path);
                let method = operation.method.as_str().to_lowercase();
                let described = described(operation, table, group.name, &mut schemas);
                paths.entry(path).or_default().insert(method, described);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Teams Presence Sync: local API",
            "version": API_VERSION.to_string(),
            "description": ABOUT,
        },
        "servers": [{ "url": "http://127.0.0.1:8480", "description": "`daemon.listen` where nothing else is configured" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.named(),
            "securitySchemes": {
                TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The `token` of the endpoint file, which only its owner can read.",
                },
            },
        },
    })
}

fn described(operation: &Operation, table: &Table, group: &str, schemas: &mut Schemas) -> Value {
    let mut described = Map::new();
    let mut say = |word: &str, value: Value| described.insert(word.to_owned(), value);
    say("tags", json!([group]));
    say("operationId", json!(id(operation)));
    say("summary", json!(operation.about));
    if let Some(details) = operation.details {
        say("description", json!(details));
    }
    if table.signed_in {
        say("security", json!([{ TOKEN: [] }]));
    }
    let parameters = parameters(operation, schemas);
    if !parameters.is_empty() {
        say("parameters", json!(parameters));
    }
    if let Some(make) = operation.body {
        let schema = schemas.read(make);
        let content = json!({ "application/json": { "schema": schema } });
        say("requestBody", json!({ "required": true, "content": content }));
    }
    say("responses", json!(responses(&operation.answers, schemas)));
    Value::Object(described)
}

/// A name for the operation: its method and its path, in one word.
fn id(operation: &Operation) -> String {
    let words = operation.path.split(['/', '-']).filter(|word| !word.is_empty());
    words.fold(operation.method.as_str().to_lowercase(), |mut id, word| {
        let (of, word) = match word.strip_prefix('{') {
            Some(variable) => ("Of", variable.trim_end_matches('}')),
            None => ("", word),
        };
        id.push_str(of);
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
        id
    })
}

/// The variables of the path, then the arguments of the query.
fn parameters(operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let variables = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = variables.map(variable).collect();
    let Some(make) = operation.arguments else {
        return parameters;
    };
    let object = schemas.read(make);
    let required = |name: &String| {
        let required = object["required"].as_array();
        required.is_some_and(|names| names.iter().any(|other| other == name.as_str()))
    };
    for (name, schema) in object["properties"].as_object().into_iter().flatten() {
        let mut schema = said(schema.clone());
        let about = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        parameters.push(json!({
            "name": name,
            "in": "query",
            "required": required(name),
            "description": about,
            "schema": schema,
        }));
    }
    parameters
}

fn variable(name: &str) -> Value {
    let (about, pattern) = match name {
        "plan" => (
            "The id of the plan, as `plans` and `status` show it.",
            "^[0-9A-Za-z]{26}$",
        ),
        _ => (
            "The name of the instance, as the configuration file writes it.",
            "^[a-z0-9-]{1,63}$",
        ),
    };
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": about,
        "schema": { "type": "string", "pattern": pattern },
    })
}

/// An argument is there or is not; nobody can write a null.
fn said(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array() {
        let types: Vec<&Value> = types.iter().filter(|word| *word != "null").collect();
        if let [only] = types[..] {
            schema["type"] = only.clone();
        }
    }
    let choices = schema.as_object_mut().and_then(|schema| schema.remove("anyOf"));
    if let (Some(Value::Array(choices)), Some(schema)) = (choices, schema.as_object_mut()) {
        let given = choices.into_iter().find(|choice| choice["type"] != "null");
        schema.extend(
            given
                .as_ref()
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
    }
    schema
}

/// One answer for each status, whatever it has for reasons.
fn responses(answers: &[Answer], schemas: &mut Schemas) -> BTreeMap<String, Value> {
    let mut by_status: BTreeMap<StatusCode, Vec<&Answer>> = BTreeMap::new();
    for answer in answers {
        by_status.entry(answer.status).or_default().push(answer);
    }
    by_status
        .into_iter()
        .map(|(status, answers)| (status.as_str().to_owned(), response(&answers, schemas)))
        .collect()
}

fn response(answers: &[&Answer], schemas: &mut Schemas) -> Value {
    let about: Vec<&str> = answers.iter().map(|answer| answer.about).collect();
    let mut response = json!({ "description": about.join("; or ") });
    let mut forms: Vec<Value> = Vec::new();
    for answer in answers {
        match answer.contents {
            Contents::Json(make) => {
                let form = schemas.told(make);
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
            Contents::Text => {
                response["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
            }
            Contents::Nothing => {}
        }
    }
    match forms.as_slice() {
        [] => {}
        [form] => response["content"]["application/json"] = json!({ "schema": form }),
        forms => response["content"]["application/json"] = json!({ "schema": { "anyOf": forms } }),
    }
    response
}

/// The schemas of what the daemon reads, and of what it tells: a member may be left out of the one and be always there in the
/// other.
struct Schemas {
    reading: SchemaGenerator,
    telling: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Self {
            reading: settings.clone().for_deserialize().into_generator(),
            telling: settings.for_serialize().into_generator(),
        }
    }

    fn read(&mut self, make: super::operation::MakeSchema) -> Value {
        finished(make(&mut self.reading))
    }

    fn told(&mut self, make: super::operation::MakeSchema) -> Value {
        finished(make(&mut self.telling))
    }

    /// All that have a name, in the order of their names.
    fn named(mut self) -> BTreeMap<String, Value> {
        let read = self.reading.take_definitions(true);
        let told = self.telling.take_definitions(true);
        read.into_iter()
            .chain(told)
            .map(|(name, schema)| match schemars::Schema::try_from(schema) {
                Ok(schema) => (name, finished(schema)),
                Err(_) => (name, Value::Bool(true)),
            })
            .collect()
    }
}

/// The schema, with its texts for readers of the document.
fn finished(mut schema: schemars::Schema) -> Value {
    fn reword(schema: &mut schemars::Schema) {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = prose::for_readers(text);
        }
        transform_subschemas(&mut reword, schema);
    }
    reword(&mut schema);
    schema.to_value()
}
