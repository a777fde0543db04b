//! Machines whose daemons share a state in PostgreSQL.

use std::path::PathBuf;

use sync_adapters::http::{HttpClient, HttpSettings};
use sync_service::api::{Client, Endpoint, InstanceState, InstanceStatus, endpoint_file};
use tempfile::TempDir;

use crate::postgres;
use crate::program::Daemon;
use crate::stage::{Stage, StageOptions, eventually};

/// One of several machines that share a state: a folder with a configuration of its own.
#[derive(Debug)]
pub struct Node {
    folder: TempDir,
}

impl Node {
    /// A stage with the address of a database of its own; `None` where there is no server.
    pub async fn stage(options: StageOptions, database: &str) -> Option<(Stage, String)> {
        let server = postgres::shared()?;
        let made = server.psql(&format!("CREATE DATABASE {database}"));
        assert!(made.0, "{}", made.1);
        Some((Stage::set(options).await, server.url_of(database)))
    }

    /// A machine whose file says the same as the stage's, but for the state, and these changes.
    pub fn new(stage: &Stage, state: &str, changes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("there is a temporary directory");
        for entry in std::fs::read_dir(stage.config().parent().expect("a folder")).expect("it can be read") {
            let entry = entry.expect("it can be read").path();
            let name = entry.file_name().expect("a name");
            std::fs::copy(&entry, folder.path().join(name)).expect("it can be copied");
        }
        let node = Self { folder };
        let state = format!("state = \"{state}\"\nstate_password_file = \"pg.password\"\nmanaged = true");
        let mut text = std::fs::read_to_string(node.config()).expect("a configuration");
        assert!(text.contains("state = \"sqlite:state.db\""), "{text}");
        text = text.replace("state = \"sqlite:state.db\"", &state);
        for (from, to) in changes {
            assert!(text.contains(from), "{text}");
            text = text.replace(from, to);
        }
        std::fs::write(node.config(), text).expect("it can be written");
        node.secret("pg.password", postgres::PASSWORD.as_bytes());
        node
    }

    /// Another machine with the same key.
    pub fn beside(&self, stage: &Stage, state: &str, changes: &[(&str, &str)]) -> Self {
        let node = Self::new(stage, state, changes);
        node.secret(
            "state.key",
            &std::fs::read(self.path("state.key")).expect("a key"),
        );
        node
    }

    /// Writes a file for its owner alone.
    pub fn secret(&self, name: &str, contents: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.path(name), contents).expect("it can be written");
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600))
            .expect("it is ours");
    }

    /// A file beside its configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("presence-sync.toml")
    }

    /// Starts the built daemon.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(&self.config())
    }

    /// What its daemon has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// How its instance does, if its daemon can be asked.
    pub async fn status(&self) -> Option<InstanceStatus> {
        let endpoint = Endpoint::find(&endpoint_file(&self.path("state"))).ok()??;
        let client = Client::connect(endpoint).ok()?;
        client.status().await.ok()?.instances.pop()
    }

    /// Asks its daemon for one of the paths that need no sign-in: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let endpoint = Endpoint::find(&endpoint_file(&self.path("state")));
        let endpoint = endpoint.expect("it can be read").expect("a daemon runs");
        let http = HttpClient::build(&HttpSettings::default()).expect("a client");
        let answer = http
            .get(format!("http://{}{path}", endpoint.address))
            .send()
            .await;
        let answer = answer.expect("the daemon answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap_or_default())
    }

    /// Waits until its instance `is` in a state, which is told.
    pub async fn until(&self, what: &str, is: impl Fn(&InstanceStatus) -> bool) -> InstanceStatus {
        let found = eventually(|| async { self.status().await.filter(&is) }).await;
        match found {
            Some(status) => status,
            None => panic!("not {what}: {:?}\n{}", self.status().await, self.log()),
        }
    }

    /// Waits until another daemon has its instance.
    pub async fn waits(&self) -> InstanceStatus {
        self.until("waiting", |status| status.state == InstanceState::Waiting)
            .await
    }

    /// Waits until nothing is left to do.
    pub async fn settles(&self) -> InstanceStatus {
        let settled = |status: &InstanceStatus| status.view.as_ref().is_some_and(|view| view.settled);
        self.until("settled", settled).await
    }
}
