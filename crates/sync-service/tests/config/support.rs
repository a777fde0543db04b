//! A file to break, and the files it names in memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use sync_service::config::{ConfigErrors, Environment, Loaded, SecretFiles, StoredFile, Warning, parse};

/// What no message and no Debug output may ever show.
pub(crate) const SECRETS: [&str; 3] = ["SAMPLE-graph", "SAMPLE-pbx", "SAMPLE-chat"];

pub(crate) const PEM: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

/// A good instance, for tests that are about something else.
pub(crate) const INSTANCE: &str = r#"[instances.main.teams]
tenant_id = "contoso.example"
client_id = "c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11"
client_secret_file = "graph.secret"
[instances.main.starface]
url = "https://pbx.example"
group = "Teams"
login = "0001"
password_file = "pbx.password"
"#;

/// Files by path, with their permission bits.
pub(crate) struct Files(HashMap<PathBuf, (Vec<u8>, u32)>);

impl Files {
    /// The files that the example and [`INSTANCE`] name, beside the configuration.
    pub(crate) fn good() -> Self {
        let secret = |text: &str| (format!("{text}\n").into_bytes(), 0o600);
        Self(HashMap::from([
            ("/etc/presence-sync/graph.secret".into(), secret(SECRETS[0])),
            ("/etc/presence-sync/pbx.password".into(), secret(SECRETS[1])),
            ("/etc/presence-sync/chat.secret".into(), secret(SECRETS[2])),
            ("/etc/presence-sync/ca.pem".into(), (PEM.into(), 0o644)),
        ]))
    }

    pub(crate) fn with(mut self, path: &str, contents: impl Into<Vec<u8>>, mode: u32) -> Self {
        self.0.insert(path.into(), (contents.into(), mode));
        self
    }

    pub(crate) fn without(mut self, path: &str) -> Self {
        self.0.remove(Path::new(path));
        self
    }
}

impl SecretFiles for Files {
    fn open(&self, path: &Path) -> io::Result<StoredFile> {
        let (contents, mode) = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(StoredFile {
            contents: contents.clone(),
            mode: *mode,
        })
    }
}

pub(crate) fn read(text: &str) -> Result<Loaded, ConfigErrors> {
    read_with(text, &Files::good())
}

pub(crate) fn read_with(text: &str, files: &Files) -> Result<Loaded, ConfigErrors> {
    let environment = Environment {
        credentials_directory: Some("/run/credentials".into()),
        ..Environment::default()
    };
    parse(
        text,
        Path::new("/etc/presence-sync/presence-sync.toml"),
        &environment,
        files,
    )
}

/// The warnings of a text that is about something else than its licence.
pub(crate) fn warnings(loaded: &Loaded) -> Vec<&Warning> {
    let of_licence = |warning: &&Warning| {
        let key = warning.key.as_deref().unwrap_or_default();
        key == "license" || key.starts_with("license.")
    };
    loaded
        .warnings
        .iter()
        .filter(|warning| !of_licence(warning))
        .collect()
}

/// What is printed about a bad text, with the folder left out.
pub(crate) fn refusal(text: &str) -> String {
    refusal_with(text, &Files::good())
}

pub(crate) fn refusal_with(text: &str, files: &Files) -> String {
    let error = read_with(text, files).expect_err("the text is a bad one");
    error.to_string().replace("/etc/presence-sync/", "")
}
