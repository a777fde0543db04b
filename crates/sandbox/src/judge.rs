//! The judge: whether the PBX is as the documentation of the product says it has to be, for the presence of this
//! moment. The table stands here on its own, so that no mistake of the product can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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
    let members: BTreeSet<i64> = state
        .groups
        .get(&GROUP)
        .map(|group| group.members.keys().copied().collect())
        .unwrap_or_default();
    let by_address = people_by_address(state);
    for (&id, user) in &state.users {
        let mut differ = |presence: Option<String>, expected: String, found: String| {
            if expected != found {
                verdict.differences.push(Difference {
                    user: id,
                    presence,
                    expected,
                    found,
                });
            }
        };
        let said = members
            .contains(&id)
            .then(|| teams_user(&by_address, &user.email))
            .flatten()
            .and_then(|person| person.presence.as_ref());
        let dnd = |on: bool| format!("dnd {on}");
        let chat = |status: &str| format!("chat {status}");
        let Some(said) = said else {
            if let Some((was_on, was)) = state.original.get(&id) {
                if !except.dnd.contains(&id) {
                    differ(None, dnd(*was_on), dnd(user.dnd));
                }
                differ(None, chat(was), chat(&user.chat));
            }
            continue;
        };
        verdict.judged += 1;
        let presence = Some(format!("{}/{}", said.availability, said.activity));
        if let Some(on) = expected_dnd(said)
            && !except.dnd.contains(&id)
        {
            differ(presence.clone(), dnd(on), dnd(user.dnd));
        }
        if let Some(status) = expected_chat(said)
            && !except.chat
        {
            differ(presence, chat(status), chat(&user.chat));
        }
    }
    verdict
}

/// The default rules of the documentation; `None` where nothing is promised.
fn expected_dnd(said: &Said) -> Option<bool> {
    let availability = known(&said.availability)?;
    let activity = said.activity.to_ascii_lowercase();
    let called = ["inacall", "inaconferencecall", "inameeting"].contains(&activity.as_str());
    Some(availability == "donotdisturb" || activity == "presenting" || (availability == "busy" && called))
}

/// The chat table of the documentation.
fn expected_chat(said: &Said) -> Option<&'static str> {
    Some(match known(&said.availability)? {
        "available" => "AVAILABLE",
        "busy" | "donotdisturb" => "DO_NOT_DISTURB",
        _ => "AWAY",
    })
}

/// The availability without its idle variant, where it is a documented one.
fn known(availability: &str) -> Option<&'static str> {
    Some(match availability.to_ascii_lowercase().as_str() {
        "available" | "availableidle" => "available",
        "busy" | "busyidle" => "busy",
        "donotdisturb" => "donotdisturb",
        "berightback" => "berightback",
        "away" => "away",
        "offline" => "offline",
        _ => return None,
    })
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
