//! A daemon in this process whose tenant and PBX are dead.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::InstanceName;
use sync_service::api::{Client, Endpoint, InstanceState};
use sync_service::daemon::RunningDaemon;

use crate::dead_site::CONFIGURATION;

/// Long enough for a slow machine; whoever waits ends as soon as there is something to see.
const LOOKS: u32 = 400;

pub(crate) struct Home {
    folder: crate::home::Home,
    daemon: RunningDaemon,
}

impl Home {
    /// A daemon whose instance `main` runs.
    pub(crate) async fn new() -> Self {
        let folder = crate::home::Home::with(&[
            ("presence-sync.toml", CONFIGURATION),
            ("secret", "SAMPLE-secret\n"),
        ]);
        let daemon = folder.start(None).await.unwrap();
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
        self.folder.endpoint()
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
