//! From settings to ports: everything that an instance is made of.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use licensing::Demand;
use sync_adapters::clock::node;
use sync_adapters::http::{HttpClients, HttpSettings, Proxies};
use sync_adapters::starface::StarfaceLink;
use sync_core::{
    Acquired, Breaker, ChatPort, Claim, Clock, Fault, Fingerprint, InstanceName, LedgerPort, Moment,
    Observer, Policy, PortError, Ports, Settings,
};

use crate::config::{self, OnStop};
use crate::fingerprint::FingerprintKey;
use crate::settings_name::settings_name;
use crate::sign_ins::SignIns;
use crate::telemetry::{Metrics, Watch};
use crate::ways::chat;

/// This process, as it calls itself in leases.
pub(crate) fn own_name() -> String {
    format!("process {} on {}", std::process::id(), node())
}

type Ways = Vec<((Fingerprint, HttpSettings), StarfaceLink)>;

/// What all instances of a process share.
#[derive(Clone)]
pub struct Assembly {
    ledger: Arc<dyn LedgerPort>,
    clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) proxies: Proxies,
    pub(crate) sign_ins: SignIns,
    holder: Arc<str>,
    /// Without a key in the state, credentials have no names, and whatever was refused before keeps them back.
    fingerprints: Option<FingerprintKey>,
    /// The HTTP clients, by how they connect.
    pub(crate) clients: HttpClients,
    /// The ways to PBXs that are used, by their credentials and how they connect.
    ways: Arc<Mutex<Ways>>,
}

impl std::fmt::Debug for Assembly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembly")
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Assembly {
    /// Instances over this ledger and this clock. `proxies` are those of the environment, for every side without its own.
    pub fn new(
        ledger: Arc<dyn LedgerPort>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        proxies: Proxies,
    ) -> Self {
        let holder = own_name().into();
        Self {
            ledger,
            clock,
            metrics,
            proxies,
            sign_ins: SignIns::none(),
            holder,
            fingerprints: None,
            clients: HttpClients::default(),
            ways: Arc::default(),
        }
    }

    /// The same, with the tokens of people who signed in, and with names for credentials that outlast the process.
    #[must_use]
    pub fn with_sign_ins(self, sign_ins: SignIns) -> Self {
        let fingerprints = sign_ins.fingerprint_key();
        Self {
            sign_ins,
            fingerprints,
            ..self
        }
    }

    /// A name for the credentials that are presented to a PBX; `None` where there is no key to name them with.
    pub(crate) fn name_of(&self, starface: &config::Starface) -> Option<Fingerprint> {
        Some(self.fingerprints.as_ref()?.pbx(starface))
    }

    pub(crate) fn shared_ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why secrets of the state cannot be used, where that is so: without its key, refused credentials cannot be told apart.
    pub(crate) fn without_key(&self) -> Option<&PortError> {
        self.sign_ins.error().filter(|error| error.fault == Fault::State)
    }

    /// The ledger.
    pub fn ledger(&self) -> &dyn LedgerPort {
        self.ledger.as_ref()
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Where the jitter of an instance begins: different for each instance and each start.
    pub fn seed(&self, instance: &InstanceName) -> u64 {
        let mut hasher = DefaultHasher::new();
        (instance, self.now().wall.as_nanosecond(), &self.holder).hash(&mut hasher);
        hasher.finish()
    }

    /// Whoever writes down what an instance tells.
    pub fn watch(&self, instance: &InstanceName) -> Arc<dyn Observer> {
        Arc::new(Watch::new(instance.clone(), Arc::clone(&self.metrics)))
    }

    /// Asks for the lease of an instance, to run it as these settings say.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub async fn acquire(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
    ) -> Result<Acquired, PortError> {
        let settings = Some(settings_name(config));
        self.acquire_with(instance, config, settings).await
    }

    /// Asks for the lease of an instance for something that does not depend on its settings.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub async fn acquire_whatever_its_settings(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
    ) -> Result<Acquired, PortError> {
        self.acquire_with(instance, config, None).await
    }

    async fn acquire_with(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
        settings: Option<String>,
    ) -> Result<Acquired, PortError> {
        let claim = Claim {
            instance: instance.clone(),
            pbx: config.starface.pbx.clone(),
            holder: self.holder.to_string(),
            settings,
        };
        self.ledger.acquire(&claim, self.now().wall).await
    }

    /// The engine's settings. `share` is the part of the presence quota that the instance may use.
    pub fn settings(&self, instance: &InstanceName, config: &config::Instance, share: f64) -> Settings {
        let sync = &config.sync;
        let mut settings = Settings::new(instance.clone(), config.starface.pbx.clone());
        settings.licence = Some(Self::demand(config));
        settings.rules = config.rules.clone();
        settings.policy = match sync.policy {
            config::Policy::LastChangeWins => Policy::LastChangeWins,
            config::Policy::TeamsLeads => Policy::TeamsLeads,
            config::Policy::OwnOnly => Policy::OwnOnly,
        };
        settings.chat = config.starface.chat.is_some();
        settings.poll_interval = sync.poll_interval;
        settings.roster_interval = sync.roster_interval;
        settings.readback_interval = sync.readback_interval;
        settings.observe = config.observe;
        settings.chat_reassert = sync.chat_reassert;
        settings.pbx_concurrency = sync.pbx_concurrency;
        settings.quota_share = share;
        settings.dnd_off_after = sync.dnd_off_after;
        settings.unknown_release_after = sync.unknown_release_after;
        settings.release_on_stop = sync.on_stop == OnStop::Release;
        settings.exclude.clone_from(&sync.exclude);
        let config::Breaker {
            share,
            at_least,
            confirm_for,
            ..
        } = sync.breaker;
        settings.breaker = Breaker {
            share,
            at_least,
            confirm_for,
        };
        let key = self.fingerprints.as_ref();
        settings.fingerprints = key.map(|key| key.of(config)).unwrap_or_default();
        settings
    }

    /// What an instance asks of its licence. A licence may name the PBX by its host, with the port or without, or by its
    /// lasting name.
    pub fn demand(config: &config::Instance) -> Demand {
        let host = config.starface.url.host_str().unwrap_or_default().to_owned();
        let host_and_port = config::host_and_port(&config.starface.url).to_string();
        Demand {
            mode: config.mode,
            pbx: vec![host, host_and_port, config.starface.pbx.to_string()],
        }
    }

    /// The ports of an instance. Nothing is sent yet.
    ///
    /// # Errors
    /// When an address or a certificate cannot be used.
    pub fn ports(&self, instance: &InstanceName, config: &config::Instance) -> Result<Ports, PortError> {
        let graph = Arc::new(self.graph(instance, &config.teams)?);
        let starface = self.starface(instance, &config.starface)?;
        let chat = match &config.starface.chat {
            Some(settings) => Some(Arc::new(chat(&starface, settings)?) as Arc<dyn ChatPort>),
            None => None,
        };
        Ok(Ports {
            presence: Arc::clone(&graph) as _,
            directory: graph,
            pbx: Arc::new(starface),
            chat,
            ledger: Arc::clone(&self.ledger),
        })
    }
}
