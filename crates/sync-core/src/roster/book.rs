//! The roster as it is known now: who is a member, with which address, and what the directory said of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::join::candidates;
use super::{DirectoryUser, PbxRoster};
use crate::ids::{Address, Login, PbxUserId, TeamsUserId};

/// A match is looked up again when it is older than this, although its address did not change.
const MATCH_STAYS: Duration = Duration::from_secs(50 * 60);

/// What is known of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The login; empty while the member is unresolved.
    pub login: Login,
    /// First and family name.
    pub name: String,
    /// The primary e-mail address.
    pub address: Option<Address>,
    /// Whether the PBX's list of users shows the member.
    pub resolved: bool,
    /// Whether the operator excluded the address.
    pub excluded: bool,
    /// The Teams users that the address could mean; `None` until the directory answered.
    pub candidates: Option<Vec<TeamsUserId>>,
    /// When the directory answered last (uptime).
    pub looked_up: Option<Duration>,
}

/// How a new reading differs from the roster before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterChange {
    /// New members.
    pub joined: Vec<PbxUserId>,
    /// Members that left the group, or whose id went to somebody else.
    pub left: Vec<PbxUserId>,
}

/// The members, by PBX user.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: BTreeMap<PbxUserId, Entry>,
    /// Who was answered for in a look-up that is not over.
    answered: Vec<(PbxUserId, Vec<TeamsUserId>)>,
}

impl Book {
    /// The members.
    pub fn entries(&self) -> &BTreeMap<PbxUserId, Entry> {
        &self.entries
    }

    /// Takes a new reading over. An address that changed is looked up anew; everything else that is known stays.
    pub fn take_over(&mut self, roster: &PbxRoster, exclude: &BTreeSet<Address>) -> RosterChange {
        let shown: HashMap<PbxUserId, &super::PbxUser> =
            roster.users.iter().map(|user| (user.id, user)).collect();
        let mut change = RosterChange::default();
        self.answered.clear();
        let mut before = std::mem::take(&mut self.entries);
        let mut entries = Vec::with_capacity(roster.members.len());
        for &id in &roster.members {
            let mut entry = match shown.get(&id) {
                Some(user) => Entry {
                    login: user.login.clone(),
                    name: user.name.clone(),
                    excluded: user
                        .address
                        .as_ref()
                        .is_some_and(|address| exclude.contains(address)),
                    address: user.address.clone(),
                    resolved: true,
                    candidates: None,
                    looked_up: None,
                },
                None => Entry {
                    login: Login("".into()),
                    name: String::new(),
                    address: None,
                    resolved: false,
                    excluded: false,
                    candidates: None,
                    looked_up: None,
                },
            };
            match before.remove(&id) {
                None => change.joined.push(id),
                Some(known) => {
                    if entry.resolved && known.resolved && known.login != entry.login {
                        change.left.push(id);
                        change.joined.push(id);
                    } else if known.address == entry.address {
                        entry.candidates = known.candidates;
                        entry.looked_up = known.looked_up;
                    }
                }
            }
            entries.push((id, entry));
        }
        // A map that is made at once has full nodes; one that grows by ascending ids has half-empty ones.
        self.entries = entries.into_iter().collect();
        change.left.extend(before.into_keys());
        change
    }

    /// The addresses to ask the directory for now: new, changed and unmatched ones at each pass, and every match
    /// again within the hour.
    pub fn addresses_due(&self, uptime: Duration) -> Vec<Address> {
        let due: BTreeSet<&Address> = self
            .entries
            .values()
            .filter(|entry| !entry.excluded)
            .filter(|entry| {
                let matched = entry
                    .candidates
                    .as_ref()
                    .is_some_and(|candidates| candidates.len() == 1);
                let recent = entry
                    .looked_up
                    .is_some_and(|at| uptime.saturating_sub(at) < MATCH_STAYS);
                !(matched && recent)
            })
            .filter_map(|entry| entry.address.as_ref())
            .collect();
        due.into_iter().cloned().collect()
    }

    /// Takes the directory's answer for `asked` over. An address that was asked for and that no user carries has no
    /// Teams user.
    pub fn looked_up(&mut self, asked: &[Address], users: &[DirectoryUser], uptime: Duration) {
        self.note_answer(asked, users);
        self.take_answers(uptime);
    }

    /// Keeps the answer to a part of a look-up for [`Book::take_answers`]: two members may share a Teams user, and only the last
    /// part tells.
    pub(crate) fn note_answer(&mut self, asked: &[Address], users: &[DirectoryUser]) {
        let mut by_address: HashMap<&Address, Vec<&DirectoryUser>> = HashMap::new();
        for user in users {
            let own = [&user.primary, &user.mail, &user.principal];
            for address in own.into_iter().flatten().chain(&user.aliases) {
                let carriers = by_address.entry(address).or_default();
                if carriers.last().is_none_or(|last| last.id != user.id) {
                    carriers.push(user);
                }
            }
        }
        let asked: HashSet<&Address> = asked.iter().collect();
        for (user, entry) in &self.entries {
            if let Some(address) = entry.address.as_ref().filter(|address| asked.contains(address)) {
                let carriers = by_address.get(address).map_or(&[][..], Vec::as_slice);
                self.answered.push((*user, candidates(address, carriers)));
            }
        }
    }

    /// Takes over what the parts of a look-up told, now that all of them are answered.
    pub(crate) fn take_answers(&mut self, uptime: Duration) {
        for (user, candidates) in std::mem::take(&mut self.answered) {
            if let Some(entry) = self.entries.get_mut(&user) {
                entry.candidates = Some(candidates);
                entry.looked_up = Some(uptime);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::PbxUser;
    use super::*;

    fn user(id: i64, login: &str, mail: &str) -> PbxUser {
        PbxUser {
            id: PbxUserId(id),
            login: Login(login.into()),
            name: String::new(),
            address: mail.parse().ok(),
        }
    }

    fn roster(users: Vec<PbxUser>) -> PbxRoster {
        PbxRoster {
            members: users.iter().map(|user| user.id).collect(),
            users,
        }
    }

    fn teams_user(id: &str, mail: &str) -> DirectoryUser {
        DirectoryUser {
            id: TeamsUserId::new(id),
            primary: None,
            mail: mail.parse().ok(),
            aliases: Vec::new(),
            principal: None,
            enabled: true,
            guest: false,
        }
    }

    fn matched_book() -> Book {
        let mut book = Book::default();
        book.take_over(
            &roster(vec![user(1, "01", "a@x.de"), user(2, "02", "b@x.de")]),
            &BTreeSet::new(),
        );
        let asked = book.addresses_due(Duration::ZERO);
        book.looked_up(&asked, &[teams_user("t1", "a@x.de")], Duration::ZERO);
        book
    }

    #[test]
    fn a_match_is_not_looked_up_again_until_the_hour_is_nearly_over() {
        let book = matched_book();
        assert_eq!(
            book.addresses_due(Duration::from_secs(60)),
            ["b@x.de".parse().unwrap()],
            "unmatched: each pass"
        );
        assert_eq!(book.addresses_due(Duration::from_secs(3_000)).len(), 2);
    }

    #[test]
    fn a_changed_address_is_looked_up_anew() {
        let mut book = matched_book();
        let change = book.take_over(
            &roster(vec![user(1, "01", "new@x.de"), user(2, "02", "b@x.de")]),
            &BTreeSet::new(),
        );
        assert_eq!(change, RosterChange::default());
        assert_eq!(book.entries()[&PbxUserId(1)].candidates, None);
        assert!(
            book.addresses_due(Duration::ZERO)
                .contains(&"new@x.de".parse().unwrap())
        );
    }

    #[test]
    fn a_recycled_id_is_somebody_else() {
        let mut book = matched_book();
        let change = book.take_over(&roster(vec![user(1, "99", "a@x.de")]), &BTreeSet::new());
        assert_eq!(change.joined, [PbxUserId(1)]);
        assert_eq!(change.left, [PbxUserId(1), PbxUserId(2)]);
    }

    #[test]
    fn a_member_that_the_users_do_not_show_is_unresolved_and_not_gone() {
        let mut book = matched_book();
        let mut reading = roster(vec![user(1, "01", "a@x.de"), user(2, "02", "b@x.de")]);
        reading.users.remove(0);
        let change = book.take_over(&reading, &BTreeSet::new());
        assert_eq!(change, RosterChange::default());
        assert!(!book.entries()[&PbxUserId(1)].resolved);
    }

    #[test]
    fn an_excluded_address_is_never_asked_for() {
        let mut book = Book::default();
        let exclude = BTreeSet::from(["a@x.de".parse().unwrap()]);
        book.take_over(&roster(vec![user(1, "01", "a@x.de")]), &exclude);
        assert!(book.addresses_due(Duration::ZERO).is_empty());
    }
}
