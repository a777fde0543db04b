//! Running the program, and a folder with a configuration.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

/// A tenant and a PBX at a port of this machine where nobody listens.
pub(crate) const CONFIGURATION: &str = r#"version = 1
[daemon]
listen = "127.0.0.1:0"
[instances.main.teams]
cloud = "custom"
login_url = "http://127.0.0.1:9"
graph_url = "http://127.0.0.1:9"
tenant_id = "tenant"
client_id = "client"
client_secret_file = "graph.secret"
[instances.main.starface]
url = "http://127.0.0.1:9"
group = "Teams"
login = "0001"
password_file = "pbx.password"
"#;

/// A folder to run the program in.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with `presence-sync.toml` and the secrets that it names.
    pub(crate) fn with(configuration: &str) -> Self {
        let folder = Self::empty();
        for name in ["graph.secret", "pbx.password", "chat.secret"] {
            folder.secret(name, "SAMPLE-secret\n");
        }
        fs::write(folder.path().join("presence-sync.toml"), configuration).unwrap();
        folder
    }

    pub(crate) fn secret(&self, name: &str, text: &str) {
        let mut open = fs::OpenOptions::new();
        let mut file = open
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.path().join(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs the program here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("presencectl"));
        let output = command
            .args(arguments)
            .current_dir(self.path())
            .env("TZ", "UTC")
            .output()
            .unwrap();
        let text = |bytes| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&self.path().display().to_string(), "FOLDER")
        };
        Ended {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Everything in one text, for a snapshot.
    pub(crate) fn everything(&self) -> String {
        let code = self
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let mut text = format!("exit code: {code}\n");
        for (name, stream) in [
            ("standard output", &self.stdout),
            ("standard error", &self.stderr),
        ] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name}\n{stream}");
            }
        }
        text
    }

    /// Standard output as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.everything()))
    }
}
