//! The judge: whether the PBX is as the documentation of the product says it has to be, for the presence of this
//! moment. The table stands here on its own, so that no mistake of the product can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::history::{Author, Record, Subject};
use crate::office::GROUP;
use crate::state::{Person, Said, State};

/// What the judge found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many members have a state that can be judged.
    pub judged: usize,
    /// Everything that is not as it has to be.
    pub differences: Vec<Difference>,
}

impl Verdict {
    /// Whether everything is as it has to be.
    pub fn converged(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One thing that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The PBX user.
    pub user: i64,
    /// The presence that it follows from; `None` for somebody who was not to be touched.
    pub presence: Option<String>,
    /// What it has to be, such as `dnd true` or `chat AWAY`.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            expected,
            found,
            ..
        } = self;
        match &self.presence {
            Some(presence) => write!(f, "PBX user {user}: {presence} wants {expected}, found {found}"),
            None => write!(
                f,
                "PBX user {user}: was not to be touched, wants {expected}, found {found}"
            ),
        }
    }
}

/// What is not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Except {
    /// PBX users whose DND a human changed, so that it stands.
    pub dnd: BTreeSet<i64>,
    /// Whether the chat status is not synchronised.
    pub chat: bool,
}

pub(crate) fn judge(state: &State, except: &Except) -> Verdict {
    let mut verdict = Verdict {
        judged: 0,
        differences: Vec::new(),
    };
    let meant = who_is_meant(state);
    for (&id, user) in &state.users {
        let Some(said) = meant.get(&id).and_then(|person| person.presence.as_ref()) else {
            continue;
        };
        let Some(reading) = Reading::of(said) else {
            continue;
        };
        verdict.judged += 1;
        let mut differ = |expected: String, found: String| {
            if expected != found {
                let presence = Some(format!("{}/{}", said.availability, said.activity));
                verdict.differences.push(Difference {
                    user: id,
                    presence,
                    expected,
                    found,
                });
            }
        };
        if let Some(on) = reading.dnd
            && !except.dnd.contains(&id)
        {
            differ(format!("dnd {on}"), format!("dnd {}", user.dnd));
        }
        if !except.chat {
            differ(format!("chat {}", reading.chat), format!("chat {}", user.chat));
        }
    }
    // Whoever has no known presence, or is no member, was not to be touched; and nobody's phone in anything but DND.
    for record in state
        .history
        .iter()
        .filter(|record| record.author == Author::Program)
    {
        if !meant.contains_key(&record.user) || record.subject == Subject::Phone {
            let Record { user, from, to, .. } = record.clone();
            verdict.differences.push(Difference {
                user,
                presence: None,
                expected: from,
                found: to,
            });
        }
    }
    verdict
}

/// What the documentation makes of a known presence.
struct Reading {
    /// `None` where DND is left as it is.
    dnd: Option<bool>,
    chat: &'static str,
}

impl Reading {
    /// The default rules and the chat table of the documentation; nothing for an unknown presence.
    fn of(said: &Said) -> Option<Self> {
        let availability = said.availability.to_ascii_lowercase();
        let activity = said.activity.to_ascii_lowercase();
        // What Microsoft's newer page lists as availabilities stands for a pair, whatever the activity says.
        let (base, activity) = match availability.as_str() {
            "inacall" => ("busy", "inacall"),
            "inameeting" => ("busy", "inameeting"),
            "presenting" => ("donotdisturb", "presenting"),
            "focusing" => ("donotdisturb", "focusing"),
            "available" | "availableidle" => ("available", activity.as_str()),
            "busy" | "busyidle" => ("busy", activity.as_str()),
            "donotdisturb" => ("donotdisturb", activity.as_str()),
            "away" => ("away", activity.as_str()),
            "berightback" => ("berightback", activity.as_str()),
            "offline" => ("offline", activity.as_str()),
            _ => return None,
        };
        let called = ["inacall", "inaconferencecall", "inameeting"].contains(&activity);
        let dnd = if base == "donotdisturb" || activity == "presenting" {
            Some(true)
        } else if ACTIVITIES.contains(&activity) {
            Some(base == "busy" && called)
        } else {
            None
        };
        let chat = match base {
            "available" => "AVAILABLE",
            "busy" | "donotdisturb" => "DO_NOT_DISTURB",
            _ => "AWAY",
        };
        Some(Self { dnd, chat })
    }
}

/// The activities that Microsoft documents.
const ACTIVITIES: [&str; 17] = [
    "available",
    "availableinactive",
    "away",
    "berightback",
    "busy",
    "donotdisturb",
    "focusing",
    "inacall",
    "inaconferencecall",
    "inactive",
    "inameeting",
    "offline",
    "offwork",
    "outofoffice",
    "presenting",
    "urgentinterruptionsonly",
    "availableidle",
];

/// The person whom each member of the group is joined to; nobody is guessed, on either side.
fn who_is_meant(state: &State) -> BTreeMap<i64, &Person> {
    let by_address = people_by_address(state);
    let members = state
        .groups
        .get(&GROUP)
        .map(|group| group.members.keys())
        .into_iter()
        .flatten();
    let mut claims: BTreeMap<&str, Vec<(i64, &Person)>> = BTreeMap::new();
    for id in members {
        let Some(user) = state.users.get(id) else { continue };
        if let Some(person) = teams_user(&by_address, &user.email) {
            claims.entry(person.id.as_str()).or_default().push((*id, person));
        }
    }
    claims
        .into_values()
        .filter(|claim| claim.len() == 1)
        .flatten()
        .collect()
}

type ByAddress<'s> = BTreeMap<String, Vec<(u8, &'s Person)>>;

/// Everybody by every address, with the rank of the address: primary, mail, alias, login name.
fn people_by_address(state: &State) -> ByAddress<'_> {
    let mut found: ByAddress<'_> = BTreeMap::new();
    for person in state.people.values() {
        let mut add = |address: &str, rank: u8| {
            found
                .entry(address.trim().to_lowercase())
                .or_default()
                .push((rank, person));
        };
        for proxy in &person.proxy_addresses {
            if let Some((kind, address)) = proxy.split_once(':') {
                add(address, if kind == "SMTP" { 0 } else { 2 });
            }
        }
        if let Some(mail) = &person.mail {
            add(mail, 1);
        }
        add(&person.principal, 3);
    }
    found
}

/// The one person who is meant; nobody is guessed.
fn teams_user<'s>(by_address: &ByAddress<'s>, email: &str) -> Option<&'s Person> {
    let carriers = by_address.get(&email.trim().to_lowercase())?;
    let best = carriers.iter().map(|(rank, _)| *rank).min()?;
    let tier: Vec<&Person> = carriers
        .iter()
        .filter(|(rank, _)| *rank == best)
        .map(|(_, person)| *person)
        .collect();
    let at_home: Vec<&Person> = tier
        .iter()
        .copied()
        .filter(|person| person.enabled && !person.guest)
        .collect();
    match (at_home.as_slice(), tier.as_slice()) {
        ([only], _) | ([], [only]) => Some(only),
        _ => None,
    }
}
