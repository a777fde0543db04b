//! Settings over the local API of a running daemon.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod home;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::InstanceName;
use sync_service::api::{Endpoint, InstanceState};
use sync_service::config::{self, Environment};
use sync_service::daemon::RunningDaemon;
use sync_service::standalone::SettingsAuditReader;

/// Nobody listens on the port of tenant and PBX: it is reserved.
const CONFIGURATION: &str = r#"version = 1

[daemon]
listen = "127.0.0.1:0" # any port

# Our site.
[instances.main]
enabled = false # not yet
[instances.main.teams]
cloud = "custom"
login_url = "http://127.0.0.1:1"
graph_url = "http://127.0.0.1:1"
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "secret"
[instances.main.starface]
url = "http://127.0.0.1:1"
group = "Teams"
login = "0001"
password_file = "secret"
"#;

struct Home {
    folder: home::Home,
    daemon: RunningDaemon,
    endpoint: Endpoint,
}

impl Home {
    async fn new() -> Self {
        Self::after(|_| {}).await
    }

    /// `prepare` changes the folder before the daemon starts.
    async fn after(prepare: impl FnOnce(&home::Home)) -> Self {
        let folder = home::Home::with(&[
            ("presence-sync.toml", CONFIGURATION),
            ("secret", "OPERATORS-secret\n"),
        ]);
        prepare(&folder);
        let daemon = folder.start(None).await.unwrap();
        let endpoint = folder.endpoint();
        Self {
            folder,
            daemon,
            endpoint,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("presence-sync.toml")).unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>) -> (u16, Value) {
        let url = format!("http://{}/api/v1/{path}", self.endpoint.address);
        let http = HttpClient::build(&HttpSettings::default()).unwrap();
        let mut request = http
            .request(method, url)
            .bearer_auth(self.endpoint.token.expose_secret());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!(!text.contains("OPERATORS") && !text.contains("TYPED"), "{text}");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.send(Method::GET, path, None).await;
        assert_eq!((status, &answer["version"]), (200, &json!(1)), "{answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    async fn edit(&self, changes: Value) -> Value {
        json!({"base": self.get("settings").await["revision"], "changes": changes})
    }

    async fn state(&self) -> InstanceState {
        let name = InstanceName("main".into());
        self.daemon.supervisor().status(&name).await.unwrap().state
    }
}

fn set(key: &str, value: impl Into<Value>) -> Value {
    json!({"set": {"key": key, "value": value.into()}})
}

const SECRET: &str = "instances.main.starface.password_file";

#[tokio::test]
async fn settings_are_shown_with_what_is_known_of_secrets_and_no_more() {
    let home = Home::new().await;
    let mut shown = home.get("settings").await;
    let file = home.path("presence-sync.toml");
    assert_eq!(shown["file"], file.to_str().unwrap());
    shown["file"] = "FILE".into();
    insta::assert_json_snapshot!(shown);
    home.daemon.stop().await;
}

#[tokio::test]
async fn a_preview_says_what_would_change_and_changes_nothing() {
    let home = Home::new().await;
    let edit = home
        .edit(json!([
            set("instances.main.enabled", true),
            set("instances.main.rules.dnd", json!(["Busy"])),
            set("instances.main.rules.leave", json!(["BusyIdle"])),
        ]))
        .await;
    let (status, answer) = home.post("settings/preview", edit).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["differences"],
        json!([
            {"key": "instances.main.enabled", "before": false, "after": true},
            {"key": "instances.main.rules.dnd", "before": null, "after": ["Busy"]},
            {"key": "instances.main.rules.leave", "before": null, "after": ["BusyIdle"]},
        ])
    );
    assert!(!answer["warnings"].as_array().unwrap().is_empty(), "{answer}");
    let previews = answer["previews"].as_array().unwrap();
    assert_eq!(previews.len(), 1, "{answer}");
    assert_eq!(
        (&previews[0]["instance"], &previews[0]["plan"]),
        (&json!("main"), &Value::Null)
    );
    assert!(previews[0]["error"].is_string(), "nobody answers there: {answer}");
    assert_eq!(home.text(), CONFIGURATION);
    assert_eq!(home.state().await, InstanceState::Disabled);
    assert_eq!(home.get("settings/audit").await["changes"], json!([]));
    home.daemon.stop().await;
}

#[tokio::test]
async fn a_change_is_written_and_done_and_remembered() {
    let home = Home::new().await;
    let edit = home
        .edit(json!([
            set("instances.main.enabled", true),
            {"secret": {"key": SECRET, "secret": "TYPED-password"}},
        ]))
        .await;
    let (status, answer) = home.post("settings", edit.clone()).await;
    assert_eq!((status, &answer["applied"]), (200, &json!(true)), "{answer}");
    let expected = CONFIGURATION
        .replace("enabled = false # not yet", "enabled = true # not yet")
        .replace("password_file = \"secret\"", "password_file = \"main.password\"");
    assert_eq!(home.text(), expected);
    assert_eq!(
        fs::read_to_string(home.path("presence-sync.toml.previous")).unwrap(),
        CONFIGURATION
    );
    let secret = fs::metadata(home.path("main.password")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    for _ in 0..200 {
        if home.state().await == InstanceState::Running {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(
        home.state().await,
        InstanceState::Running,
        "the daemon does what the file says"
    );
    let shown = home.get("settings").await;
    assert_eq!(shown["revision"], answer["revision"]);
    assert_eq!(
        shown["secrets"][SECRET],
        json!({"set": true, "file": "main.password"})
    );

    let audit = home.get("settings/audit").await;
    let [change] = audit["changes"].as_array().unwrap().as_slice() else {
        panic!("{audit}")
    };
    assert_eq!(
        (&change["who"], &change["from"]),
        (&json!("local-api"), &json!("127.0.0.1"))
    );
    assert_eq!(change["changes"], answer["differences"]);
    assert_eq!(change["changes"][1]["secret"], true);
    let later = home.get("settings/audit?since=2999-01-01T00:00:00Z").await;
    assert_eq!(later["changes"], json!([]));
    assert_eq!(home.get("settings/audit?after=1").await["changes"], json!([]));
    let (status, _) = home
        .send(Method::GET, "settings/audit?since=yesterday", None)
        .await;
    assert_eq!(status, 400);

    // The same edit again is for a file that is not there any more.
    let (status, again) = home.post("settings", edit).await;
    assert_eq!((status, &again["revision"]), (409, &shown["revision"]), "{again}");
    assert!(again["hint"].is_string());

    let loaded = config::load(&home.path("presence-sync.toml"), &Environment::default()).unwrap();
    let mut reader = SettingsAuditReader::open(&loaded.settings, Timestamp::MIN)
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(reader.next_page().await.unwrap()).unwrap(),
        audit["changes"]
    );
    assert!(reader.next_page().await.unwrap().is_empty());
    home.daemon.stop().await;
}

#[tokio::test]
async fn what_would_not_be_good_is_told_key_by_key_and_nothing_is_changed() {
    let home = Home::new().await;
    let edit = home
        .edit(json!([
            set("instances.main.sync.poll_interval", 5),
            set("instances.main.starface.colour", "red"),
            set("daemon.log", "loud"),
            {"secret": {"key": SECRET, "secret": "TYPED\ntwice"}},
        ]))
        .await;
    for path in ["settings", "settings/preview"] {
        let (status, answer) = home.post(path, edit.clone()).await;
        assert_eq!(status, 422, "{answer}");
        let faults = answer["faults"].as_array().unwrap();
        let keys: Vec<&str> = faults.iter().filter_map(|fault| fault["key"].as_str()).collect();
        assert_eq!(
            keys,
            [
                "daemon.log",
                SECRET,
                "instances.main.starface.colour",
                "instances.main.sync.poll_interval"
            ]
        );
        for fault in faults {
            assert!(
                fault["position"]["line"].is_u64() && fault["hint"].is_string(),
                "{fault}"
            );
        }
    }
    let unfit = home.edit(json!([set("daemon.listen.port", 1)])).await;
    let (status, answer) = home.post("settings", unfit).await;
    assert_eq!(
        (status, &answer["faults"][0]["key"]),
        (422, &json!("daemon.listen.port")),
        "{answer}"
    );
    assert_eq!(home.text(), CONFIGURATION);
    home.daemon.stop().await;
}

#[tokio::test]
async fn what_is_no_edit_is_refused_without_telling_what_it_was() {
    let home = Home::new().await;
    let base = home.get("settings").await["revision"].clone();
    for (body, wanted) in [
        ("{".to_owned(), 400),
        (json!({"base": "yesterday", "changes": []}).to_string(), 422),
        (
            json!({"base": base, "changes": [{"secret": {"key": SECRET, "secret": ["TYPED"]}}]}).to_string(),
            422,
        ),
        (
            json!({"base": base, "changes": [{"set": {"key": "daemon..log", "value": 1}}]}).to_string(),
            422,
        ),
        (
            json!({"base": base, "changes": [], "force": true}).to_string(),
            422,
        ),
        (
            format!("{{\"base\":{base},\"changes\":[{}]}}", " ".repeat(70_000)),
            413,
        ),
    ] {
        for path in ["settings", "settings/preview"] {
            let (status, _) = home.send(Method::POST, path, Some(body.clone())).await;
            assert_eq!(status, wanted, "{path} {body:.80}");
        }
    }
    let url = format!("http://{}/api/v1/settings", home.endpoint.address);
    let http = HttpClient::build(&HttpSettings::default()).unwrap();
    for path in ["", "/preview", "/audit"] {
        for method in [Method::GET, Method::POST] {
            let answer = http.request(method, format!("{url}{path}")).send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 401 | 405), "{path}: {status}");
        }
    }
    assert_eq!(home.text(), CONFIGURATION);
    home.daemon.stop().await;
}

#[tokio::test]
async fn a_managed_file_is_shown_and_every_change_is_forbidden() {
    let managed = CONFIGURATION.replace("[daemon]", "[daemon]\nmanaged = true");
    let text = managed.clone();
    let home = Home::after(move |folder| fs::write(folder.path("presence-sync.toml"), text).unwrap()).await;
    let shown = home.get("settings").await;
    assert_eq!(shown["read_only"]["code"], "managed");
    let edit = home.edit(json!([set("daemon.managed", false)])).await;
    for path in ["settings", "settings/preview"] {
        let (status, answer) = home.post(path, edit.clone()).await;
        assert_eq!(
            (status, &answer["read_only"]),
            (403, &shown["read_only"]),
            "{answer}"
        );
    }
    assert_eq!(home.text(), managed);
    home.daemon.stop().await;
}

#[tokio::test]
async fn a_link_to_the_file_stays_one() {
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.toml");
    let target = real.clone();
    let home = Home::after(move |folder| {
        let link = folder.path("presence-sync.toml");
        fs::rename(&link, &target).unwrap();
        symlink(&target, &link).unwrap();
    })
    .await;
    let edit = home.edit(json!([set("daemon.audit_days", 7)])).await;
    let (status, answer) = home.post("settings", edit).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(fs::read_link(home.path("presence-sync.toml")).unwrap(), real);
    assert!(fs::read_to_string(&real).unwrap().contains("audit_days = 7"));
    assert!(elsewhere.path().join("real.toml.previous").exists());
    home.daemon.stop().await;
}

#[tokio::test]
async fn of_two_who_change_at_the_same_time_one_is_told_to_look_again() {
    let home = Home::new().await;
    let first = home.edit(json!([set("daemon.audit_days", 7)])).await;
    let second = home.edit(json!([set("daemon.log", "warn")])).await;
    let (one, other) = tokio::join!(home.post("settings", first), home.post("settings", second));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(home.text().contains("audit_days = 7"), one.0 == 200);
    assert_eq!(home.text().contains("log = \"warn\""), other.0 == 200);
    home.daemon.stop().await;
}

#[tokio::test]
async fn no_secret_is_logged_or_kept_elsewhere_than_in_its_file() {
    let logged = Logged::default();
    let writer = logged.clone();
    // For all threads: what other tests log is no secret either.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let home = Home::new().await;
    for (secret, wanted) in [("TYPED-password", 200), ("TYPED\ntwice", 422)] {
        let edit = home
            .edit(json!([set("instances.main.enabled", true), {"secret": {"key": SECRET, "secret": secret}}]))
            .await;
        assert_eq!(home.post("settings", edit).await.0, wanted);
    }
    home.daemon.stop().await;
    let logged = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("settings changed") && logged.contains(SECRET),
        "{logged}"
    );
    let mut files = 0;
    for entry in fs::read_dir(home.folder.path("")).unwrap() {
        let path = entry.unwrap().path();
        let held = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let own = path.ends_with("main.password") || path.ends_with("secret");
        assert_eq!(
            held.contains("TYPED") || held.contains("OPERATORS"),
            own,
            "{}",
            path.display()
        );
        files += 1;
    }
    assert!(files > 4, "configuration, the one before, state, key, secrets");
    for secret in ["TYPED", "OPERATORS"] {
        assert!(!logged.contains(secret), "{logged}");
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
