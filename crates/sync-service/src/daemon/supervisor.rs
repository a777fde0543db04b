//! The supervisor: any number of instances, each in a task of its own, so that none can hurt another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sync_core::{Address, ExplainView, Handle, InstanceName, MemberView, Plan, PlanId};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::instance::{Orders, Stage, live};
use crate::api::{InstanceState, InstanceStatus};
use crate::assembly::Assembly;
use crate::config::{self, OnStop, OperatingMode, Settings};

/// What is ours in an instance that was removed gets this long to be taken back before it is cut off.
const RETIREMENT: Duration = Duration::from_secs(30);
/// A stop never takes longer than this.
const STOP: Duration = Duration::from_secs(9);

/// Why an instance does not run.
const TURNED_OFF: &str = "turned off in the configuration";
/// Said of an instance in the larger operating mode, until its further functions are there.
const FULL_INTEGRATION: &str =
    "the mode `full-integration` is configured; in this version only presence synchronisation is active";

/// All instances of a daemon.
#[derive(Debug)]
pub struct Supervisor {
    pub(super) assembly: Assembly,
    slots: Mutex<BTreeMap<InstanceName, Slot>>,
}

#[derive(Debug)]
struct Slot {
    config: config::Instance,
    sharers: usize,
    licence: watch::Sender<config::Licence>,
    life: Option<Life>,
}

#[derive(Debug)]
struct Life {
    stage: watch::Receiver<Stage>,
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
        }
    }

    /// The names of all instances.
    pub(super) fn names(&self) -> Vec<InstanceName> {
        self.slots().keys().cloned().collect()
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<InstanceName, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the instances those of `settings`: what did not change goes on undisturbed.
    pub(super) async fn apply(&self, settings: &Settings) {
        let mut ending = Vec::new();
        {
            let mut slots = self.slots();
            let names: Vec<InstanceName> = slots.keys().cloned().collect();
            for name in names {
                let wanted = settings
                    .instances
                    .get(&name)
                    .map(|config| (config, sharers(settings, config)));
                let same = slots.get(&name).is_some_and(|slot| {
                    wanted.is_some_and(|(config, sharers)| slot.config == *config && slot.sharers == sharers)
                });
                if same {
                    continue;
                }
                if let Some(slot) = slots.remove(&name) {
                    let retires = wanted.is_none_or(|(config, _)| !config.enabled);
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
        for (name, config) in &settings.instances {
            if let Some(licence) = settings.licences.get(name) {
                let left_over = holding.contains(name);
                self.start(name, config, sharers(settings, config), licence, left_over);
            }
        }
    }

    /// Ends an instance, taking nothing back, and starts it again.
    pub(super) async fn begin_anew(
        &self,
        name: &InstanceName,
        settings: &Settings,
    ) -> Result<InstanceStatus, UnknownInstance> {
        let no_such = || UnknownInstance::NoSuch(name.clone());
        let config = settings.instances.get(name).ok_or_else(no_such)?;
        let licence = settings.licences.get(name).ok_or_else(no_such)?;
        let ended = self.slots().remove(name).and_then(|slot| slot.life);
        if let Some(life) = ended {
            life.end(false).await;
        }
        let left_over = self.holding().await.contains(name);
        self.start(name, config, sharers(settings, config), licence, left_over);
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
        if let Err(error) = self.assembly.ledger().keep_seats_of(&settings.running()).await {
            tracing::error!(error = error.chain(), "seats cannot be given back");
        }
    }

    fn start(
        &self,
        name: &InstanceName,
        config: &config::Instance,
        sharers: usize,
        licence: &config::Licence,
        left_over: bool,
    ) {
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
                sharers,
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
                sharers,
                licence,
                life,
            },
        );
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

    /// How each instance does, by name.
    pub async fn statuses(&self) -> Vec<InstanceStatus> {
        let names = self.names();
        let mut statuses = Vec::with_capacity(names.len());
        for name in names {
            statuses.extend(self.status(&name).await.ok());
        }
        statuses
    }

    /// How one instance does.
    ///
    /// # Errors
    /// When there is no such instance.
    pub async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, UnknownInstance> {
        let (state, reason, handle) = match self.stage(name)? {
            None => (InstanceState::Disabled, Some(TURNED_OFF.to_owned()), None),
            Some(Stage::Starting) => (InstanceState::Starting, None, None),
            Some(Stage::Waiting { holder }) => {
                (InstanceState::Waiting, Some(format!("held by {holder}")), None)
            }
            Some(Stage::Running(handle)) => (InstanceState::Running, None, Some(handle)),
            Some(Stage::Failed(error)) => (InstanceState::Failed, Some(error.chain()), None),
            Some(Stage::Stopped) => match self.is_enabled(name) {
                true => (InstanceState::Stopped, None, None),
                false => (InstanceState::Disabled, Some(TURNED_OFF.to_owned()), None),
            },
        };
        let view = match handle {
            Some(handle) => {
                let now = self.assembly.now();
                handle.ask(move |engine| engine.instance_view(now)).await.ok()
            }
            None => None,
        };
        let now = self.assembly.now().wall;
        let notices = self.slots().get(name).map(|slot| notices(&slot.config, now));
        Ok(InstanceStatus {
            instance: name.clone(),
            state,
            reason,
            notices: notices.unwrap_or_default(),
            view,
        })
    }

    /// The members of a running instance.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn members(&self, name: &InstanceName) -> Result<Vec<MemberView>, UnknownInstance> {
        let now = self.assembly.now();
        self.ask(name, move |engine| engine.member_views(now)).await
    }

    /// What a pass of a running instance would change now.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn plan(&self, name: &InstanceName) -> Result<Plan, UnknownInstance> {
        let now = self.assembly.now();
        self.ask(name, move |engine| engine.plan(now)).await
    }

    /// Why the members with this address are as they are, over all running instances.
    pub async fn explain(&self, address: &Address) -> Vec<ExplainView> {
        let names = self.names();
        let now = self.assembly.now();
        let mut found = Vec::new();
        for name in names {
            let address = address.clone();
            found.extend(
                self.ask(&name, move |engine| engine.explain(&address, now))
                    .await
                    .unwrap_or_default(),
            );
        }
        found
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        name: &InstanceName,
        question: impl FnOnce(&sync_core::Engine) -> T + Send + 'static,
    ) -> Result<T, UnknownInstance> {
        self.handle(name)?.ask(question).await.map_err(|_| ended(name))
    }

    pub(super) fn handle(&self, name: &InstanceName) -> Result<Handle, UnknownInstance> {
        let reason = match self.stage(name)? {
            Some(Stage::Running(handle)) => return Ok(handle),
            Some(Stage::Starting) => "it is being started".to_owned(),
            Some(Stage::Waiting { holder }) => format!("held by {holder}"),
            Some(Stage::Failed(error)) => error.chain(),
            Some(Stage::Stopped) => "it was stopped".to_owned(),
            None => TURNED_OFF.to_owned(),
        };
        Err(UnknownInstance::NotRunning {
            instance: name.clone(),
            reason,
        })
    }

    fn is_enabled(&self, name: &InstanceName) -> bool {
        self.slots().get(name).is_some_and(|slot| slot.config.enabled)
    }

    fn stage(&self, name: &InstanceName) -> Result<Option<Stage>, UnknownInstance> {
        let slots = self.slots();
        let slot = slots
            .get(name)
            .ok_or_else(|| UnknownInstance::NoSuch(name.clone()))?;
        Ok(slot.life.as_ref().map(|life| life.stage.borrow().clone()))
    }
}

impl Life {
    async fn end(self, retires: bool) {
        let Self { orders, task, .. } = self;
        let abort = task.abort_handle();
        if retires {
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

/// How many instances draw on the presence quota of the same tenant and app.
fn sharers(settings: &Settings, config: &config::Instance) -> usize {
    let same = |other: &&config::Instance| {
        other.enabled
            && other.teams.tenant_id == config.teams.tenant_id
            && other.teams.client_id == config.teams.client_id
    };
    settings.instances.values().filter(same).count().max(1)
}

/// What an operator should know of an instance however it does.
fn notices(config: &config::Instance, now: Timestamp) -> Vec<String> {
    let mut notices = Vec::new();
    if config.enabled && config.mode == OperatingMode::FullIntegration {
        notices.push(FULL_INTEGRATION.to_owned());
    }
    if let config::TeamsSignIn::ClientCertificate(certificate) = &config.teams.sign_in {
        notices.extend(certificate.remark(now));
    }
    notices
}

pub(super) fn ended(name: &InstanceName) -> UnknownInstance {
    UnknownInstance::NotRunning {
        instance: name.clone(),
        reason: "it has just ended".to_owned(),
    }
}
