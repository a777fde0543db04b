//! Settings tried out, and changed in the one file.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::PortError;
use tokio::sync::oneshot;

use crate::api::API_VERSION;
use crate::config::edit::{
    Difference, Document, Edit, EditError, Found, Overlay, ReadOnly, ReadOnlyCode, Revision, TypedSecret,
    placed,
};
use crate::config::{self, ConfigErrors, Disk, Loaded, Warning};
use crate::daemon::Files;
use crate::settings_audit::{self, SettingsChange};

/// New settings are waited for this long to have taken effect.
const APPLY: Duration = Duration::from_secs(20);

/// Who changes settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// What they do it with, such as `page`.
    pub who: String,
    /// The address that they come from, where it is known.
    pub from: Option<IpAddr>,
}

/// An edit that was tried out, and would be good.
#[derive(Debug)]
pub struct Proposal {
    base: Revision,
    document: Document,
    secrets: Vec<TypedSecret>,
    loaded: Loaded,
    differences: Vec<Difference>,
}

impl Proposal {
    /// What the file would say, with its warnings.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// What would be otherwise than now. Of a secret that was typed in it shows only that.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The file as it would be.
    pub fn document(&self) -> &Document {
        &self.document
    }
}

/// Settings that were changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsChanged")]
#[non_exhaustive]
pub struct Changed {
    /// The version of this form.
    pub version: u32,
    /// The revision of the file now.
    pub revision: Revision,
    /// What is otherwise than before.
    pub differences: Vec<Difference>,
    /// What is legal there and probably not meant.
    pub warnings: Vec<Warning>,
    /// Whether the daemon does by now what the file says; where not, an instance that was turned off is probably still
    /// taking back what is its own.
    pub applied: bool,
}

impl Files {
    /// Tries an edit out, and writes nothing. Secrets that were typed in are checked as if their files were there.
    ///
    /// # Errors
    /// When the file cannot be changed, was changed meanwhile, or would not be good.
    pub async fn propose(&self, edit: &Edit) -> Result<Proposal, EditError> {
        let found = self.file.read();
        self.changeable(&found).map_err(EditError::ReadOnly)?;
        unchanged(&edit.base, &found)?;
        let document = found.document.map_err(EditError::NotGood)?;
        let state = self.daemon().state.local();
        let folder = state.parent().unwrap_or(Path::new(""));
        let (changes, secrets) = placed(&edit.changes, self.file.path(), folder)?;
        let edited = document.edited(&changes)?;
        let loaded = self.checked(&edited, &secrets).map_err(EditError::NotGood)?;
        let differences = differences(&document, &edited, &secrets);
        Ok(Proposal {
            base: edit.base.clone(),
            document: edited,
            secrets,
            loaded,
            differences,
        })
    }

    /// Writes what was tried out, and lets the daemon do what the file says then, as a reload does. Once it is begun, it goes
    /// on also where nobody waits for it any more.
    ///
    /// # Errors
    /// When the file cannot be changed, was changed meanwhile, or would not be good any more because of other files; then
    /// nothing was changed.
    pub async fn change(self: &Arc<Self>, proposal: Proposal, who: &Author) -> Result<Changed, EditError> {
        let (told, stored) = oneshot::channel();
        let (files, who) = (Arc::clone(self), who.clone());
        let work = tokio::spawn(async move {
            let stored = {
                let _alone = files.writing.lock().await;
                files.store(&proposal, &who).await
            };
            let good = stored.is_ok();
            // Nobody may wait any more.
            let _ = told.send(stored);
            good && files.take_effect().await
        });
        let cut_off = |_| EditError::Write {
            path: self.file.path().to_owned(),
            source: io::Error::other("the change was cut off"),
        };
        let mut changed = stored.await.map_err(cut_off)??;
        changed.applied = matches!(tokio::time::timeout(APPLY, work).await, Ok(Ok(true)));
        Ok(changed)
    }

    /// The file is read again and not what was just written: of several changes, whoever comes last does what the last one
    /// says.
    async fn take_effect(&self) -> bool {
        let read = self.reload().await;
        if let Err(errors) = &read {
            tracing::error!("the settings were changed, and are not good any more\n{errors}");
        }
        read.is_ok()
    }

    /// Who changed the settings from a time on: at most a thousand changes, those after the one of number `after` where
    /// there is one.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn settings_changes(
        &self,
        since: Timestamp,
        after: Option<u64>,
    ) -> Result<Vec<SettingsChange>, PortError> {
        settings_audit::page(self.changes(), since, after).await
    }

    /// Writes a proposal, unless something has changed since it was made.
    async fn store(&self, proposal: &Proposal, who: &Author) -> Result<Changed, EditError> {
        let found = self.file.read();
        self.changeable(&found).map_err(EditError::ReadOnly)?;
        unchanged(&proposal.base, &found)?;
        let old = found.document.map_err(EditError::NotGood)?;
        // Other files may say something else by now.
        let loaded = self.checked(&proposal.document, &proposal.secrets);
        let loaded = loaded.map_err(EditError::NotGood)?;
        if !proposal.differences.is_empty() {
            self.file.replace(&old, &proposal.document, &proposal.secrets)?;
            let keys: Vec<String> = proposal
                .differences
                .iter()
                .map(|difference| difference.key.to_string())
                .collect();
            tracing::info!(who = who.who, ?keys, "settings changed");
            self.write_down(&proposal.differences, who).await;
        }
        Ok(Changed {
            version: API_VERSION,
            revision: proposal.document.revision().clone(),
            differences: proposal.differences.clone(),
            warnings: loaded.warnings,
            applied: false,
        })
    }

    /// Keeps in the state who changed what. The settings are changed already, and stay so where that fails.
    async fn write_down(&self, differences: &[Difference], who: &Author) {
        let now = self.supervisor.assembly.now().wall;
        // Texts and values of JSON can always be written down.
        let changes = serde_json::to_value(differences).unwrap_or_default();
        if let Err(error) = self.changes().add(now, &who.who, who.from, &changes).await {
            let advice = error.advice.as_deref().unwrap_or_default();
            tracing::error!(
                error = error.chain(),
                advice,
                "the settings were changed, and the audit does not say so"
            );
        }
    }

    /// Whether the settings can be changed at all.
    pub(super) fn changeable(&self, found: &Found) -> Result<(), ReadOnly> {
        let managed = match &found.document {
            Ok(document) => document.values().pointer("/daemon/managed") == Some(&Value::Bool(true)),
            Err(_) => self.daemon().managed,
        };
        if managed {
            let what = "`daemon.managed` says that the file comes from elsewhere";
            return Err(ReadOnly::new(ReadOnlyCode::Managed, what));
        }
        self.file.writable()
    }

    /// Checks a text with secrets that were typed in.
    pub(super) fn checked(
        &self,
        document: &Document,
        secrets: &[TypedSecret],
    ) -> Result<Loaded, ConfigErrors> {
        let typed = secrets.iter().fold(Overlay::over(&Disk), |typed, secret| {
            typed.with(&secret.path, secret.secret.clone())
        });
        config::parse(
            document.text(),
            self.file.path(),
            &self.options.environment,
            &typed,
        )
    }
}

fn unchanged(base: &Revision, found: &Found) -> Result<(), EditError> {
    if *base == found.revision {
        return Ok(());
    }
    Err(EditError::Stale {
        ours: base.clone(),
        theirs: found.revision.clone(),
    })
}

/// What differs, with the secrets that were typed in.
fn differences(old: &Document, new: &Document, secrets: &[TypedSecret]) -> Vec<Difference> {
    let mut found = old.differences(new);
    for typed in secrets {
        match found.iter_mut().find(|difference| difference.key == typed.key) {
            Some(difference) => difference.secret = true,
            None => found.push(Difference::of_secret(&typed.key, &new.values())),
        }
    }
    found
}
