//! A PBX in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::engine::{Write, Written};
use crate::fault::{Fault, PortError};
use crate::ids::{Login, PbxUserId};
use crate::ports::{ChatPort, PbxPort};
use crate::roster::{PbxRoster, PbxUser};
use crate::value::{ChatPresence, Value};

/// A write that the PBX carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PbxWrite {
    /// Whose.
    pub user: PbxUserId,
    /// What stood there.
    pub from: Value,
    /// What was written.
    pub to: Value,
}

/// Users with DND and chat status, one group, and a history of what was written.
#[derive(Debug, Default)]
pub struct FakePbx {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    users: BTreeMap<PbxUserId, (PbxUser, bool, ChatPresence)>,
    group: BTreeSet<PbxUserId>,
    writes: Vec<PbxWrite>,
    reads: usize,
    fault: Option<PortError>,
    chat_fault: Option<PortError>,
    roster_fault: Option<PortError>,
    hidden_from_chat: BTreeSet<PbxUserId>,
    lose_answers: usize,
}

impl FakePbx {
    /// A PBX without users.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a user with DND off who is available in the chat; the login is the id.
    pub fn add_user(&self, id: i64, address: &str, in_group: bool) {
        self.add_user_with_login(id, &id.to_string(), address, in_group);
    }

    /// Adds a user with a login of its own.
    pub fn add_user_with_login(&self, id: i64, login: &str, address: &str, in_group: bool) {
        let user = PbxUser {
            id: PbxUserId(id),
            login: Login(login.into()),
            name: format!("User {id}"),
            address: address.parse().ok(),
        };
        let mut state = self.state();
        state
            .users
            .insert(PbxUserId(id), (user, false, ChatPresence::Available));
        if in_group {
            state.group.insert(PbxUserId(id));
        }
    }

    /// Assigns a user to the group, or takes it out.
    pub fn assign(&self, id: i64, assigned: bool) {
        let mut state = self.state();
        if assigned {
            state.group.insert(PbxUserId(id));
        } else {
            state.group.remove(&PbxUserId(id));
        }
    }

    /// Sets a field as a human would.
    pub fn set_by_human(&self, id: i64, value: Value) {
        if let Some((_, dnd, chat)) = self.state().users.get_mut(&PbxUserId(id)) {
            match value {
                Value::Dnd(on) => *dnd = on,
                Value::Chat(status) => *chat = status,
            }
        }
    }

    /// DND and chat status of a user.
    pub fn values(&self, id: i64) -> Option<(bool, ChatPresence)> {
        self.state()
            .users
            .get(&PbxUserId(id))
            .map(|(_, dnd, chat)| (*dnd, *chat))
    }

    /// Everything that was written through the ports.
    pub fn writes(&self) -> Vec<PbxWrite> {
        self.state().writes.clone()
    }

    /// How many requests read or wrote a user; roster passes do not count.
    pub fn requests(&self) -> usize {
        self.state().reads
    }

    /// Makes every request fail, or work again.
    pub fn fail_with(&self, fault: Option<PortError>) {
        self.state().fault = fault;
    }

    /// Makes the chat status fail, or work again.
    pub fn fail_chat_with(&self, fault: Option<PortError>) {
        self.state().chat_fault = fault;
    }

    /// Makes the roster fail, or work again.
    pub fn fail_roster_with(&self, fault: Option<PortError>) {
        self.state().roster_fault = fault;
    }

    /// Leaves a user out of the answers about chat statuses.
    pub fn hide_from_chat(&self, id: i64) {
        self.state().hidden_from_chat.insert(PbxUserId(id));
    }

    /// Lets the next `count` writes take effect, and loses their answers.
    pub fn lose_answers(&self, count: usize) {
        self.state().lose_answers = count;
    }

    fn write(&self, write: &Write) -> Result<Written, PortError> {
        let mut state = self.state();
        state.reads += 1;
        let chat_fault = state
            .chat_fault
            .clone()
            .filter(|_| matches!(write.to, Value::Chat(_)));
        if let Some(fault) = state.fault.clone().or(chat_fault) {
            return Err(fault);
        }
        let Some((user, dnd, chat)) = state.users.get_mut(&write.user) else {
            return Err(no_such_user(write.user));
        };
        if user.login != write.login {
            return Err(no_such_user(write.user));
        }
        let found = match write.to {
            Value::Dnd(_) => Value::Dnd(*dnd),
            Value::Chat(_) => Value::Chat(*chat),
        };
        if found == write.to {
            return Ok(Written::AlreadyEqual);
        }
        if found != write.from {
            return Ok(Written::Conflict { found });
        }
        match write.to {
            Value::Dnd(on) => *dnd = on,
            Value::Chat(status) => *chat = status,
        }
        state.writes.push(PbxWrite {
            user: write.user,
            from: found,
            to: write.to,
        });
        if state.lose_answers > 0 {
            state.lose_answers -= 1;
            return Err(PortError::new(Fault::Unreachable, "hear the answer"));
        }
        Ok(Written::Applied { before: found })
    }
}

fn no_such_user(user: PbxUserId) -> PortError {
    PortError::new(Fault::NotFound, format!("find PBX user {user}"))
}

#[async_trait]
impl PbxPort for FakePbx {
    async fn roster(&self) -> Result<PbxRoster, PortError> {
        let state = self.state();
        match state.fault.as_ref().or(state.roster_fault.as_ref()) {
            Some(fault) => Err(fault.clone()),
            None => Ok(PbxRoster {
                members: state.group.iter().copied().collect(),
                users: state.users.values().map(|(user, ..)| user.clone()).collect(),
            }),
        }
    }

    async fn dnd(&self, user: PbxUserId) -> Result<bool, PortError> {
        let mut state = self.state();
        state.reads += 1;
        match (&state.fault, state.users.get(&user)) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some((_, dnd, _))) => Ok(*dnd),
            (None, None) => Err(no_such_user(user)),
        }
    }

    async fn set_dnd(&self, write: &Write) -> Result<Written, PortError> {
        self.write(write)
    }

    async fn close(&self) {}
}

#[async_trait]
impl ChatPort for FakePbx {
    async fn chat(&self, users: &[PbxUserId]) -> Result<Vec<(PbxUserId, ChatPresence)>, PortError> {
        let mut state = self.state();
        state.reads += 1;
        if let Some(fault) = state.fault.as_ref().or(state.chat_fault.as_ref()) {
            return Err(fault.clone());
        }
        Ok(users
            .iter()
            .filter(|user| !state.hidden_from_chat.contains(user))
            .filter_map(|user| state.users.get(user).map(|(_, _, chat)| (*user, *chat)))
            .collect())
    }

    async fn set_chat(&self, write: &Write) -> Result<Written, PortError> {
        self.write(write)
    }
}
