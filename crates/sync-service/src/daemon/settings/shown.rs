//! The settings as they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::API_VERSION;
use crate::config::edit::{Document, KeyPath, ReadOnly, Revision, secret_keys};
use crate::config::{self, Disk, Fault, SecretFiles, Warning};
use crate::daemon::Files;

/// The settings as they are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingsAnswer {
    /// The version of this form.
    pub version: u32,
    /// The configuration file.
    pub file: PathBuf,
    /// Its revision, which an edit has to name.
    pub revision: Revision,
    /// Why nothing can be changed; `None` where it can.
    pub read_only: Option<ReadOnly>,
    /// What is written; nothing where the file is no TOML. What stands under an unknown key, and name and password in an
    /// address, show as `…`.
    pub values: Value,
    /// Every key whose file holds a secret, written or not.
    pub secrets: BTreeMap<KeyPath, SecretStatus>,
    /// What is wrong with the file as it is now; the daemon goes on with what it said before.
    pub faults: Vec<Fault>,
    /// What is legal there and probably not meant.
    pub warnings: Vec<Warning>,
}

/// What is told of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsSecret")]
#[non_exhaustive]
pub struct SecretStatus {
    /// Whether its file is there and has something in it.
    pub set: bool,
    /// The file, as it is written; `None` where the key is not.
    pub file: Option<PathBuf>,
}

impl Files {
    /// The settings as they are written now, whatever the daemon runs with. No secret is among them.
    pub async fn written(&self) -> SettingsAnswer {
        let found = self.file.read();
        let read_only = self.changeable(&found).err();
        let checked = match &found.document {
            _ if found.revision == Revision::none() => {
                config::load(self.file.path(), &self.options.environment)
            }
            Ok(document) => self.checked(document, &[]),
            Err(errors) => Err(errors.clone()),
        };
        let (faults, warnings) = match checked {
            Ok(loaded) => (Vec::new(), loaded.warnings),
            Err(errors) => (errors.faults().to_vec(), Vec::new()),
        };
        let values = found.document.as_ref().map(Document::shown);
        let values = values.unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
        SettingsAnswer {
            version: API_VERSION,
            file: self.file.path().to_owned(),
            revision: found.revision,
            read_only,
            secrets: self.secrets(&values),
            values,
            faults,
            warnings,
        }
    }

    /// What is told of the secrets of these values.
    fn secrets(&self, values: &Value) -> BTreeMap<KeyPath, SecretStatus> {
        let home = self.file.path().parent().unwrap_or(Path::new(""));
        let lent = self.options.environment.credentials_directory.as_deref();
        let status = |key: KeyPath| {
            let written = key
                .parts()
                .iter()
                .try_fold(values, |values, part| values.get(part));
            let file = written.and_then(Value::as_str).map(PathBuf::from);
            let set = file.as_ref().is_some_and(|file| {
                let lent = lent.filter(|_| file.is_relative());
                let places = [Some(home), lent].into_iter().flatten();
                let found = places.map(|folder| Disk.open(&folder.join(file)));
                found
                    .flatten()
                    .next()
                    .is_some_and(|found| !found.contents.is_empty())
            });
            (key, SecretStatus { set, file })
        };
        secret_keys(values).into_iter().map(status).collect()
    }
}
