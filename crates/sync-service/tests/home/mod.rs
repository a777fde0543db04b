//! A folder with a configuration, and the daemon that is started in it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use sync_service::api::{Endpoint, endpoint_file};
use sync_service::config::{self, Environment};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon, StartError};
use sync_service::telemetry::Logging;
use tempfile::TempDir;

pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// With these files, for the owner alone, as secrets have to be.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        for (name, text) in files {
            home.write(name, text);
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) async fn start(&self, logging: Option<Logging>) -> Result<RunningDaemon, StartError> {
        let path = self.path("presence-sync.toml");
        let loaded = config::load(&path, &Environment::default()).unwrap();
        let options = DaemonOptions {
            config: path,
            environment: Environment::default(),
            program: "0.0.0-test",
            logging,
            page: None,
        };
        daemon::start(options, loaded).await
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        let file = endpoint_file(&self.path("state.db"));
        Endpoint::find(&file).unwrap().unwrap()
    }
}
