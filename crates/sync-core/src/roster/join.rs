//! The join by address: which Teams user a member is, or why that is not guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DirectoryUser, Entry};
use crate::ids::{Address, PbxUserId, TeamsUserId};

/// So many rivals are named; a whole company that shares one address is not listed for each of its members.
const RIVALS: usize = 10;

/// How a member stands to Teams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "standing")]
#[non_exhaustive]
pub enum Standing {
    /// Joined to exactly one Teams user.
    Matched {
        /// The Teams user.
        teams_user: TeamsUserId,
    },
    /// The directory was not asked yet, or did not answer yet.
    NotLookedUp,
    /// The PBX has no e-mail address for this member.
    NoAddress,
    /// No Teams user has this address.
    NoTeamsUser,
    /// More than one Teams user, or more than one member, could be meant.
    Ambiguous {
        /// The Teams users that could be meant.
        candidates: Vec<TeamsUserId>,
        /// The other members that could be meant, the first ten of them.
        rivals: Vec<PbxUserId>,
    },
    /// The group lists the member, but the list of users does not show it.
    Unresolved,
    /// The operator excluded the address.
    Excluded,
    /// The ledger says that another instance synchronises this PBX user.
    OtherInstance,
}

/// The Teams users that `address` could mean: those of the first tier that has any (primary address, `mail`, alias,
/// login name), with enabled users of the tenant before disabled ones and guests.
pub fn candidates(address: &Address, users: &[&DirectoryUser]) -> Vec<TeamsUserId> {
    let tiers: [fn(&DirectoryUser, &Address) -> bool; 4] = [
        |user, address| user.primary.as_ref() == Some(address),
        |user, address| user.mail.as_ref() == Some(address),
        |user, address| user.aliases.contains(address),
        |user, address| user.principal.as_ref() == Some(address),
    ];
    for carries in tiers {
        let tier: Vec<&DirectoryUser> = users
            .iter()
            .copied()
            .filter(|user| carries(user, address))
            .collect();
        if tier.is_empty() {
            continue;
        }
        let at_home: Vec<&DirectoryUser> = tier
            .iter()
            .copied()
            .filter(|user| user.enabled && !user.guest)
            .collect();
        let deciding = if at_home.is_empty() { tier } else { at_home };
        let mut ids: Vec<TeamsUserId> = deciding.into_iter().map(|user| user.id.clone()).collect();
        ids.sort();
        ids.dedup();
        return ids;
    }
    Vec::new()
}

/// The standing of every member: a Teams user that two members lay claim to is nobody's.
pub fn standings(entries: &BTreeMap<PbxUserId, Entry>) -> BTreeMap<PbxUserId, Standing> {
    let claimants = || entries.iter().filter(|(_, entry)| !entry.excluded);
    let shared = Rivals::new(claimants().filter_map(|(user, entry)| Some((entry.address.as_ref()?, *user))));
    let claims = claimants().flat_map(|(user, entry)| {
        let candidates = entry.candidates.iter().flatten();
        candidates.map(|candidate| (candidate, *user))
    });
    let claims = Rivals::new(claims);
    let standing = |user: &PbxUserId, entry: &Entry| -> Standing {
        if !entry.resolved {
            return Standing::Unresolved;
        }
        if entry.excluded {
            return Standing::Excluded;
        }
        let Some(address) = &entry.address else {
            return Standing::NoAddress;
        };
        let Some(candidates) = &entry.candidates else {
            return Standing::NotLookedUp;
        };
        let other = |rival: &PbxUserId| rival != user;
        let mut rivals: Vec<PbxUserId> = shared.of(address).filter(other).take(RIVALS).collect();
        for id in candidates {
            rivals.extend(claims.of(id).filter(other).take(RIVALS));
        }
        rivals.sort_unstable();
        rivals.dedup();
        rivals.truncate(RIVALS);
        match candidates.as_slice() {
            [] => Standing::NoTeamsUser,
            [only] if rivals.is_empty() => Standing::Matched {
                teams_user: only.clone(),
            },
            several => Standing::Ambiguous {
                candidates: several.to_vec(),
                rivals,
            },
        }
    };
    entries
        .iter()
        .map(|(user, entry)| (*user, standing(user, entry)))
        .collect()
}

/// Who claims the same thing, in one list: most things are claimed once.
struct Rivals<'a, T>(Vec<(&'a T, PbxUserId)>);

impl<'a, T: Ord> Rivals<'a, T> {
    fn new(claims: impl Iterator<Item = (&'a T, PbxUserId)>) -> Self {
        let mut claims: Vec<_> = claims.collect();
        claims.sort_unstable();
        Self(claims)
    }

    /// Everybody who claims `thing`, in the order of their ids.
    fn of<'s>(&'s self, thing: &'s T) -> impl Iterator<Item = PbxUserId> + 's {
        let first = self.0.partition_point(|(claimed, _)| *claimed < thing);
        self.0[first..]
            .iter()
            .take_while(move |(claimed, _)| *claimed == thing)
            .map(|(_, user)| *user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Login;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn person(id: &str) -> DirectoryUser {
        DirectoryUser {
            id: TeamsUserId::new(id),
            primary: None,
            mail: None,
            aliases: Vec::new(),
            principal: None,
            enabled: true,
            guest: false,
        }
    }

    fn ids(users: &[DirectoryUser], wanted: &str) -> Vec<String> {
        let users: Vec<&DirectoryUser> = users.iter().collect();
        candidates(&address(wanted), &users)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_first_tier_with_candidates_decides() {
        let a = address("a@example.com");
        let users = [
            DirectoryUser {
                principal: Some(a.clone()),
                ..person("by-login")
            },
            DirectoryUser {
                aliases: vec![a.clone()],
                ..person("by-alias")
            },
            DirectoryUser {
                mail: Some(a.clone()),
                ..person("by-mail")
            },
            DirectoryUser {
                primary: Some(a),
                ..person("by-primary")
            },
        ];
        assert_eq!(ids(&users, "A@Example.com"), ["by-primary"]);
        assert_eq!(ids(&users[..3], "a@example.com"), ["by-mail"]);
        assert_eq!(ids(&users[..2], "a@example.com"), ["by-alias"]);
        assert_eq!(ids(&users[..1], "a@example.com"), ["by-login"]);
        assert_eq!(ids(&users, "b@example.com"), Vec::<String>::new());
    }

    #[test]
    fn enabled_users_go_before_disabled_ones_and_guests() {
        let mail = Some(address("a@example.com"));
        let users = [
            DirectoryUser {
                mail: mail.clone(),
                enabled: false,
                ..person("disabled")
            },
            DirectoryUser {
                mail: mail.clone(),
                guest: true,
                ..person("guest")
            },
            DirectoryUser {
                mail,
                ..person("employee")
            },
        ];
        assert_eq!(ids(&users, "a@example.com"), ["employee"]);
        assert_eq!(ids(&users[..2], "a@example.com"), ["disabled", "guest"]);
        assert_eq!(ids(&users[..1], "a@example.com"), ["disabled"]);
    }

    fn entry(mail: Option<&str>, found: Option<&[&str]>) -> Entry {
        Entry {
            login: Login("1".into()),
            name: String::new(),
            address: mail.map(address),
            resolved: true,
            excluded: false,
            candidates: found.map(|ids| ids.iter().map(|id| TeamsUserId::new(id)).collect()),
            looked_up: None,
        }
    }

    fn book(entries: Vec<Entry>) -> Vec<Standing> {
        let entries = entries
            .into_iter()
            .zip(1..)
            .map(|(entry, id)| (PbxUserId(id), entry))
            .collect();
        standings(&entries).into_values().collect()
    }

    #[test]
    fn two_members_with_one_address_are_both_ambiguous() {
        let standings = book(vec![
            entry(Some("a@x.de"), Some(&["t"])),
            entry(Some("a@x.de"), Some(&["t"])),
            entry(Some("b@x.de"), Some(&["u"])),
        ]);
        let rival = |id| Standing::Ambiguous {
            candidates: vec![TeamsUserId::new("t")],
            rivals: vec![PbxUserId(id)],
        };
        assert_eq!(
            standings,
            [
                rival(2),
                rival(1),
                Standing::Matched {
                    teams_user: TeamsUserId::new("u")
                }
            ]
        );
    }

    #[test]
    fn two_members_that_mean_one_teams_user_are_both_ambiguous() {
        let standings = book(vec![
            entry(Some("a@x.de"), Some(&["t"])),
            entry(Some("alias@x.de"), Some(&["t"])),
        ]);
        assert!(
            standings
                .iter()
                .all(|standing| matches!(standing, Standing::Ambiguous { .. }))
        );
    }

    #[test]
    fn an_excluded_member_is_nobodys_rival() {
        let excluded = Entry {
            excluded: true,
            ..entry(Some("a@x.de"), None)
        };
        let standings = book(vec![excluded, entry(Some("a@x.de"), Some(&["t"]))]);
        assert_eq!(
            standings,
            [
                Standing::Excluded,
                Standing::Matched {
                    teams_user: TeamsUserId::new("t")
                }
            ]
        );
    }

    #[test]
    fn each_reason_for_not_matching_is_told() {
        let unresolved = Entry {
            resolved: false,
            ..entry(None, None)
        };
        assert_eq!(
            book(vec![
                unresolved,
                entry(None, None),
                entry(Some("a@x.de"), None),
                entry(Some("b@x.de"), Some(&[]))
            ]),
            [
                Standing::Unresolved,
                Standing::NoAddress,
                Standing::NotLookedUp,
                Standing::NoTeamsUser
            ]
        );
    }
}
