//! The supervisor: any number of instances, each in a task of its own, so that none can hurt another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::{Address, InstanceName, PlanId, Side, TenantApp};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::instance::{Orders, Stage, live};
use super::neighbours::tenant_app;
use super::questions::notices;
use super::quota::first_share;
use crate::api::InstanceStatus;
use crate::assembly::Assembly;
use crate::config::{self, OnStop, Settings};
use crate::refusals::Presented;

/// What is ours in an instance that was removed gets this long to be taken back before it is cut off.
const RETIREMENT: Duration = Duration::from_secs(30);
/// A stop never takes longer than this.
const STOP: Duration = Duration::from_secs(9);

/// All instances of a daemon.
#[derive(Debug)]
pub struct Supervisor {
    pub(super) assembly: Assembly,
    slots: Mutex<BTreeMap<InstanceName, Slot>>,
    /// How many living daemons draw on each quota that this one draws on.
    daemons: Mutex<BTreeMap<TenantApp, usize>>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) config: config::Instance,
    /// The share of the presence quota that it may use now.
    pub(super) share: f64,
    licence: watch::Sender<config::Licence>,
    pub(super) life: Option<Life>,
}

#[derive(Debug)]
pub(super) struct Life {
    pub(super) stage: watch::Receiver<Stage>,
    orders: Orders,
    task: JoinHandle<()>,
}

/// There is no such instance, or it does not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownInstance {
    /// The configuration does not name it.
    #[error("there is no instance `{0}`")]
    NoSuch(InstanceName),
    /// No member of the instance has this address.
    #[error("no member of instance `{instance}` has the address `{address}`")]
    NoMember {
        /// The instance.
        instance: InstanceName,
        /// The address.
        address: Address,
    },
    /// Nobody holds a plan of this id.
    #[error("no running instance holds the plan `{0}`")]
    NotHeld(PlanId),
    /// It runs with other settings than its files say now.
    #[error("instance `{0}` runs with other settings than its files say now")]
    OtherSettings(InstanceName),
    /// It does not run at the moment.
    #[error("instance `{instance}` is not running: {reason}")]
    NotRunning {
        /// The instance.
        instance: InstanceName,
        /// Why not.
        reason: String,
    },
}

impl Supervisor {
    /// A supervisor without instances.
    pub(super) fn new(assembly: Assembly) -> Self {
        Self {
            assembly,
            slots: Mutex::default(),
            daemons: Mutex::default(),
        }
    }

    /// The names of all instances.
    pub(super) fn names(&self) -> Vec<InstanceName> {
        self.slots().keys().cloned().collect()
    }

    /// How many calls a minute to the presence interface an instance is permitted.
    pub(super) fn presence_quota(&self, name: &InstanceName) -> Option<f64> {
        let slots = self.slots();
        let slot = slots.get(name)?;
        let settings = self.assembly.settings(name, &slot.config, slot.share);
        Some(settings.quota_per_minute())
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, BTreeMap<InstanceName, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn daemons(&self) -> MutexGuard<'_, BTreeMap<TenantApp, usize>> {
        self.daemons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the instances those of `settings`: what did not change goes on undisturbed.
    pub(super) async fn apply(&self, settings: &Settings) {
        let mut ending = Vec::new();
        {
            let mut slots = self.slots();
            let names: Vec<InstanceName> = slots.keys().cloned().collect();
            for name in names {
                let wanted = settings.instances.get(&name);
                let same = slots
                    .get(&name)
                    .is_some_and(|slot| wanted.is_some_and(|config| slot.config == *config));
                if same {
                    continue;
                }
                if let Some(slot) = slots.remove(&name) {
                    let retires = wanted.is_none_or(|config| !config.enabled);
                    ending.extend(
                        slot.life
                            .map(|life| (life, retires && slot.config.sync.on_stop == OnStop::Release)),
                    );
                }
            }
        }
        let ending: Vec<_> = ending
            .into_iter()
            .map(|(life, retires)| tokio::spawn(life.end(retires)))
            .collect();
        for end in ending {
            let _ = end.await;
        }
        self.give_seats_back(settings).await;
        self.hand_licences_over(settings);
        let holding = self.holding().await;
        for name in settings.instances.keys() {
            self.start(name, settings, holding.contains(name));
        }
    }

    /// Ends an instance, taking nothing back, and starts it again.
    pub(super) async fn begin_anew(
        &self,
        name: &InstanceName,
        settings: &Settings,
    ) -> Result<InstanceStatus, UnknownInstance> {
        let Some(config) = settings.instances.get(name) else {
            return Err(UnknownInstance::NoSuch(name.clone()));
        };
        let ended = self.slots().remove(name).and_then(|slot| slot.life);
        if let Some(life) = ended {
            life.end(false).await;
        }
        // What was refused to whoever signed in before says nothing about the new sign-in.
        let signed_in = Presented::accepted_by(Side::Teams);
        if let Err(error) = self.assembly.note_presented(name, config, &signed_in).await {
            tracing::warn!(instance = %name, error = error.chain(), "a refused sign-in is not forgotten");
        }
        let left_over = self.holding().await.contains(name);
        self.start(name, settings, left_over);
        self.status(name).await
    }

    /// The instances that have values of ours, as the ledger knows.
    async fn holding(&self) -> BTreeSet<InstanceName> {
        match self.assembly.ledger().remembered().await {
            Ok(known) => known
                .into_iter()
                .filter(|known| known.holding > 0)
                .map(|known| known.instance)
                .collect(),
            Err(error) => {
                tracing::error!(
                    error = error.chain(),
                    "it is not known which instances hold values of ours"
                );
                BTreeSet::new()
            }
        }
    }

    /// Hands over what became of the licence files. Each engine judges by itself.
    pub(super) fn hand_licences_over(&self, settings: &Settings) {
        for (name, slot) in self.slots().iter() {
            if let Some(licence) = settings.licences.get(name) {
                slot.licence.send_if_modified(|held| {
                    let other = held != licence;
                    held.clone_from(licence);
                    other
                });
            }
        }
    }

    /// Instances that do not run need no seats.
    async fn give_seats_back(&self, settings: &Settings) {
        let mut keep = settings.running();
        if settings.daemon.state.is_shared() {
            // What this file does not name may be what another daemon's file names.
            let remembered = self.assembly.ledger().remembered().await.unwrap_or_default();
            let foreign = remembered.into_iter().map(|known| known.instance);
            keep.extend(foreign.filter(|instance| !settings.instances.contains_key(instance)));
        }
        if let Err(error) = self.assembly.ledger().keep_seats_of(&keep).await {
            tracing::error!(error = error.chain(), "seats cannot be given back");
        }
    }

    /// Starts an instance as the settings say, unless it runs. `left_over`: something of ours is left of it in the PBX.
    fn start(&self, name: &InstanceName, settings: &Settings, left_over: bool) {
        let (Some(config), Some(licence)) = (settings.instances.get(name), settings.licences.get(name))
        else {
            return;
        };
        let share = self.first_share(settings, config);
        let mut slots = self.slots();
        if slots.contains_key(name) {
            return;
        }
        let (licence, told) = watch::channel(licence.clone());
        for notice in notices(config, self.assembly.now().wall) {
            tracing::warn!(instance = %name, "{notice}");
        }
        // What was turned off while no daemon ran is still to be taken back.
        let retires = !config.enabled && left_over && config.sync.on_stop == OnStop::Release;
        let life = (config.enabled || retires).then(|| {
            let (sender, stage) = watch::channel(Stage::Starting);
            let orders = Orders::default();
            if retires {
                orders.retire.cancel();
            }
            let life = live(
                self.assembly.clone(),
                name.clone(),
                config.clone(),
                share,
                told,
                sender,
                orders.clone(),
            );
            Life {
                stage,
                orders,
                task: tokio::spawn(life),
            }
        });
        slots.insert(
            name.clone(),
            Slot {
                config: config.clone(),
                share,
                licence,
                life,
            },
        );
    }

    /// The share of the presence quota that an instance begins with.
    fn first_share(&self, settings: &Settings, config: &config::Instance) -> f64 {
        let same = |other: &&config::Instance| {
            other.enabled && tenant_app(&other.teams) == tenant_app(&config.teams)
        };
        let sharers = settings.instances.values().filter(same).count();
        first_share(config, sharers, self.live_daemons(&config.teams))
    }

    /// Stops every instance; nothing is taken back.
    pub(super) async fn stop(&self) {
        let lives: Vec<Life> = std::mem::take(&mut *self.slots())
            .into_values()
            .filter_map(|slot| slot.life)
            .collect();
        let ending: Vec<_> = lives
            .into_iter()
            .map(|life| tokio::spawn(life.end(false)))
            .collect();
        for end in ending {
            let _ = end.await;
        }
    }
}

impl Life {
    async fn end(self, retires: bool) {
        let Self { stage, orders, task } = self;
        let abort = task.abort_handle();
        // Whoever has the lease has what is ours, and takes it back.
        let elsewhere = matches!(&*stage.borrow(), Stage::Waiting { .. });
        if retires && !elsewhere {
            orders.retire.cancel();
            let mut task = task;
            if tokio::time::timeout(RETIREMENT, &mut task).await.is_err() {
                tracing::error!("an instance ends although not everything that is ours could be taken back");
                orders.drain.cancel();
                if tokio::time::timeout(STOP, task).await.is_err() {
                    abort.abort();
                }
            }
            return;
        }
        orders.drain.cancel();
        if tokio::time::timeout(STOP, task).await.is_err() {
            abort.abort();
        }
    }
}
