//! The daemon: instances under a supervisor, and the local API in front of them.

mod files;
mod housekeeping;
mod instance;
mod listening;
mod neighbours;
mod orders;
mod preview;
mod questions;
mod quota;
mod sampling;
mod settings;
mod setup_link;
mod supervisor;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;
use sync_adapters::clock::SystemClock;
use sync_core::{Acquired, Claim, Clock, InstanceName, LedgerCommit, LedgerPort, PortError, Remembered};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::{self, Api, DaemonStatus, Endpoint, EndpointError, endpoint_file};
use crate::assembly::{Assembly, own_name};
use crate::config::{ConfigErrors, Disk, Environment, Loaded, Settings};
use crate::opened::OpenState;
use crate::telemetry::{History, LatencySummary, Logging, Metrics, SAMPLED_EVERY};
pub use files::Files;
use listening::Listening;
pub use preview::Preview;
use sampling::{Sampler, sample_every};
pub use settings::{Author, Changed, Proposal, SecretStatus, SettingsAnswer};
pub use setup_link::SetupLinks;
pub use supervisor::{Supervisor, UnknownInstance};
pub use sync_adapters::starface::GroupChoice;

/// What a daemon is started with.
#[derive(Clone, Debug)]
pub struct DaemonOptions {
    /// The configuration file, read again when the daemon is told to reload.
    pub config: PathBuf,
    /// What the configuration takes from the environment.
    pub environment: Environment,
    /// The version of the program.
    pub program: &'static str,
    /// The log, whose level a reload may change.
    pub logging: Option<Logging>,
    /// The administrator's page, served beside the local API; `None` where there is to be none.
    pub page: Option<Page>,
}

/// Makes the routes of the administrator's page, all but those below `/api`, `/healthz`, `/readyz` and `/metrics`.
pub type Page = fn(Api) -> Router;

/// The daemon could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The state could not be opened.
    #[error("cannot open the state")]
    State(#[source] PortError),
    /// The ledger holds values for instances that the configuration does not name.
    #[error(
        "the state holds {holding} own values of instance `{instance}`, which the configuration does not name"
    )]
    Orphaned {
        /// The instance.
        instance: InstanceName,
        /// How many.
        holding: usize,
    },
    /// Nobody can listen at the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The endpoint could not be published beside the state.
    #[error("cannot publish the local API")]
    Publish(#[source] EndpointError),
}

impl StartError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::State(error) => return error.advice.clone().map(Into::into),
            Self::Orphaned { instance, .. } => format!(
                "put `[instances.{instance}]` back into the configuration, run `presencectl release {instance}`, \
                 then remove it"
            ),
            Self::Listen { .. } => {
                "another process may use the port: choose another one as `daemon.listen`, or port 0 for any"
                    .to_owned()
            }
            Self::Publish(_) => "the folder of the state must be writable for the daemon's user".to_owned(),
        })
    }
}

/// A daemon that runs in this process.
#[derive(Debug)]
pub struct RunningDaemon {
    address: SocketAddr,
    files: Arc<Files>,
    supervisor: Arc<Supervisor>,
    metrics: Arc<Metrics>,
    api: Api,
    logging: Option<Logging>,
    sampler: Sampler,
    listening: Listening,
    closing: CancellationToken,
    server: JoinHandle<()>,
}

/// Starts a daemon: opens the state, listens, and starts every instance that is enabled.
///
/// # Errors
/// When the state cannot be opened, nobody can listen, or the state holds values of an instance that nobody looks
/// after any more. A tenant or a PBX that does not answer is no reason: the instance says so and tries again.
pub async fn start(options: DaemonOptions, loaded: Loaded) -> Result<RunningDaemon, StartError> {
    let settings = loaded.settings.clone();
    let state = settings.daemon.state.local();
    let clock = Arc::new(SystemClock::default());
    let opened = OpenState::to_work(&settings.daemon).await;
    let OpenState {
        ledger,
        beside,
        sign_ins,
        daemons,
    } = opened.map_err(StartError::State)?;
    if let Some(error) = sign_ins.error() {
        let advice = error.advice.as_deref().unwrap_or_default();
        tracing::error!(
            error = error.chain(),
            advice,
            "without the key of the state nobody can sign in by browser or device code, and refused credentials are kept \
             back also when they are other ones"
        );
    }
    let changes = beside.settings_audit();
    refuse_orphans(&settings, ledger.as_ref(), clock.now().wall).await?;

    let wanted = settings.daemon.listen;
    let refuse = |source| StartError::Listen {
        address: wanted,
        source,
    };
    let listener = TcpListener::bind(wanted).await.map_err(refuse)?;
    let address = listener.local_addr().map_err(refuse)?;

    let metrics = Arc::new(Metrics::new(options.program));
    let proxies = options.environment.proxies.clone();
    let assembly = Assembly::new(Arc::clone(&ledger), clock.clone(), Arc::clone(&metrics), proxies)
        .with_sign_ins(sign_ins);
    let supervisor = Arc::new(Supervisor::new(assembly));
    let pid = std::process::id();
    let token = api::new_token();
    let endpoint = Endpoint {
        address,
        token: token.clone(),
        pid,
        certificate: None,
    };
    let identity = settings.daemon.tls.as_ref().map(|tls| tls.identity.clone());
    let listening = Listening::new(endpoint_file(&state), endpoint, identity);
    listening.publish().map_err(StartError::Publish)?;

    let closing = CancellationToken::new();
    let started: Timestamp = clock.now().wall;
    let program = options.program.to_owned();
    let page = options.page;
    let logging = options.logging.clone();
    let sampler = Sampler {
        supervisor: Arc::clone(&supervisor),
        metrics: Arc::clone(&metrics),
        history: Arc::default(),
    };
    let files = Files::new(
        options,
        Arc::clone(&supervisor),
        listening.clone(),
        loaded,
        changes,
        Arc::new(Disk),
    );
    let files = Arc::new(files);
    let api = Api {
        supervisor: Arc::clone(&supervisor),
        files: Arc::clone(&files),
        metrics: Arc::clone(&metrics),
        logging: logging.clone(),
        history: Arc::clone(&sampler.history),
        closing: closing.clone(),
        token,
        daemon: DaemonStatus {
            program,
            pid,
            started,
            notices: Vec::new(),
        },
        state,
        url: listening.url(),
        links: page.map(|_| Arc::default()),
    };
    let routes = api::router(api.clone());
    let routes = match page {
        Some(page) => routes.merge(page(api.clone())),
        None => routes.fallback(api::nothing_here),
    };
    let house = housekeeping::keep_house(Arc::clone(&files), ledger, clock, closing.clone());
    tokio::spawn(house);
    let sampling = sampler.clone();
    tokio::spawn(sample_every(SAMPLED_EVERY, closing.clone(), async move || {
        sampling.sample().await;
    }));
    tokio::spawn(listening.clone().keep_published(closing.clone()));
    tokio::spawn(quota::keep_shared(Arc::clone(&supervisor), closing.clone()));
    if let Some(daemons) = daemons {
        let serving = Arc::clone(&supervisor);
        tokio::spawn(neighbours::keep_announced(daemons, serving, closing.clone()));
    }
    let server = listening.serve(listener, routes, closing.clone());
    supervisor.apply(&settings).await;
    tracing::info!(%address, instances = settings.instances.len(), "started");
    Ok(RunningDaemon {
        address,
        files,
        supervisor,
        metrics,
        api,
        logging,
        sampler,
        listening,
        closing,
        server,
    })
}

/// What the ledger remembers of instances that the configuration does not name: own values that somebody has to take
/// back are an error; rows that hold nothing are forgotten, so that they claim nobody any more. In a state that several daemons
/// share, another one may run such an instance, so that only what nobody holds is an error, and nothing is forgotten.
async fn refuse_orphans(
    settings: &Settings,
    ledger: &dyn LedgerPort,
    now: Timestamp,
) -> Result<(), StartError> {
    for known in ledger.remembered().await.map_err(StartError::State)? {
        let named = settings
            .instances
            .get(&known.instance)
            .is_some_and(|instance| instance.starface.pbx == known.pbx);
        if named {
            continue;
        }
        let Remembered {
            instance,
            pbx,
            holding,
        } = known;
        let claim = Claim {
            instance: instance.clone(),
            pbx,
            holder: own_name(),
            settings: None,
        };
        if settings.daemon.state.is_shared() {
            if holding > 0 && is_free(ledger, &claim, now).await.map_err(StartError::State)? {
                return Err(StartError::Orphaned { instance, holding });
            }
            tracing::warn!(%instance, holding, "this file does not name an instance that another daemon may run");
        } else if holding > 0 {
            return Err(StartError::Orphaned { instance, holding });
        } else {
            forget(ledger, &claim, now).await.map_err(StartError::State)?;
        }
    }
    Ok(())
}

/// Whether nobody has the lease.
async fn is_free(ledger: &dyn LedgerPort, claim: &Claim, now: Timestamp) -> Result<bool, PortError> {
    match ledger.acquire(claim, now).await? {
        Acquired::Granted(lease) => ledger.surrender(&lease).await.map(|()| true),
        _ => Ok(false),
    }
}

/// Deletes the rows of an instance, unless somebody else looks after it.
async fn forget(ledger: &dyn LedgerPort, claim: &Claim, now: Timestamp) -> Result<(), PortError> {
    let Acquired::Granted(lease) = ledger.acquire(claim, now).await? else {
        return Ok(());
    };
    let remove = ledger
        .load(claim)
        .await?
        .rows
        .into_iter()
        .map(|row| row.user)
        .collect();
    let commit = LedgerCommit {
        remove,
        ..LedgerCommit::default()
    };
    ledger.commit(&lease, &commit).await?;
    ledger.surrender(&lease).await
}

impl RunningDaemon {
    /// Where the local API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks HTTPS there, and not plain HTTP.
    pub fn speaks_tls(&self) -> bool {
        self.listening.speaks_tls()
    }

    /// Percentiles of the added latency of recent changes.
    pub fn latency(&self) -> LatencySummary {
        self.metrics.latency_summary()
    }

    /// A one-time link to the administrator's page; `None` where there is no page.
    pub fn setup_link(&self) -> Option<SecretString> {
        self.api.setup_link().map(|(link, _)| link)
    }

    /// The log, where this process keeps one.
    pub fn logging(&self) -> Option<&Logging> {
        self.logging.as_ref()
    }

    /// How the instances did in the last hours.
    pub fn history(&self) -> &Arc<History> {
        &self.sampler.history
    }

    /// Takes a sample of each instance now, beside those of every minute. What it tells is missing in the next one.
    pub async fn sample(&self) {
        self.sampler.sample().await;
    }

    /// The instances.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Reads the configuration again with all files that it names.
    ///
    /// # Errors
    /// When the new file is not good; then the old settings go on.
    pub async fn reload(&self) -> Result<(), ConfigErrors> {
        self.files.reload().await
    }

    /// Stops all instances (what is under way is finished, nothing is taken back), then the local API.
    pub async fn stop(self) {
        self.supervisor.stop().await;
        self.closing.cancel();
        self.listening.withdraw();
        // Somebody may keep a connection open; nothing depends on its end.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.server).await;
        tracing::info!("stopped");
    }
}
