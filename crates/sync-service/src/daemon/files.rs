//! What a running daemon reads from its files again: all of it, or the licences alone.

use std::sync::{Arc, PoisonError};

use sync_adapters::state::SettingsAudit;
use sync_core::InstanceName;
use tokio::sync::Mutex;

use super::listening::Listening;
use super::{DaemonOptions, Supervisor, UnknownInstance};
use crate::api::InstanceStatus;
use crate::config::edit::{ConfigFile, Storage};
use crate::config::{self, ConfigErrors, DaemonCertificate, Environment, Loaded, Settings, Warning};

/// The files of a running daemon.
#[derive(Debug)]
pub struct Files {
    pub(super) options: DaemonOptions,
    pub(super) supervisor: Arc<Supervisor>,
    /// The configuration file, which is changed here, too.
    pub(super) file: ConfigFile,
    /// Whoever writes the file has it, from the look at what stands there until it is replaced.
    pub(super) writing: Mutex<()>,
    listening: Listening,
    /// The settings that the daemon runs with.
    pub(super) settings: Mutex<Settings>,
    /// `[daemon]` of these settings, for whoever cannot wait until new ones have taken effect.
    daemon: std::sync::Mutex<config::Daemon>,
    /// Who changed the settings.
    changes: SettingsAudit,
    /// What was legal and probably not meant when the files were last read.
    notices: std::sync::Mutex<Vec<String>>,
    /// The daemon's own certificate as it was last read.
    certificate: std::sync::Mutex<Option<DaemonCertificate>>,
}

impl Files {
    pub(super) fn new(
        options: DaemonOptions,
        supervisor: Arc<Supervisor>,
        listening: Listening,
        loaded: Loaded,
        changes: SettingsAudit,
        storage: Arc<dyn Storage>,
    ) -> Self {
        let files = Self {
            file: ConfigFile::new(&options.config, storage),
            options,
            supervisor,
            daemon: std::sync::Mutex::new(loaded.settings.daemon.clone()),
            changes,
            writing: Mutex::default(),
            listening,
            notices: std::sync::Mutex::default(),
            certificate: std::sync::Mutex::new(loaded.settings.daemon.tls.clone()),
            settings: Mutex::new(loaded.settings),
        };
        files.take_note(&loaded.warnings);
        files
    }

    /// What an operator should know of the files as they were last read, and of the certificate as it is by now.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = self
            .notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let certificate = self.certificate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.options.environment.now.map(|now| now());
        let remark = now.and_then(|now| certificate.as_ref()?.remark(now));
        // It was said already where the certificate was read when its end was near.
        notices.extend(remark.filter(|remark| !notices.iter().any(|notice| notice.contains(remark))));
        notices
    }

    /// `[daemon]` as the daemon runs with it.
    pub fn daemon(&self) -> config::Daemon {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An instance as the daemon runs with it.
    pub async fn instance(&self, name: &InstanceName) -> Option<config::Instance> {
        self.settings.lock().await.instances.get(name).cloned()
    }

    /// The settings that the daemon runs with.
    pub async fn settings(&self) -> Settings {
        self.settings.lock().await.clone()
    }

    /// What the configuration takes from the environment.
    pub fn environment(&self) -> &Environment {
        &self.options.environment
    }

    /// Who changed the settings.
    pub(super) fn changes(&self) -> &SettingsAudit {
        &self.changes
    }

    fn take_note(&self, warnings: &[Warning]) {
        let notices: Vec<String> = warnings
            .iter()
            .map(|warning| warning.in_file(&self.options.config).to_string())
            .collect();
        for notice in &notices {
            tracing::warn!("{notice}");
        }
        *self.notices.lock().unwrap_or_else(PoisonError::into_inner) = notices;
    }

    /// Reads the configuration again with all files that it names. Instances whose settings changed are started anew; what
    /// is ours in an instance that is gone or turned off is taken back, as its `on_stop` says.
    ///
    /// # Errors
    /// When the new file is not good; then the old settings go on.
    pub async fn reload(&self) -> Result<(), ConfigErrors> {
        // Under the lock, so that of two who read the files the later one has the last word.
        let mut settings = self.settings.lock().await;
        let loaded = config::load(&self.options.config, &self.options.environment)?;
        self.apply(&mut settings, loaded).await;
        tracing::info!("configuration read again");
        Ok(())
    }

    /// Makes the daemon do what new settings say.
    async fn apply(&self, settings: &mut Settings, loaded: Loaded) {
        self.take_note(&loaded.warnings);
        let (old, new) = (&settings.daemon, &loaded.settings.daemon);
        if old.listen != new.listen
            || old.state != new.state
            || old.state_key != new.state_key
            || old.log_format != new.log_format
            || old.tls.is_some() != new.tls.is_some()
        {
            tracing::error!(
                "`daemon.listen`, `daemon.state`, `daemon.state_key_file`, `daemon.log_format`, and whether there is a \
                 `daemon.tls_certificate_file`, take effect at the next start only"
            );
        }
        if let Some(tls) = new.tls.as_ref().filter(|_| old.tls != new.tls) {
            self.listening.present(&tls.identity);
            *self.certificate.lock().unwrap_or_else(PoisonError::into_inner) = Some(tls.clone());
        }
        if let Some(logging) = self.options.logging.as_ref().filter(|_| old.log != new.log) {
            logging.set_level(new.log);
        }
        *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) = new.clone();
        self.supervisor.apply(&loaded.settings).await;
        *settings = loaded.settings;
    }

    /// Somebody has signed in for an instance: it begins anew, and waits no longer because of what was refused before.
    ///
    /// # Errors
    /// When there is no such instance.
    pub async fn signed_in(&self, name: &InstanceName) -> Result<InstanceStatus, UnknownInstance> {
        // Under the lock, so that nobody takes the instance out of the settings meanwhile.
        let settings = self.settings.lock().await;
        self.supervisor.begin_anew(name, &settings).await
    }

    /// Whether an instance runs with what its files say now. Where they say something else, what was tried with them says
    /// nothing about what the instance would present.
    ///
    /// # Errors
    /// When it does not.
    pub async fn holds(&self, name: &InstanceName) -> Result<(), UnknownInstance> {
        let settings = self.settings.lock().await;
        let running = settings.instances.get(name);
        let loaded = config::load(&self.options.config, &self.options.environment);
        let said = loaded
            .as_ref()
            .ok()
            .and_then(|loaded| loaded.settings.instances.get(name));
        if running.is_some() && running == said {
            return Ok(());
        }
        Err(UnknownInstance::OtherSettings(name.clone()))
    }

    /// Reads the licences again, and nothing else: whatever else was written into the configuration waits for a reload.
    ///
    /// # Errors
    /// When the configuration that names them is not good; then the licences go on as they were.
    pub async fn reload_licences(&self) -> Result<(), ConfigErrors> {
        let mut settings = self.settings.lock().await;
        let loaded = config::load(&self.options.config, &self.options.environment)?;
        settings.licences = loaded.settings.licences;
        self.take_note(&loaded.warnings);
        self.supervisor.hand_licences_over(&settings);
        tracing::info!("licences read again");
        Ok(())
    }
}
