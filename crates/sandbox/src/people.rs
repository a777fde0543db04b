//! The people of the tenant, found by id and by every address that they carry.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::state::Person;

/// Everybody, with an index of addresses in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    by_id: BTreeMap<String, Person>,
    by_address: HashMap<String, BTreeSet<String>>,
}

impl People {
    pub(crate) fn get(&self, id: &str) -> Option<&Person> {
        self.by_id.get(id)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Person> {
        self.by_id.values()
    }

    /// Everybody who carries one of these addresses, by id.
    pub(crate) fn carrying(&self, addresses: impl Iterator<Item = String>) -> impl Iterator<Item = &Person> {
        let ids: BTreeSet<&String> = addresses
            .filter_map(|address| self.by_address.get(&address))
            .flatten()
            .collect();
        ids.into_iter().filter_map(|id| self.by_id.get(id))
    }

    pub(crate) fn insert(&mut self, person: Person) {
        let id = person.id.to_ascii_lowercase();
        self.forget_addresses(&id);
        for address in addresses(&person) {
            self.by_address.entry(address).or_default().insert(id.clone());
        }
        self.by_id.insert(id, person);
    }

    pub(crate) fn edit(&mut self, id: &str, edit: impl FnOnce(&mut Person)) {
        let Some(mut person) = self.by_id.get(id).cloned() else {
            return;
        };
        edit(&mut person);
        self.insert(person);
    }

    /// Changes what the index does not know, which is cheap.
    pub(crate) fn said(&mut self, id: &str, presence: Option<crate::state::Said>) {
        if let Some(person) = self.by_id.get_mut(id) {
            person.presence = presence;
        }
    }

    fn forget_addresses(&mut self, id: &str) {
        let Some(person) = self.by_id.get(id) else { return };
        for address in addresses(person) {
            if let Some(carriers) = self.by_address.get_mut(&address) {
                carriers.remove(id);
            }
        }
    }
}

fn addresses(person: &Person) -> Vec<String> {
    let proxies = person
        .proxy_addresses
        .iter()
        .filter_map(|proxy| Some(proxy.split_once(':')?.1));
    let own = person
        .mail
        .as_deref()
        .into_iter()
        .chain([person.principal.as_str()]);
    proxies
        .chain(own)
        .map(|address| address.trim().to_lowercase())
        .collect()
}
