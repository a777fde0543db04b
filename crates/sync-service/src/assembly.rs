//! From settings to ports: everything that an instance is made of.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use licensing::Demand;
use sync_adapters::graph::{
    Api, CallObserver, ClientCertificate, ClientId, ClientSecret, Cloud, Delegated, GraphAdapter,
    GraphClient, TenantId, TokenSource,
};
use sync_adapters::http::{HttpClient, HttpSettings, Proxies};
use sync_adapters::starface::{
    GroupId, Login, ModuleName, OAuth, OAuthClient, Observer as PbxObserver, Pbx, PbxUrl, SignIn,
    StarfaceAdapter, TargetGroup,
};
use sync_core::{
    Acquired, Breaker, ChatPort, Claim, Clock, Fault, InstanceName, LedgerPort, Moment, Observer, Policy,
    PortError, Ports, Settings,
};
use uuid::Uuid;

use crate::config::{self, OnStop, StarfaceAuth};
use crate::fingerprint::FingerprintKey;
use crate::sign_ins::SignIns;
use crate::telemetry::{Metrics, Watch};

/// What all instances of a process share.
#[derive(Clone)]
pub struct Assembly {
    ledger: Arc<dyn LedgerPort>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    proxies: Proxies,
    sign_ins: SignIns,
    holder: Arc<str>,
    fingerprints: FingerprintKey,
}

/// The way to one tenant.
pub(crate) struct Way {
    pub(crate) http: reqwest::Client,
    pub(crate) cloud: Cloud,
    pub(crate) tenant: TenantId,
    pub(crate) client: ClientId,
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
        let holder = format!("process {}", std::process::id()).into();
        // Without a key in the state, credentials have other names in each process: a refusal keeps none of the next one back.
        let mut key = [0; 32];
        key[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        key[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self {
            ledger,
            clock,
            metrics,
            proxies,
            sign_ins: SignIns::none(),
            holder,
            fingerprints: FingerprintKey::new(&key),
        }
    }

    /// The same, with the tokens of people who signed in, and with names for credentials that outlast the process.
    #[must_use]
    pub fn with_sign_ins(self, sign_ins: SignIns) -> Self {
        let fingerprints = sign_ins.fingerprint_key().unwrap_or(self.fingerprints);
        Self {
            sign_ins,
            fingerprints,
            ..self
        }
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

    /// Asks for the lease of an instance.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub async fn acquire(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
    ) -> Result<Acquired, PortError> {
        let claim = Claim {
            instance: instance.clone(),
            pbx: config.starface.pbx.clone(),
            holder: self.holder.to_string(),
        };
        self.ledger.acquire(&claim, self.now().wall).await
    }

    /// The engine's settings. `sharers` instances draw on the quota of the same tenant and app.
    pub async fn settings(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
        sharers: usize,
    ) -> Settings {
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
        settings.quota_share =
            config.teams.quota_share / f64::from(u32::try_from(sharers.max(1)).unwrap_or(u32::MAX));
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
        let token = self.token_number(instance, &config.teams).await;
        settings.fingerprints = self.fingerprints.of(config, token);
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
            Some(chat) => {
                let module = ModuleName::parse(&chat.module)
                    .map_err(|error| refused("use the companion module", error))?;
                let adapter = starface.chat(module, chat.shared_secret.clone().into());
                Some(Arc::new(adapter) as Arc<dyn ChatPort>)
            }
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

    /// Which token of somebody who signed in the instance has, where it needs one.
    async fn token_number(&self, instance: &InstanceName, teams: &config::Teams) -> Option<u64> {
        if !teams.sign_in.is_delegated() {
            return None;
        }
        let Way {
            cloud,
            tenant,
            client,
            ..
        } = self.way(teams).ok()?;
        let token = self.sign_ins.of(instance, &cloud, &tenant, &client).ok()?;
        token.number().await.ok().flatten()
    }

    /// The way to the tenant of an instance. Nothing is sent yet.
    pub(crate) fn way(&self, teams: &config::Teams) -> Result<Way, PortError> {
        let doing = "set up the way to Microsoft Graph";
        let mut http = HttpSettings {
            proxies: self.proxies_of(&teams.proxy),
            ..HttpSettings::default()
        };
        let cloud = match &teams.cloud {
            config::Cloud::Global => Cloud::Global,
            config::Cloud::UsGovHigh => Cloud::UsGovHigh,
            config::Cloud::UsGovDod => Cloud::UsGovDod,
            config::Cloud::China => Cloud::China,
            config::Cloud::Germany => Cloud::Germany,
            config::Cloud::Custom(custom) => {
                http.ca_file_pem = custom.ca.as_ref().map(|ca| ca.pem.clone());
                Cloud::custom(custom.login_url.clone(), custom.graph_url.clone())
                    .map_err(|error| refused(doing, error))?
            }
        };
        let tenant = TenantId::new(&teams.tenant_id).map_err(|error| refused(doing, error))?;
        let client = ClientId::new(&teams.client_id).map_err(|error| refused(doing, error))?;
        let http = HttpClient::build(&http)?;
        Ok(Way {
            http,
            cloud,
            tenant,
            client,
        })
    }

    fn graph(&self, instance: &InstanceName, teams: &config::Teams) -> Result<GraphAdapter, PortError> {
        let Way {
            http,
            cloud,
            tenant,
            client,
        } = self.way(teams)?;
        let observer: Arc<dyn CallObserver> = Arc::new(GraphCounter {
            instance: instance.clone(),
            metrics: Arc::clone(&self.metrics),
        });
        let tokens: Arc<dyn TokenSource> = match &teams.sign_in {
            config::TeamsSignIn::ClientSecret(secret) => {
                let secret = secret.clone().into();
                let source = ClientSecret::new(http.clone(), &cloud, &tenant, &client, secret);
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
            config::TeamsSignIn::ClientCertificate(own) => {
                let clock = self.clock();
                let source = ClientCertificate::new(
                    http.clone(),
                    &cloud,
                    &tenant,
                    &client,
                    own.certificate.clone(),
                    own.algorithm,
                    Arc::new(move || clock.now().wall),
                );
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
            config::TeamsSignIn::Browser | config::TeamsSignIn::DeviceCode => {
                let token = self.sign_ins.of(instance, &cloud, &tenant, &client)?;
                let source = Delegated::new(http.clone(), &cloud, &tenant, &client, Arc::new(token));
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
        };
        let graph = GraphAdapter::new(GraphClient::new(http, cloud, tokens).with_observer(observer));
        Ok(if teams.sign_in.is_delegated() {
            graph.with_login(format!("presencectl login {instance}"))
        } else {
            graph
        })
    }

    fn starface(
        &self,
        instance: &InstanceName,
        starface: &config::Starface,
    ) -> Result<StarfaceAdapter, PortError> {
        let doing = "set up the way to the PBX";
        let ca_file_pem = starface.ca.as_ref().map(|ca| ca.pem.clone());
        let http = HttpClient::build(&HttpSettings {
            ca_file_pem,
            certificate_sha256: starface.certificate_sha256,
            proxies: self.proxies_of(&starface.proxy),
            ..HttpSettings::default()
        })?;
        let url = PbxUrl::parse(starface.url.as_str()).map_err(|error| refused(doing, error))?;
        let sign_in = sign_in(starface);
        let (instance, metrics) = (instance.clone(), Arc::clone(&self.metrics));
        let counter: PbxObserver =
            Arc::new(move |operation, status| metrics.pbx_request(&instance, operation.as_str(), status));
        let pbx = Pbx::with(http, url, sign_in, PBX_TIMEOUT, Some(counter));
        let group = match &starface.group {
            config::Group::Name(name) => TargetGroup::Name(name.clone()),
            config::Group::Id(id) => TargetGroup::Id(GroupId::new(*id)),
        };
        Ok(StarfaceAdapter::new(pbx, group, self.clock()))
    }

    fn proxies_of(&self, proxy: &config::Proxy) -> Proxies {
        match proxy {
            config::Proxy::Environment => self.proxies.clone(),
            config::Proxy::Direct => Proxies::default(),
            config::Proxy::At(url) => Proxies::at(url.as_str()),
        }
    }
}

fn sign_in(starface: &config::Starface) -> SignIn {
    let login = Login::new(starface.login.0.as_ref());
    let password = starface.password.clone().into();
    let client = starface.oauth_client.as_ref().map(|client| OAuthClient {
        id: client.id.clone(),
        secret: client.secret.clone().map(Into::into),
    });
    let oauth = OAuth {
        client,
        scope: starface.oauth_scope.clone(),
        ..OAuth::default()
    };
    match starface.auth {
        StarfaceAuth::Nonce => SignIn::Nonce { login, password },
        StarfaceAuth::OAuth => SignIn::OAuth {
            login,
            password,
            oauth,
        },
        StarfaceAuth::Auto => SignIn::Auto {
            login,
            password,
            oauth,
        },
    }
}

/// No call to the PBX takes longer.
const PBX_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

struct GraphCounter {
    instance: InstanceName,
    metrics: Arc<Metrics>,
}

impl CallObserver for GraphCounter {
    fn ended(&self, api: Api, status: Option<u16>) {
        self.metrics.graph_request(&self.instance, api.as_str(), status);
    }
}

fn refused(doing: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::new(Fault::Configuration, doing).caused_by(error)
}
