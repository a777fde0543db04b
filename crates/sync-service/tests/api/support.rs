//! A daemon in this process whose tenant and PBX are dead.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::InstanceName;
use sync_service::api::{Client, Endpoint, InstanceState, endpoint_file};
use sync_service::config::{self, Environment};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon};
use tempfile::TempDir;

/// Nobody listens on the port of tenant and PBX: it is reserved.
const CONFIGURATION: &str = r#"version = 1

[daemon]
listen = "127.0.0.1:0"

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

[instances.off]
enabled = false
[instances.off.teams]
cloud = "custom"
login_url = "http://127.0.0.1:1"
graph_url = "http://127.0.0.1:1"
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "secret"
[instances.off.starface]
url = "http://127.0.0.1:1"
group = "Others"
login = "0001"
password_file = "secret"
"#;

/// Long enough for a slow machine; whoever waits ends as soon as there is something to see.
const LOOKS: u32 = 400;

pub(crate) struct Home {
    folder: TempDir,
    daemon: RunningDaemon,
}

impl Home {
    /// A daemon whose instance `main` runs.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("presence-sync.toml", CONFIGURATION),
            ("secret", "SAMPLE-secret\n"),
        ] {
            let mut options = fs::OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = file.open(folder.path().join(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
        let path = folder.path().join("presence-sync.toml");
        let loaded = config::load(&path, &Environment::default()).unwrap();
        let options = DaemonOptions {
            config: path,
            environment: Environment::default(),
            program: "0.0.0-test",
            logging: None,
            page: None,
        };
        let daemon = daemon::start(options, loaded).await.unwrap();
        let home = Self { folder, daemon };
        home.wait_for_main().await;
        home
    }

    async fn wait_for_main(&self) {
        for _ in 0..LOOKS {
            let status = self.daemon.supervisor().status(&instance("main")).await.unwrap();
            if status.state == InstanceState::Running {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the instance does not come to run");
    }

    fn endpoint(&self) -> Endpoint {
        let file = endpoint_file(&self.folder.path().join("state.db"));
        Endpoint::find(&file).unwrap().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.endpoint()).unwrap()
    }

    /// Sends a request with the token and without a body.
    pub(crate) async fn send(&self, method: Method, path: &str) -> Response {
        let endpoint = self.endpoint();
        let http = HttpClient::build(&HttpSettings::default()).unwrap();
        let request = http.request(method, format!("{}{path}", endpoint.url()));
        let request = request.bearer_auth(endpoint.token.expose_secret());
        request.send().await.unwrap()
    }

    /// What is answered to a request: status and JSON.
    pub(crate) async fn ask(&self, path: &str) -> (u16, Value) {
        let answer = self.send(Method::GET, path).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn stop(self) {
        self.daemon.stop().await;
    }
}

pub(crate) fn instance(name: &str) -> InstanceName {
    InstanceName(name.into())
}

/// A file of this repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
