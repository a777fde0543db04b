//! Who works here: in the tenant, in the PBX, and in the group.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::names::{FAMILY, GIVEN, plain};
use crate::people::People;
use crate::random::Random;
use crate::state::{Group, PbxUser, Person, Said};

/// The group whose members are synchronised.
pub(crate) const GROUP: i64 = 1_000;
const OTHER_GROUP: i64 = 1_001;
const FIRST_USER: i64 = 2_001;
/// PBX users who are not in the group, and whom nobody may touch.
const OUTSIDERS: usize = 5;
const DOMAIN: &str = "contoso.example";

/// What is odd about an employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// The PBX has no e-mail address.
    NoAddress,
    /// Nobody in the tenant has the address.
    NoTeamsUser,
    /// Two people in the tenant have the address.
    Ambiguous,
    /// The tenant knows the person as a guest.
    Guest,
    /// The address is an alias in the tenant.
    AliasOnly,
    /// The PBX spells the address in capitals.
    AddressInCapitals,
    /// The user is a member of the group and not logged in to it.
    NotLoggedIn,
    /// The phone configuration has members that nobody knows, and numbers that are not set.
    UnknownMembers,
}

const ODDITIES: [Oddity; 8] = [
    Oddity::NotLoggedIn,
    Oddity::AddressInCapitals,
    Oddity::AliasOnly,
    Oddity::NoTeamsUser,
    Oddity::NoAddress,
    Oddity::Ambiguous,
    Oddity::Guest,
    Oddity::UnknownMembers,
];

/// One employee: a PBX user and, mostly, a person of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employee {
    /// The PBX user.
    pub pbx_user: i64,
    /// The person of the tenant whose presence is meant, where there is exactly one.
    pub person: Option<String>,
    /// Given and family name.
    pub name: String,
    /// Whether the employee is a member of the group.
    pub member: bool,
    /// What is odd.
    pub oddity: Option<Oddity>,
}

/// A company.
#[derive(Clone, Debug)]
pub struct Office {
    pub(crate) people: People,
    pub(crate) users: BTreeMap<i64, PbxUser>,
    pub(crate) groups: BTreeMap<i64, Group>,
    employees: Vec<Employee>,
    seed: u64,
}

impl Office {
    /// A company with `members` people in the group and a few outside it. The first eight members from the ninth on are
    /// each odd in another way; a smaller company has nobody who is odd.
    pub fn new(members: usize, seed: u64) -> Self {
        Self::populate(members, seed, members > ODDITIES.len() * 2)
    }

    /// A company in which nobody is odd.
    pub fn plain(members: usize, seed: u64) -> Self {
        Self::populate(members, seed, false)
    }

    fn populate(members: usize, seed: u64, odd: bool) -> Self {
        let mut office = Self {
            people: People::default(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            employees: Vec::with_capacity(members + OUTSIDERS),
            seed,
        };
        let mut random = Random::new(seed);
        let mut group = Group {
            id: GROUP,
            name: "Teams".to_owned(),
            members: BTreeMap::new(),
        };
        for number in 0..members + OUTSIDERS {
            let member = number < members;
            let oddity = number
                .checked_sub(8)
                .and_then(|place| ODDITIES.get(place))
                .filter(|_| odd && member)
                .copied();
            let employee = office.employ(number, member, oddity, &mut random);
            if member {
                group
                    .members
                    .insert(employee.pbx_user, oddity != Some(Oddity::NotLoggedIn));
            }
            office.employees.push(employee);
        }
        let outsiders = office.employees.iter().filter(|employee| !employee.member);
        let others = outsiders.map(|employee| (employee.pbx_user, true)).collect();
        office.groups.insert(GROUP, group);
        office.groups.insert(
            OTHER_GROUP,
            Group {
                id: OTHER_GROUP,
                name: "Empfang".to_owned(),
                members: others,
            },
        );
        office
    }

    fn employ(
        &mut self,
        number: usize,
        member: bool,
        oddity: Option<Oddity>,
        random: &mut Random,
    ) -> Employee {
        let given = GIVEN[number % GIVEN.len()];
        let family = FAMILY[(number / GIVEN.len() + number * 7) % FAMILY.len()];
        let mailbox = format!("{}.{}{}", plain(given), plain(family), number + 1);
        let address = format!("{mailbox}@{DOMAIN}");
        let place = i64::try_from(number).unwrap_or(i64::MAX - FIRST_USER);
        let id = guid(self.seed, number, 0);
        let mut person = Person {
            id: id.clone(),
            name: format!("{given} {family}"),
            mail: Some(address.clone()),
            principal: format!("{mailbox}@login.{DOMAIN}"),
            proxy_addresses: vec![
                format!("SMTP:{address}"),
                format!("smtp:{}{}@{DOMAIN}", plain(family), number + 1),
            ],
            enabled: true,
            guest: false,
            presence: Some(Said::new("Available", "Available")),
        };
        let mut email = address.clone();
        let mut known = Some(id.clone());
        match oddity {
            Some(Oddity::NoAddress) => {
                email.clear();
                known = None;
            }
            Some(Oddity::NoTeamsUser) => {
                email = format!("{mailbox}@elsewhere.example");
                known = None;
            }
            Some(Oddity::Ambiguous) => {
                let twin = Person {
                    id: guid(self.seed, number, 1),
                    ..person.clone()
                };
                self.people.insert(twin);
                known = None;
            }
            Some(Oddity::Guest) => {
                person.guest = true;
                person.principal = format!("{}#EXT#@{DOMAIN}", address.replace('@', "_"));
            }
            Some(Oddity::AliasOnly) => {
                person.mail = Some(format!("{mailbox}@new.{DOMAIN}"));
                person.proxy_addresses =
                    vec![format!("SMTP:{mailbox}@new.{DOMAIN}"), format!("smtp:{address}")];
            }
            Some(Oddity::AddressInCapitals) => email = address.to_uppercase(),
            Some(Oddity::NotLoggedIn | Oddity::UnknownMembers) | None => {}
        }
        let user = PbxUser {
            id: FIRST_USER + place,
            login: format!("{:04}", number + 1_000),
            first_name: given.to_owned(),
            family_name: family.to_owned(),
            email,
            // Some people come to work with DND left on from yesterday.
            dnd: random.chance(3) || !member,
            chat: "AVAILABLE".to_owned(),
            phone: phone(place, oddity),
        };
        let employee = Employee {
            pbx_user: user.id,
            person: known,
            name: person.name.clone(),
            member,
            oddity,
        };
        self.users.insert(user.id, user);
        self.people.insert(person);
        employee
    }

    /// Everybody, members of the group first.
    pub fn employees(&self) -> &[Employee] {
        &self.employees
    }

    /// The seed that it was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

fn phone(place: i64, oddity: Option<Oddity>) -> Map<String, Value> {
    let mut phone = Map::new();
    phone.insert("callWaiting".to_owned(), json!(place % 2 == 0));
    phone.insert("displayNumberId".to_owned(), json!(10_000 + place));
    phone.insert("primaryPhoneId".to_owned(), json!(20_000 + place));
    if oddity == Some(Oddity::UnknownMembers) {
        phone.insert("displayNumberId".to_owned(), Value::Null);
        phone.insert(
            "futureOption".to_owned(),
            json!({ "mode": "x", "limits": [1, 2.5, 9_007_199_254_740_993_i64] }),
        );
        phone.insert("anotherFlag".to_owned(), Value::Null);
    }
    phone
}

fn guid(seed: u64, number: usize, twin: u64) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let mixed = crate::random::mix(seed ^ number.rotate_left(17) ^ twin);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:011x}{twin}",
        mixed >> 32,
        (mixed >> 16) & 0xffff,
        (mixed >> 4) & 0xfff,
        mixed & 0xfff,
        number & 0xfff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_office_follows_from_its_seed() {
        let office = |seed| Office::new(30, seed);
        assert_eq!(office(1).employees(), office(1).employees());
        assert_ne!(office(1).employees(), office(2).employees());
    }

    #[test]
    fn everybody_is_somebody_else() {
        let office = Office::new(10_000, 7);
        let people: BTreeSet<&str> = office
            .employees()
            .iter()
            .filter_map(|employee| employee.person.as_deref())
            .collect();
        let addresses: BTreeSet<&str> = office.users.values().map(|user| user.email.as_str()).collect();
        assert_eq!(people.len(), 10_005 - 3);
        assert_eq!(addresses.len(), 10_005);
        assert!(office.people.values().all(|person| person.id.len() == 36));
        assert_eq!(office.groups[&GROUP].members.len(), 10_000);
    }

    #[test]
    fn each_oddity_occurs_once_where_there_is_room() {
        let odd: Vec<Oddity> = Office::new(20, 1)
            .employees()
            .iter()
            .filter_map(|employee| employee.oddity)
            .collect();
        assert_eq!(odd, ODDITIES);
        assert!(
            Office::new(8, 1)
                .employees()
                .iter()
                .all(|employee| employee.oddity.is_none())
        );
        assert!(
            Office::plain(20, 1)
                .employees()
                .iter()
                .all(|employee| employee.oddity.is_none())
        );
    }
}
