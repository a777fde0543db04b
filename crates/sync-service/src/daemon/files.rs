//! What a running daemon reads from its files again: all of it, or the licences alone.

use std::sync::{Arc, PoisonError};

use sync_core::InstanceName;
use tokio::sync::Mutex;

use super::listening::Listening;
use super::{DaemonOptions, Supervisor, UnknownInstance};
use crate::api::InstanceStatus;
use crate::config::{self, ConfigErrors, DaemonCertificate, Loaded, Settings, Warning};

/// The files of a running daemon.
#[derive(Debug)]
pub struct Files {
    options: DaemonOptions,
    supervisor: Arc<Supervisor>,
    listening: Listening,
    /// The settings that the daemon runs with.
    settings: Mutex<Settings>,
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
    ) -> Self {
        let files = Self {
            options,
            supervisor,
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

    /// How long the audit is kept, as the files say at the moment.
    pub(super) async fn audit_days(&self) -> u16 {
        self.settings.lock().await.daemon.audit_days
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
        self.supervisor.apply(&loaded.settings).await;
        *settings = loaded.settings;
        tracing::info!("configuration read again");
        Ok(())
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
