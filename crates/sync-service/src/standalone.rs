//! What works without a daemon: one pass, or a look, by an engine that lives as long as the command.
//!
//! Each of these takes the lease of the instance, so that no two processes write for it; a look takes none, because
//! it writes nothing, neither to the PBX nor to the ledger.

use std::sync::Arc;
use std::time::Duration;

use sync_adapters::clock::SystemClock;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{
    Acquired, Address, Driver, Engine, ExplainView, Handle, InstanceName, InstanceView, Lease, LedgerCommit,
    LedgerPort, LinkName, MemberView, Plan, PortError,
};
use tokio::task::JoinHandle;

use crate::assembly::Assembly;
use crate::config::{self, Environment, Settings, State};
use crate::telemetry::Metrics;

/// How often the engine is asked whether it is done.
const LOOK: Duration = Duration::from_millis(50);
/// Without any progress for this long, a command gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandaloneError {
    /// The configuration has no such instance.
    #[error("there is no instance `{0}`")]
    NoSuchInstance(InstanceName),
    /// Somebody else owns the instance, usually a daemon.
    #[error("instance `{instance}` is held by {holder}")]
    HeldBy {
        /// The instance.
        instance: InstanceName,
        /// Who has it.
        holder: String,
    },
    /// A port failed.
    #[error("cannot work on instance `{instance}`")]
    Port {
        /// The instance.
        instance: InstanceName,
        /// Why.
        #[source]
        source: PortError,
    },
    /// A link of the chain does not work.
    #[error("the link `{link}` of instance `{instance}` does not work: {error}")]
    Link {
        /// The instance.
        instance: InstanceName,
        /// The link.
        link: LinkName,
        /// What it said.
        error: String,
        /// What to do.
        advice: Option<String>,
    },
    /// Nothing went on for a minute.
    #[error("instance `{instance}` made no progress for {seconds} s")]
    Stuck {
        /// The instance.
        instance: InstanceName,
        /// For how long.
        seconds: u64,
    },
}

impl StandaloneError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuchInstance(_) => Some("`presencectl config check` lists the instances".to_owned()),
            Self::HeldBy { .. } => Some(
                "stop the other process, or let `presencectl` find the daemon: same configuration, same user"
                    .to_owned(),
            ),
            Self::Port { source, .. } => source.advice.clone().map(Into::into),
            Self::Link { advice, .. } => advice.clone(),
            Self::Stuck { .. } => {
                Some("set `daemon.log` to \"debug\" and try again to see what it waits for".to_owned())
            }
        }
    }
}

/// One pass over an instance.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What is still due or held afterwards.
    pub plan: Plan,
    /// Changes that the PBX confirmed.
    pub changes: u64,
    /// The instance afterwards.
    pub view: InstanceView,
    /// Its members afterwards.
    pub members: Vec<MemberView>,
}

/// A release of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Changes that the PBX confirmed.
    pub taken_back: u64,
    /// Values that are still ours.
    pub still_ours: usize,
}

/// What a pass would change now. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn plan(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Plan, StandaloneError> {
    Ok(look(settings, environment, instance).await?.plan)
}

/// How an instance and its members are. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn members(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<(InstanceView, Vec<MemberView>), StandaloneError> {
    let pass = look(settings, environment, instance).await?;
    Ok((pass.view, pass.members))
}

/// Why the members with this address are as they are, over all enabled instances. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn explain(
    settings: &Settings,
    environment: &Environment,
    address: &Address,
) -> Result<Vec<ExplainView>, StandaloneError> {
    let mut found = Vec::new();
    for (name, _) in settings.instances.iter().filter(|(_, config)| config.enabled) {
        let mut session = Session::open(settings, environment, name, Purpose::Look).await?;
        let done = session.until_settled().await;
        let (asked, now) = (address.clone(), session.assembly.now());
        if done.is_ok() {
            found.extend(
                session
                    .handle
                    .ask(move |engine| engine.explain(&asked, now))
                    .await
                    .unwrap_or_default(),
            );
        }
        session.close().await;
        done?;
    }
    Ok(found)
}

async fn look(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Pass, StandaloneError> {
    run_to_settled(settings, environment, instance, Purpose::Look).await
}

/// Brings an instance in line once.
///
/// # Errors
/// [`StandaloneError`].
pub async fn sync_once(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Pass, StandaloneError> {
    run_to_settled(settings, environment, instance, Purpose::Work).await
}

async fn run_to_settled(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    purpose: Purpose,
) -> Result<Pass, StandaloneError> {
    let mut session = Session::open(settings, environment, instance, purpose).await?;
    let done = session.until_settled().await;
    let now = session.assembly.now();
    let pass = session.handle.ask(move |engine| {
        let view = engine.instance_view(now);
        Pass {
            plan: engine.plan(now),
            changes: view.changes,
            view,
            members: engine.member_views(now),
        }
    });
    let pass = pass.await;
    session.close().await;
    done?;
    pass.map_err(|_| stuck(instance))
}

/// Takes back everything that is ours, and leaves the instance paused.
///
/// # Errors
/// [`StandaloneError`].
pub async fn release(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Released, StandaloneError> {
    let mut session = Session::open(settings, environment, instance, Purpose::Work).await?;
    let mut done = Ok(());
    if session.handle.release().await.is_ok() {
        let links = [LinkName::Pbx, LinkName::Chat, LinkName::Ledger];
        done = session.wait(&links, Engine::is_released).await;
    }
    let now = session.assembly.now();
    let view = session.handle.ask(move |engine| engine.instance_view(now)).await;
    session.close().await;
    done?;
    let view = view.map_err(|_| stuck(instance))?;
    Ok(Released {
        taken_back: view.changes,
        still_ours: view.owned,
    })
}

/// Freezes writes, for the next daemon too.
///
/// # Errors
/// [`StandaloneError`].
pub async fn pause(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<(), StandaloneError> {
    store_pause(settings, environment, instance, true).await
}

/// Ends a pause, for the next daemon too.
///
/// # Errors
/// [`StandaloneError`].
pub async fn resume(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<(), StandaloneError> {
    store_pause(settings, environment, instance, false).await
}

async fn store_pause(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    paused: bool,
) -> Result<(), StandaloneError> {
    let config = config_of(settings, instance)?;
    let assembly = open(settings, environment, instance, Purpose::Work).await?;
    let lease = lease(&assembly, instance, config).await?;
    let ledger = assembly.ledger();
    let commit = LedgerCommit {
        paused: Some(paused),
        ..LedgerCommit::default()
    };
    let stored = ledger.commit(&lease, &commit).await;
    // The lease ends with the process anyway.
    let _ = ledger.surrender(&lease).await;
    stored.map(|_| ()).map_err(|source| StandaloneError::Port {
        instance: instance.clone(),
        source,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Look,
    Work,
}

struct Session {
    instance: InstanceName,
    assembly: Assembly,
    handle: Handle,
    driver: JoinHandle<sync_core::Ended>,
}

impl Session {
    async fn open(
        settings: &Settings,
        environment: &Environment,
        instance: &InstanceName,
        purpose: Purpose,
    ) -> Result<Self, StandaloneError> {
        let config = config_of(settings, instance)?;
        let port = |source| StandaloneError::Port {
            instance: instance.clone(),
            source,
        };
        let assembly = open(settings, environment, instance, purpose).await?;
        let ports = assembly.ports(instance, config).map_err(port)?;
        let lease = lease(&assembly, instance, config).await?;
        let memory = ports.ledger.load(&lease.claim).await.map_err(port)?;
        let mut engine_settings = Assembly::settings(instance, config, 1);
        engine_settings.observe |= purpose == Purpose::Look;
        let engine = Engine::new(engine_settings, memory, assembly.now(), assembly.seed(instance));
        let (driver, handle) = Driver::new(engine, ports, lease, assembly.clock(), assembly.watch(instance));
        Ok(Self {
            instance: instance.clone(),
            assembly,
            handle,
            driver: tokio::spawn(driver.run()),
        })
    }

    async fn until_settled(&mut self) -> Result<(), StandaloneError> {
        self.wait(&LinkName::ALL, Engine::is_settled).await
    }

    /// Waits until `done`, and gives up when one of `links` fails or nothing goes on any more.
    async fn wait(&mut self, links: &[LinkName], done: fn(&Engine) -> bool) -> Result<(), StandaloneError> {
        let mut before = (0, 0, 0);
        let mut idle = Duration::ZERO;
        loop {
            let now = self.assembly.now();
            let asked = self
                .handle
                .ask(move |engine| (done(engine), engine.instance_view(now)))
                .await;
            let (done, view) = asked.map_err(|_| stuck(&self.instance))?;
            if done {
                return Ok(());
            }
            if let Some(down) = view
                .links
                .into_iter()
                .find(|link| link.error.is_some() && links.contains(&link.link))
            {
                return Err(StandaloneError::Link {
                    instance: self.instance.clone(),
                    link: down.link,
                    error: down.error.unwrap_or_default(),
                    advice: down.advice,
                });
            }
            let progress = (view.due, view.owned, view.changes as usize + view.sweeps as usize);
            idle = if progress == before {
                idle + LOOK
            } else {
                Duration::ZERO
            };
            before = progress;
            if idle > PATIENCE {
                return Err(stuck(&self.instance));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn close(self) {
        if self.handle.stop().await.is_ok() {
            // The driver bounds its own end.
            let _ = self.driver.await;
        }
    }
}

async fn open(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    purpose: Purpose,
) -> Result<Assembly, StandaloneError> {
    let State::Sqlite(path) = &settings.daemon.state;
    let port = |source| StandaloneError::Port {
        instance: instance.clone(),
        source,
    };
    let ledger: Arc<dyn LedgerPort> = match purpose {
        Purpose::Work => Arc::new(SqliteLedger::open(path).await.map_err(port)?),
        Purpose::Look => Arc::new(SqliteLedger::open_read_only(path).await.map_err(port)?),
    };
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    Ok(Assembly::new(
        ledger,
        Arc::new(SystemClock::default()),
        metrics,
        environment.proxies.clone(),
    ))
}

async fn lease(
    assembly: &Assembly,
    instance: &InstanceName,
    config: &config::Instance,
) -> Result<Lease, StandaloneError> {
    match assembly.acquire(instance, config).await {
        Ok(Acquired::Granted(lease)) => Ok(lease),
        Ok(Acquired::HeldBy { holder }) => Err(StandaloneError::HeldBy {
            instance: instance.clone(),
            holder,
        }),
        Err(source) => Err(StandaloneError::Port {
            instance: instance.clone(),
            source,
        }),
    }
}

fn config_of<'a>(
    settings: &'a Settings,
    instance: &InstanceName,
) -> Result<&'a config::Instance, StandaloneError> {
    settings
        .instances
        .get(instance)
        .ok_or_else(|| StandaloneError::NoSuchInstance(instance.clone()))
}

fn stuck(instance: &InstanceName) -> StandaloneError {
    StandaloneError::Stuck {
        instance: instance.clone(),
        seconds: PATIENCE.as_secs(),
    }
}
