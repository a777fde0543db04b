//! Questions to instances: how they do, what they would change, why somebody is as they are.

use jiff::Timestamp;
use sync_adapters::starface::GroupChoice;
use sync_core::{
    Address, ExplainView, Handle, InstanceName, MemberPage, MemberQuery, MemberView, PbxUserId, Plan,
    PortError,
};

use super::instance::Stage;
use super::supervisor::{Supervisor, UnknownInstance};
use crate::api::{InstanceState, InstanceStatus, SignInStatus};
use crate::config::{self, OperatingMode};

/// So many groups are counted for whoever chooses one.
const SIZES: usize = 40;
/// Why an instance does not run.
const TURNED_OFF: &str = "turned off in the configuration";
/// Said of an instance in the larger operating mode, until its further functions are there.
const FULL_INTEGRATION: &str =
    "the mode `full-integration` is configured; in this version only presence synchronisation is active";

impl Supervisor {
    /// The time on the clock of the instances.
    pub fn now(&self) -> Timestamp {
        self.assembly.now().wall
    }

    /// How each instance does, by name.
    pub async fn statuses(&self) -> Vec<InstanceStatus> {
        let mut statuses = self.conditions().await;
        for status in &mut statuses {
            status.sign_in = self.sign_in(&status.instance).await;
        }
        statuses
    }

    /// How one instance does.
    ///
    /// # Errors
    /// When there is no such instance.
    pub async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, UnknownInstance> {
        let mut status = self.condition(name).await?;
        status.sign_in = self.sign_in(name).await;
        Ok(status)
    }

    /// How an instance signs in to Microsoft; the state is asked as whom.
    async fn sign_in(&self, name: &InstanceName) -> Option<SignInStatus> {
        let teams = self.slots().get(name).map(|slot| slot.config.teams.clone())?;
        Some(self.assembly.sign_in(name, &teams).await)
    }

    /// How each instance does, as far as this process knows by itself: it is answered at once, also where the state does not answer.
    pub(crate) async fn conditions(&self) -> Vec<InstanceStatus> {
        let names = self.names();
        let mut statuses = Vec::with_capacity(names.len());
        for name in names {
            statuses.extend(self.condition(&name).await.ok());
        }
        statuses
    }

    /// How one instance does, as far as this process knows by itself.
    ///
    /// # Errors
    /// When there is no such instance.
    pub(crate) async fn condition(&self, name: &InstanceName) -> Result<InstanceStatus, UnknownInstance> {
        let (state, reason, handle) = match self.stage(name)? {
            None => (InstanceState::Disabled, Some(TURNED_OFF.to_owned()), None),
            Some(Stage::Starting) => (InstanceState::Starting, None, None),
            Some(Stage::Waiting { holder, until }) => {
                (InstanceState::Waiting, Some(waiting(&holder, until)), None)
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
            sign_in: None,
            view,
        })
    }

    /// Whether there is such an instance.
    ///
    /// # Errors
    /// When there is none.
    pub fn knows(&self, name: &InstanceName) -> Result<(), UnknownInstance> {
        self.stage(name).map(drop)
    }

    /// The members of a running instance.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn members(&self, name: &InstanceName) -> Result<Vec<MemberView>, UnknownInstance> {
        let now = self.assembly.now();
        self.ask(name, move |engine| engine.member_views(now)).await
    }

    /// Some of the members of a running instance.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn member_page(
        &self,
        name: &InstanceName,
        query: MemberQuery,
    ) -> Result<MemberPage, UnknownInstance> {
        let now = self.assembly.now();
        self.ask(name, move |engine| engine.member_page(&query, now))
            .await
    }

    /// Why a member of a running instance is as it is; `None` where it has no such member.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn explain_user(
        &self,
        name: &InstanceName,
        user: PbxUserId,
    ) -> Result<Option<ExplainView>, UnknownInstance> {
        let now = self.assembly.now();
        self.ask(name, move |engine| engine.explain_user(user, now)).await
    }

    /// What a pass of a running instance would change now if `config` were its settings. `None`: they are about another
    /// tenant, PBX or group, of which the instance knows nothing, or about another mode, which the licence may not cover.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub async fn plan_under(
        &self,
        name: &InstanceName,
        config: &config::Instance,
    ) -> Result<Option<Plan>, UnknownInstance> {
        let is_known = self.slots().get(name).is_some_and(|slot| {
            let known = &slot.config;
            known.teams == config.teams && known.starface == config.starface && known.mode == config.mode
        });
        if !is_known || !config.enabled {
            return Ok(None);
        }
        let settings = self.assembly.settings(name, config, config.teams.quota_share);
        let now = self.assembly.now();
        let plan = self
            .ask(name, move |engine| engine.plan_under(&settings, now))
            .await?;
        Ok(Some(plan))
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

    /// The groups of the PBX of these settings, by name, which need not be those that an instance runs with. The sizes of
    /// the first of them are read.
    ///
    /// # Errors
    /// When the PBX does not let us in, or the groups cannot be read.
    pub async fn groups(
        &self,
        name: &InstanceName,
        config: &config::Starface,
    ) -> Result<Vec<GroupChoice>, PortError> {
        self.assembly.starface(name, config)?.groups(SIZES).await
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
            Some(Stage::Waiting { holder, until }) => waiting(&holder, until),
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

/// Who keeps an instance from running.
fn waiting(holder: &str, until: Option<Timestamp>) -> String {
    let until = until.and_then(|until| until.round(jiff::Unit::Second).ok());
    let until = until.map(|until| format!(" until {until}, unless it is renewed"));
    format!("held by {holder}{}", until.unwrap_or_default())
}

/// What an operator should know of an instance however it does.
pub(super) fn notices(config: &config::Instance, now: Timestamp) -> Vec<String> {
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
