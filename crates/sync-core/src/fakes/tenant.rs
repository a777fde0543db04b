//! A tenant in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use presence_mapping::Presence;

use crate::fault::PortError;
use crate::ids::{Address, TeamsUserId};
use crate::ports::{DirectoryPort, PresencePort};
use crate::roster::DirectoryUser;

/// People with addresses and presence.
#[derive(Debug, Default)]
pub struct FakeTenant {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    people: BTreeMap<TeamsUserId, (DirectoryUser, Option<Presence>)>,
    sweeps: usize,
    fault: Option<PortError>,
}

impl FakeTenant {
    /// A tenant without people.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds somebody whose primary address is `address` and whose presence is not known.
    pub fn add_person(&self, id: &str, address: &str) {
        let user = DirectoryUser {
            id: TeamsUserId::new(id),
            primary: address.parse().ok(),
            mail: address.parse().ok(),
            aliases: Vec::new(),
            principal: None,
            enabled: true,
            guest: false,
        };
        self.state().people.insert(user.id.clone(), (user, None));
    }

    /// Gives somebody another address to receive mail at.
    pub fn add_alias(&self, id: &str, address: &str) {
        if let Some((user, _)) = self.state().people.get_mut(&TeamsUserId::new(id)) {
            user.aliases.extend(address.parse().ok());
        }
    }

    /// Sets somebody's presence; `None` leaves the person out of the answers.
    pub fn set_presence(&self, id: &str, presence: Option<Presence>) {
        if let Some((_, current)) = self.state().people.get_mut(&TeamsUserId::new(id)) {
            *current = presence;
        }
    }

    /// How many chunks were asked for.
    pub fn calls(&self) -> usize {
        self.state().sweeps
    }

    /// Makes every request fail, or work again.
    pub fn fail_with(&self, fault: Option<PortError>) {
        self.state().fault = fault;
    }
}

#[async_trait]
impl PresencePort for FakeTenant {
    async fn presences(&self, ids: &[TeamsUserId]) -> Result<Vec<Option<Presence>>, PortError> {
        let mut state = self.state();
        state.sweeps += 1;
        match &state.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(ids
                .iter()
                .map(|id| state.people.get(id).and_then(|(_, presence)| presence.clone()))
                .collect()),
        }
    }
}

#[async_trait]
impl DirectoryPort for FakeTenant {
    async fn users_by_address(&self, addresses: &[Address]) -> Result<Vec<DirectoryUser>, PortError> {
        let state = self.state();
        if let Some(fault) = &state.fault {
            return Err(fault.clone());
        }
        let carries = |user: &DirectoryUser| {
            let own = [&user.primary, &user.mail, &user.principal];
            own.into_iter()
                .flatten()
                .chain(&user.aliases)
                .any(|address| addresses.contains(address))
        };
        Ok(state
            .people
            .values()
            .map(|(user, _)| user)
            .filter(|user| carries(user))
            .cloned()
            .collect())
    }
}
