//! Changing settings where something stands in the way: another edit, another program, the disk.

mod changes;
mod faults;
mod secrets;
mod together;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use sync_adapters::clock::SystemClock;
use sync_adapters::http::Proxies;
use sync_adapters::memory::MemoryLedger;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::InstanceName;
use tempfile::TempDir;

use super::Author;
use crate::api::Endpoint;
use crate::assembly::Assembly;
use crate::config::edit::faulty::FaultyDisk;
use crate::config::edit::{Change, Edit, EditError, ReadOnlyCode, Revision};
use crate::config::{Environment, load};
use crate::daemon::listening::Listening;
use crate::daemon::{DaemonOptions, Files, Supervisor};
use crate::telemetry::Metrics;

const FILE: &str = "version = 1 # ours\n\n[daemon]\nstate = \"sqlite:state/state.db\"\n\n[instances.main]\nenabled = false\n\
    [instances.main.teams]\ntenant_id = \"contoso.example\"\nclient_id = \"c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11\"\n\
    client_secret_file = \"graph.secret\"\n[instances.main.starface]\nurl = \"https://pbx.example\"\ngroup = \"Teams\"\n\
    login = \"0001\"\npassword_file = \"pbx.password\"\n";

struct Home {
    folder: TempDir,
    disk: Arc<FaultyDisk>,
    files: Arc<Files>,
}

impl Home {
    async fn new() -> Self {
        Self::with(FaultyDisk::fails_at(usize::MAX)).await
    }

    async fn with(disk: FaultyDisk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("state")).unwrap();
        write(folder.path().join("presence-sync.toml"), FILE);
        write(folder.path().join("graph.secret"), "OPERATORS-graph\n");
        write(folder.path().join("pbx.password"), "OPERATORS-password\n");
        let options = DaemonOptions {
            config: folder.path().join("presence-sync.toml"),
            environment: Environment::default(),
            program: "0.0.0-test",
            logging: None,
            page: None,
        };
        let loaded = load(&options.config, &options.environment).unwrap();
        let changes = SqliteLedger::open(folder.path().join("state/state.db"))
            .await
            .unwrap()
            .settings_audit();
        let assembly = Assembly::new(
            Arc::new(MemoryLedger::new()),
            Arc::new(SystemClock::default()),
            Arc::new(Metrics::new("0.0.0-test")),
            Proxies::default(),
        );
        let disk = Arc::new(disk);
        let supervisor = Arc::new(Supervisor::new(assembly));
        let endpoint = Endpoint {
            address: ([127, 0, 0, 1], 0).into(),
            token: "SAMPLE-token".to_owned().into(),
            pid: 0,
            certificate: None,
        };
        let listening = Listening::new(folder.path().join("state.db.api"), endpoint, None);
        let files = Files::new(
            options,
            supervisor,
            listening,
            loaded,
            changes,
            Arc::clone(&disk) as _,
        );
        Self {
            folder,
            disk,
            files: Arc::new(files),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("presence-sync.toml")).unwrap()
    }

    async fn edit(&self, changes: impl IntoIterator<Item = Change>) -> Edit {
        Edit {
            base: self.files.written().await.revision,
            changes: changes.into_iter().collect(),
        }
    }

    /// Makes an edit, and answers with the differences.
    async fn make(&self, changes: impl IntoIterator<Item = Change>) -> Result<usize, EditError> {
        let edit = self.edit(changes).await;
        let proposal = self.files.propose(&edit).await?;
        let changed = self.files.change(proposal, &author()).await?;
        assert!(changed.applied);
        assert_eq!(changed.revision, self.files.written().await.revision);
        Ok(changed.differences.len())
    }

    async fn audit(&self) -> usize {
        self.files
            .settings_changes(jiff::Timestamp::MIN, None)
            .await
            .unwrap()
            .len()
    }
}

fn write(path: PathBuf, text: &str) {
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

fn author() -> Author {
    Author {
        who: "page".to_owned(),
        from: Some([127, 0, 0, 1].into()),
    }
}

fn set(key: &str, value: impl Into<serde_json::Value>) -> Change {
    Change::Set {
        key: key.parse().unwrap(),
        value: value.into(),
    }
}

fn secret(key: &str, secret: &str) -> Change {
    Change::Secret {
        key: key.parse().unwrap(),
        secret: secret.to_owned().into(),
    }
}

const PASSWORD: &str = "instances.main.starface.password_file";
