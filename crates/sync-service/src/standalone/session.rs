//! An engine that lives as long as a command.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sync_adapters::clock::SystemClock;
use sync_core::{
    Acquired, Driver, Engine, Handle, InstanceName, Lease, LedgerCommit, LinkName, Moment, PortError, Refusal,
};
use tokio::task::JoinHandle;

use super::StandaloneError;
use crate::assembly::Assembly;
use crate::config::{self, Environment, Settings};
use crate::opened::OpenState;
use crate::retention::forget_old;
use crate::telemetry::Metrics;

/// How often the engine is asked whether it is done.
const LOOK: Duration = Duration::from_millis(50);
/// Without any progress for this long, a command gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a lease is asked for again whose holder may be dead.
const AGAIN: Duration = Duration::from_secs(1);
/// A lease that ends later by more than this has been renewed.
const RENEWED: SignedDuration = SignedDuration::from_millis(500);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Look,
    Work,
    /// Work that somebody asks for by hand, whatever settings other daemons have.
    Release,
}

pub(super) struct Session {
    instance: InstanceName,
    pub(super) assembly: Assembly,
    pub(super) handle: Handle,
    driver: JoinHandle<sync_core::Ended>,
    audit_days: u16,
    purpose: Purpose,
    refused_before: Vec<Refusal>,
}

impl Session {
    pub(super) async fn open(
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
        let (lease, asked) = lease(&assembly, instance, config, purpose).await?;
        let memory = ports.ledger.load(&lease.claim).await.map_err(port)?;
        if purpose != Purpose::Look {
            ports
                .ledger
                .keep_seats_of(&settings.running())
                .await
                .map_err(port)?;
        }
        let holdings = settings
            .licences
            .get(instance)
            .map(|licence| licence.at_start(memory.licence.as_ref().map(|known| known.text.as_str())))
            .unwrap_or_default();
        let refused_before = memory.refusals.clone();
        let mut engine_settings = assembly.settings(instance, config, config.teams.quota_share);
        engine_settings.dry_run = purpose == Purpose::Look;
        let engine = Engine::new(engine_settings, memory, assembly.now(), assembly.seed(instance));
        let (driver, handle) = Driver::new(engine, ports, lease, assembly.clock(), assembly.watch(instance));
        let driver = driver.holding_since(asked);
        for holding in holdings {
            // There is room for these before the driver runs.
            let _ = handle.licence(holding).await;
        }
        Ok(Self {
            instance: instance.clone(),
            assembly,
            handle,
            driver: tokio::spawn(driver.run()),
            audit_days: settings.daemon.audit_days,
            purpose,
            refused_before,
        })
    }

    pub(super) async fn until_settled(&mut self) -> Result<(), StandaloneError> {
        self.wait(&LinkName::ALL, Engine::is_settled).await
    }

    /// Waits until `done`, and gives up when one of `links` fails or nothing goes on any more.
    pub(super) async fn wait(
        &mut self,
        links: &[LinkName],
        done: fn(&Engine) -> bool,
    ) -> Result<(), StandaloneError> {
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

    /// Ends the engine. A look writes nothing, but for this: credentials that it saw refused are remembered, so that looking
    /// again and again does not get this machine blocked.
    pub(super) async fn close_and_remember(
        self,
        settings: &Settings,
        environment: &Environment,
    ) -> Result<(), StandaloneError> {
        let seen = self.handle.ask(Engine::refusals).await.unwrap_or_default();
        let instance = self.instance.clone();
        let news = seen.iter().any(|refusal| !self.refused_before.contains(refusal));
        let looks = self.purpose == Purpose::Look;
        self.close().await;
        if !looks || !news {
            return Ok(());
        }
        let config = config_of(settings, &instance)?;
        let assembly = open(settings, environment, &instance, Purpose::Work).await?;
        let Ok((lease, _)) = lease(&assembly, &instance, config, Purpose::Work).await else {
            // Whoever has it meets the refusal by itself.
            return Ok(());
        };
        let names = assembly
            .settings(&instance, config, config.teams.quota_share)
            .fingerprints;
        let refusals = seen.into_iter().map(|refusal| Refusal {
            fingerprint: names.of(refusal.side),
            ..refusal
        });
        let commit = LedgerCommit {
            refusals: Some(refusals.collect()),
            ..LedgerCommit::default()
        };
        let stored = assembly.ledger().commit(&lease, &commit).await;
        // The lease ends with the process anyway.
        let _ = assembly.ledger().surrender(&lease).await;
        stored
            .map(drop)
            .map_err(|source| StandaloneError::Port { instance, source })
    }

    pub(super) async fn close(self) {
        if self.handle.stop().await.is_ok() {
            // The driver bounds its own end.
            let _ = self.driver.await;
        }
        // Where passes are made without a daemon, nobody else keeps the audit short. A dry run deletes nothing.
        let now = self.assembly.now().wall;
        if let Err(error) = forget_old(self.assembly.ledger(), self.audit_days, now).await {
            tracing::debug!(error = error.chain(), "the audit keeps old entries");
        }
    }
}

pub(super) async fn open(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    purpose: Purpose,
) -> Result<Assembly, StandaloneError> {
    let opened = open_state(settings, environment, purpose).await;
    opened.map_err(|source| StandaloneError::Port {
        instance: instance.clone(),
        source,
    })
}

/// Opens the state for a purpose.
///
/// # Errors
/// When it cannot be used.
pub(super) async fn open_state(
    settings: &Settings,
    environment: &Environment,
    purpose: Purpose,
) -> Result<Assembly, PortError> {
    let opened = match purpose {
        Purpose::Work | Purpose::Release => OpenState::to_work(&settings.daemon).await?,
        Purpose::Look => OpenState::to_look(&settings.daemon).await?,
    };
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    let assembly = Assembly::new(
        opened.ledger,
        Arc::new(SystemClock::default()),
        metrics,
        environment.proxies.clone(),
    );
    Ok(assembly.with_sign_ins(opened.sign_ins))
}

/// Asks for the lease of an instance, and tells when. Where whoever has it may be dead, that is waited for.
pub(super) async fn lease(
    assembly: &Assembly,
    instance: &InstanceName,
    config: &config::Instance,
    purpose: Purpose,
) -> Result<(Lease, Moment), StandaloneError> {
    let mut first = None;
    loop {
        let asked = assembly.now();
        let acquired = match purpose {
            Purpose::Release => assembly.acquire_whatever_its_settings(instance, config).await,
            Purpose::Look | Purpose::Work => assembly.acquire(instance, config).await,
        };
        let acquired = acquired.map_err(|source| StandaloneError::Port {
            instance: instance.clone(),
            source,
        });
        let (holder, until) = match acquired? {
            Acquired::Granted(lease) => return Ok((lease, asked)),
            Acquired::HeldBy { holder, until } => (holder, until),
            Acquired::OtherSettings { holder } => {
                return Err(StandaloneError::OtherSettings {
                    instance: instance.clone(),
                    holder,
                });
            }
        };
        // Whoever lives renews the lease, and then it ends later than was said at first.
        let first = *first.get_or_insert(until);
        let lives = match (first, until) {
            (Some(first), Some(until)) => until.duration_since(first) > RENEWED,
            _ => true,
        };
        if lives {
            return Err(StandaloneError::HeldBy {
                instance: instance.clone(),
                holder,
            });
        }
        tokio::time::sleep(AGAIN).await;
    }
}

pub(super) fn config_of<'a>(
    settings: &'a Settings,
    instance: &InstanceName,
) -> Result<&'a config::Instance, StandaloneError> {
    settings
        .instances
        .get(instance)
        .ok_or_else(|| StandaloneError::NoSuchInstance(instance.clone()))
}

pub(super) fn stuck(instance: &InstanceName) -> StandaloneError {
    StandaloneError::Stuck {
        instance: instance.clone(),
        seconds: PATIENCE.as_secs(),
    }
}
