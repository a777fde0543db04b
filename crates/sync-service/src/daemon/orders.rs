//! Orders to running instances: what an operator has done by the command line or the page.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::{Address, InstanceName, PbxUserId, PlanId};

use super::questions::ended;
use super::supervisor::{Supervisor, UnknownInstance};
use crate::api::{InstanceStatus, Order};

/// An order such as `release` is waited for this long.
const RELEASE: Duration = Duration::from_secs(25);

impl Supervisor {
    /// Lets a held plan pass, in whichever instance holds it.
    ///
    /// # Errors
    /// When no running instance holds a plan of this id.
    pub async fn approve(&self, plan: PlanId) -> Result<InstanceStatus, UnknownInstance> {
        for name in self.names() {
            let Ok(handle) = self.handle(&name) else { continue };
            if handle.approve(plan).await == Ok(true) {
                return self.status(&name).await;
            }
        }
        Err(UnknownInstance::NotHeld(plan))
    }

    /// Gives an order to a running instance. A release is waited for, within reason.
    ///
    /// # Errors
    /// When there is no such instance, it does not run, or no member has the address.
    pub async fn order(&self, name: &InstanceName, order: &Order) -> Result<InstanceStatus, UnknownInstance> {
        let handle = self.handle(name)?;
        let given = match order {
            Order::Pause { member, lasts } => {
                let until = lasts.map(|lasts| self.assembly.now().wall.saturating_add(lasts));
                let until = until.map(|until| until.unwrap_or(Timestamp::MAX));
                match member {
                    None => handle.pause(until).await,
                    Some(address) => {
                        let users = self.users(name, address).await?;
                        let mut given = Ok(());
                        for user in users {
                            given = given.and(handle.pause_member(user, until).await);
                        }
                        given
                    }
                }
            }
            Order::Resume { member: None } => handle.resume().await,
            Order::Resume {
                member: Some(address),
            } => {
                let mut given = Ok(());
                for user in self.users(name, address).await? {
                    given = given.and(handle.resume_member(user).await);
                }
                given
            }
            Order::Release => handle.release().await,
            Order::Retry { sides } => handle.try_again(sides.clone()).await,
        };
        given.map_err(|_| ended(name))?;
        if *order == Order::Release {
            let released = async {
                while let Ok(false) = handle.ask(sync_core::Engine::is_released).await {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            // Whoever waits longer sees in the status that the release goes on.
            let _ = tokio::time::timeout(RELEASE, released).await;
        }
        self.status(name).await
    }

    /// The members with this address.
    async fn users(&self, name: &InstanceName, address: &Address) -> Result<Vec<PbxUserId>, UnknownInstance> {
        let (asked, now) = (address.clone(), self.assembly.now());
        let found = self.ask(name, move |engine| engine.explain(&asked, now)).await?;
        let users: Vec<PbxUserId> = found.iter().map(|view| view.member.pbx_user).collect();
        if users.is_empty() {
            return Err(UnknownInstance::NoMember {
                instance: name.clone(),
                address: address.clone(),
            });
        }
        Ok(users)
    }
}
