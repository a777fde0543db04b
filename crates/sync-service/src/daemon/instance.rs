//! The life of one instance: lease, memory, engine, driver; and again when that ends too early.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::{Acquired, Driver, Ended, Engine, Fault, Handle, InstanceName, Lease, PortError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::assembly::Assembly;
use crate::config;

/// A lease that somebody else has, and a state that cannot be read, are tried again this often.
const AGAIN: Duration = Duration::from_secs(2);
/// How often a retiring instance is asked whether it is done.
const RETIRED: Duration = Duration::from_millis(100);

/// What an instance does.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Starting,
    Waiting {
        holder: String,
        until: Option<Timestamp>,
    },
    Running(Handle),
    Failed(PortError),
    Stopped,
}

/// How an instance is told to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    /// Finish what is under way and end.
    pub(super) drain: CancellationToken,
    /// Take back what is ours, then end.
    pub(super) retire: CancellationToken,
}

/// Lives one instance until it is told to end.
pub(super) async fn live(
    assembly: Assembly,
    name: InstanceName,
    config: config::Instance,
    share: f64,
    licence: watch::Receiver<config::Licence>,
    stage: watch::Sender<Stage>,
    orders: Orders,
) {
    while !orders.drain.is_cancelled() {
        // It is not cut off half-way: a lease that was just granted would stay taken.
        let mut licence = licence.clone();
        let told = licence.borrow_and_update().clone();
        let retires = orders.retire.is_cancelled();
        let next = prepare(&assembly, &name, &config, share, &told, retires).await;
        match next {
            Ok(Prepared::Ready(driver, handle)) => {
                stage.send_replace(Stage::Running(handle.clone()));
                let ended = tokio::select! {
                    ended = driver.run() => ended,
                    never = end(&handle, &orders) => match never {},
                    never = pass_on(&handle, &mut licence) => match never {},
                };
                match ended {
                    Ended::Drained => break,
                    Ended::Cut => {
                        tracing::warn!(instance = %name, "stopped before everything under way had ended");
                        break;
                    }
                    Ended::LeaseLost => {
                        tracing::error!(instance = %name, "another process has taken the instance over");
                    }
                }
            }
            Ok(Prepared::HeldBy { holder, until }) => {
                if !matches!(&*stage.borrow(), Stage::Waiting { .. }) {
                    tracing::warn!(instance = %name, holder, "waiting: another process has the instance");
                }
                stage.send_replace(Stage::Waiting { holder, until });
            }
            Err(error) => {
                if !matches!(&*stage.borrow(), Stage::Failed(known) if known.chain() == error.chain()) {
                    let advice = error.advice.as_deref().unwrap_or_default();
                    tracing::error!(instance = %name, error = error.chain(), advice, "the instance cannot be started");
                }
                stage.send_replace(Stage::Failed(error));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = orders.drain.cancelled() => {}
        }
    }
    stage.send_replace(Stage::Stopped);
}

enum Prepared {
    Ready(Box<Driver>, Handle),
    HeldBy {
        holder: String,
        until: Option<Timestamp>,
    },
}

async fn prepare(
    assembly: &Assembly,
    name: &InstanceName,
    config: &config::Instance,
    share: f64,
    licence: &config::Licence,
    retires: bool,
) -> Result<Prepared, PortError> {
    let asked = assembly.now();
    // Whoever only takes back what is ours does the same whatever the settings.
    let acquired = if retires {
        assembly.acquire_whatever_its_settings(name, config).await?
    } else {
        assembly.acquire(name, config).await?
    };
    match acquired {
        Acquired::HeldBy { holder, until } => Ok(Prepared::HeldBy { holder, until }),
        Acquired::OtherSettings { holder } => Err(other_settings(name, &holder)),
        Acquired::Granted(lease) => {
            match drive(assembly, name, config, share, licence, lease.clone()).await {
                Ok((driver, handle)) => {
                    let driver = driver.holding_since(asked);
                    Ok(Prepared::Ready(Box::new(driver), handle))
                }
                Err(error) => {
                    // The lease is given back so that the next attempt, or somebody else, finds it free.
                    let _ = assembly.ledger().surrender(&lease).await;
                    Err(error)
                }
            }
        }
    }
}

/// Whoever ran the instance last ran it otherwise than this daemon's file says.
fn other_settings(name: &InstanceName, holder: &str) -> PortError {
    let doing = format!("take the instance over: {holder} runs it with other settings, or did last");
    PortError::new(Fault::Configuration, doing).with_advice(format!(
        "Bring the same file to all daemons and reload them. Where this file is the right one, restart this daemon once the \
         other has ended; after a crash of the other, `presencectl release {name}` here frees the instance."
    ))
}

async fn drive(
    assembly: &Assembly,
    name: &InstanceName,
    config: &config::Instance,
    share: f64,
    licence: &config::Licence,
    lease: Lease,
) -> Result<(Driver, Handle), PortError> {
    let ports = assembly.ports(name, config)?;
    let memory = ports.ledger.load(&lease.claim).await?;
    let settings = assembly.settings(name, config, share);
    let holdings = licence.at_start(memory.licence.as_ref().map(|known| known.text.as_str()));
    let engine = Engine::new(settings, memory, assembly.now(), assembly.seed(name));
    let (driver, handle) = Driver::new(engine, ports, lease, assembly.clock(), assembly.watch(name));
    for holding in holdings {
        // There is room for these before the driver runs.
        let _ = handle.licence(holding).await;
    }
    Ok((driver, handle))
}

/// Passes on what becomes of the licence file while the instance runs.
async fn pass_on(
    handle: &Handle,
    licence: &mut watch::Receiver<config::Licence>,
) -> std::convert::Infallible {
    while licence.changed().await.is_ok() {
        let holding = licence.borrow_and_update().holding.clone();
        if handle.licence(holding).await.is_err() {
            break;
        }
    }
    std::future::pending().await
}

/// Passes the orders on to the engine; the driver ends by them, this does not.
async fn end(handle: &Handle, orders: &Orders) -> std::convert::Infallible {
    tokio::select! {
        () = orders.drain.cancelled() => {}
        () = async {
            orders.retire.cancelled().await;
            retire(handle).await;
        } => {}
    }
    // Where the driver has ended by itself there is nothing to stop any more.
    let _ = handle.stop().await;
    std::future::pending().await
}

async fn retire(handle: &Handle) {
    if handle.retire().await.is_err() {
        return;
    }
    while let Ok(false) = handle.ask(Engine::is_released).await {
        tokio::time::sleep(RETIRED).await;
    }
}
