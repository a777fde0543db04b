//! The simulated PBX and tenant: what is true out there, whoever knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use presence_mapping::Presence;
use sync_core::{
    Address, ChatPresence, DirectoryUser, Field, Login, PbxRoster, PbxUser, PbxUserId, TeamsUserId, Value,
};

use crate::op::Said;

/// By how much the id of a second user with an address is higher.
const DOUBLE: i64 = 1_000;
/// The user of the PBX that is in no group.
pub(crate) const OUTSIDER: i64 = 9;

#[derive(Debug)]
pub(crate) struct Pbx {
    pub(crate) users: BTreeMap<i64, User>,
    pub(crate) group: BTreeSet<i64>,
    pub(crate) hidden: BTreeSet<i64>,
    /// The PBX tells of no member although there are some.
    pub(crate) empty: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) login: Login,
    pub(crate) person: i64,
    pub(crate) dnd: bool,
    pub(crate) chat: ChatPresence,
}

impl User {
    fn new(id: i64, person: i64) -> Self {
        Self {
            login: Login(format!("{id}-{person}").into()),
            person,
            dnd: false,
            chat: ChatPresence::Available,
        }
    }

    pub(crate) const fn value(&self, field: Field) -> Value {
        match field {
            Field::Dnd => Value::Dnd(self.dnd),
            Field::Chat => Value::Chat(self.chat),
        }
    }

    pub(crate) const fn set(&mut self, value: Value) {
        match value {
            Value::Dnd(on) => self.dnd = on,
            Value::Chat(status) => self.chat = status,
        }
    }
}

impl Pbx {
    pub(crate) fn with(people: i64) -> Self {
        Self {
            users: (1..=people)
                .chain([OUTSIDER])
                .map(|id| (id, User::new(id, id)))
                .collect(),
            group: (1..=people).collect(),
            hidden: BTreeSet::new(),
            empty: false,
        }
    }

    /// The id goes to the next person.
    pub(crate) fn recycle(&mut self, id: i64) {
        if let Some(user) = self.users.get_mut(&id) {
            *user = User::new(id, user.person + 10);
        }
    }

    pub(crate) fn roster(&self) -> PbxRoster {
        let shown = self.users.iter().filter(|(id, _)| !self.hidden.contains(id));
        PbxRoster {
            members: self
                .group
                .iter()
                .filter(|_| !self.empty)
                .map(|id| PbxUserId(*id))
                .collect(),
            users: shown
                .map(|(id, user)| PbxUser {
                    id: PbxUserId(*id),
                    login: user.login.clone(),
                    name: String::new(),
                    address: Some(address(user.person)),
                })
                .collect(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tenant {
    said: BTreeMap<i64, Said>,
    pub(crate) unmatched: BTreeSet<i64>,
    /// Whose address a second enabled user carries, too.
    pub(crate) doubled: BTreeSet<i64>,
}

impl Tenant {
    pub(crate) fn say(&mut self, person: i64, said: Said) {
        self.said.insert(person, said);
    }

    pub(crate) fn said(&self, person: i64) -> Said {
        self.said.get(&person).copied().unwrap_or(Said::Available)
    }

    pub(crate) fn carriers(&self, addresses: &[Address]) -> Vec<DirectoryUser> {
        let people = addresses
            .iter()
            .filter_map(|address| Some((address, person_of(address)?)));
        people
            .flat_map(|(address, person)| {
                let ids = self.ids_of(person).into_iter();
                ids.map(move |id| directory_user(id, address))
            })
            .collect()
    }

    /// Who carries the address of a person.
    pub(crate) fn ids_of(&self, person: i64) -> Vec<i64> {
        if self.unmatched.contains(&person) {
            return Vec::new();
        }
        let double = self.doubled.contains(&person).then_some(person + DOUBLE);
        [person].into_iter().chain(double).collect()
    }
}

fn directory_user(id: i64, address: &Address) -> DirectoryUser {
    DirectoryUser {
        id: TeamsUserId::new(&id.to_string()),
        primary: Some(address.clone()),
        mail: None,
        aliases: vec![],
        principal: None,
        enabled: true,
        guest: false,
    }
}

pub(crate) fn address(person: i64) -> Address {
    static ADDRESSES: OnceLock<Vec<Address>> = OnceLock::new();
    let parse = |person: i64| format!("p{person}@example.com").parse().unwrap();
    let known = ADDRESSES.get_or_init(|| (0..100).map(parse).collect());
    let index = usize::try_from(person).unwrap();
    known.get(index).cloned().unwrap_or_else(|| parse(person))
}

pub(crate) fn person_of(address: &Address) -> Option<i64> {
    address
        .as_str()
        .strip_prefix('p')?
        .split('@')
        .next()?
        .parse()
        .ok()
}

pub(crate) fn presence(said: Said) -> Option<Presence> {
    static PRESENCES: OnceLock<Vec<Option<Presence>>> = OnceLock::new();
    let parse = |said: Said| (said != Said::Silent).then(|| said.text().parse().unwrap());
    let known = PRESENCES.get_or_init(|| Said::ALL.into_iter().map(parse).collect());
    known[said as usize].clone()
}
