//! What a daemon at work answers is what the description of its API says.

use end_to_end::{Stage, StageOptions, eventually};
use jsonschema::Validator;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_service::api::{Endpoint, document, endpoint_file};
use sync_service::config::{self, Environment, LogLevel};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon};
use sync_service::telemetry::keep_logging;

/// The description, read strictly: an answer must not have a member that is not described.
struct Description(Value);

impl Description {
    fn new() -> Self {
        let mut document = document();
        for schema in document["components"]["schemas"]
            .as_object_mut()
            .expect("schemas")
            .values_mut()
        {
            close(schema);
        }
        Self(document)
    }

    /// What is wrong with an answer of an operation.
    fn faults(&self, method: &Method, path: &str, status: u16, answer: &Value) -> Vec<String> {
        let method = method.as_str().to_lowercase();
        let status = status.to_string();
        let mut schema = self.0["paths"][path][&method]["responses"][&status]["content"]["application/json"]
            ["schema"]
            .clone();
        assert!(
            schema.is_object(),
            "{method} {path} does not answer {status}: {answer}"
        );
        schema["components"] = self.0["components"].clone();
        let validator: Validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("a schema");
        validator
            .iter_errors(answer)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }
}

/// Closes every object whose members are described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

struct Asked {
    description: Description,
    http: reqwest::Client,
    endpoint: Endpoint,
}

impl Asked {
    /// Sends a request; `path` is the described one, and `asked` what stands behind `/api/v1`.
    async fn ask(&self, method: Method, path: &str, asked: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}/api/v1{asked}", self.endpoint.url());
        let request = self.http.request(method.clone(), url);
        let mut request = request.bearer_auth(self.endpoint.token.expose_secret());
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.expect("the daemon answers");
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.expect("JSON");
        let faults = self
            .description
            .faults(&method, &format!("/api/v1{path}"), status, &answer);
        assert!(faults.is_empty(), "{method} {asked}: {faults:#?}\n{answer:#}");
        (status, answer)
    }

    async fn get(&self, path: &str, query: &str) -> Value {
        let asked = format!("{}{query}", path.replace("{instance}", "main"));
        let (status, answer) = self.ask(Method::GET, path, &asked, None).await;
        assert_eq!(status, 200, "{asked}: {answer}");
        answer
    }
}

async fn started(stage: &Stage) -> (RunningDaemon, Asked) {
    let environment = Environment::default();
    let loaded = config::load(stage.config(), &environment).expect("a good configuration");
    let options = DaemonOptions {
        config: stage.config().to_owned(),
        environment,
        program: "0.0.0-test",
        logging: Some(keep_logging(LogLevel::Debug)),
        page: None,
    };
    let daemon = daemon::start(options, loaded).await.expect("a daemon");
    let endpoint = Endpoint::find(&endpoint_file(&stage.path("state.db")))
        .expect("the endpoint can be read")
        .expect("a daemon runs");
    let asked = Asked {
        description: Description::new(),
        http: HttpClient::build(&HttpSettings::default()).expect("a client"),
        endpoint,
    };
    (daemon, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_of_a_daemon_at_work_are_as_they_are_described() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let (daemon, api) = started(&stage).await;
    stage.settle().await;
    stage.says(1, "Busy", "InACall");
    eventually(|| async { stage.dnd(1).then_some(()) })
        .await
        .expect("it is brought in line");

    api.get("/status", "").await;
    api.get("/instances/{instance}", "").await;
    let members = api.get("/instances/{instance}/members", "").await;
    assert_eq!(members["members"].as_array().map(Vec::len), Some(3));
    let people = api.get("/instances/{instance}/people", "?limit=2&offset=1").await;
    assert_eq!(
        (&people["fitting"], people["page"].as_array().map(Vec::len)),
        (&json!(3), Some(2))
    );
    let groups = api.get("/instances/{instance}/groups", "").await;
    let group = groups["groups"]
        .as_array()
        .and_then(|groups| groups.iter().find(|group| group["name"] == "Teams"));
    assert_eq!(group.map(|group| &group["members"]), Some(&json!(3)), "{groups}");
    api.get("/instances/{instance}/plan", "").await;
    api.get("/plans", "").await;
    api.get("/instances/{instance}/history", "").await;
    let explained = api
        .get("/explain", &format!("?address={}", stage.address(1)))
        .await;
    assert!(explained["explanations"][0]["rules"]["dnd"]["rule"].is_string());

    let log = api.get("/log", "?limit=100").await;
    assert!(!log["lines"].as_array().expect("lines").is_empty());
    api.get("/log/level", "").await;

    let settings = api.get("/settings", "").await;
    let key = "instances.main.rules.dnd";
    let edit =
        json!({"base": settings["revision"], "changes": [{"set": {"key": key, "value": ["Available"]}}]});
    let (status, preview) = api
        .ask(
            Method::POST,
            "/settings/preview",
            "/settings/preview",
            Some(&edit),
        )
        .await;
    assert_eq!(
        (status, &preview["previews"][0]["error"]),
        (200, &Value::Null),
        "{preview}"
    );
    assert!(preview["previews"][0]["plan"]["changes"].is_array());
    let (status, _) = api.ask(Method::POST, "/settings", "/settings", Some(&edit)).await;
    assert_eq!(status, 200);
    let (status, _) = api.ask(Method::POST, "/settings", "/settings", Some(&edit)).await;
    assert_eq!(status, 409, "it was made for another revision");
    let audit = api.get("/settings/audit", "").await;
    assert_eq!(audit["changes"].as_array().map(Vec::len), Some(1));

    // It begins anew with the new rules.
    stage.settle().await;
    let pause = "/instances/{instance}/pause";
    for (asked, expected) in [
        ("/instances/main/pause?seconds=60", 200),
        ("/instances/main/pause?address=nobody@example.com", 404),
        ("/instances/main/pause?seconds=long", 400),
        ("/instances/none/pause", 404),
    ] {
        let (status, answer) = api.ask(Method::POST, pause, asked, None).await;
        assert_eq!(status, expected, "{asked}: {answer}");
    }
    daemon.stop().await;
}
