//! The list of groups, and finding one by its name.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::failure::Failure;
use crate::ids::GroupId;
use crate::operation::Operation;
use crate::pbx::Pbx;
use crate::wire::{Call, lower_case_keys};

const LIMIT: usize = 16 * 1024 * 1024;

/// More than this many similar names help nobody.
const MOST_NEAR: usize = 5;

/// A group as the list of groups shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupSummary {
    /// The id.
    pub id: GroupId,
    /// The name.
    pub name: String,
}

#[derive(Deserialize)]
struct Item {
    id: GroupId,
    groupname: Option<String>,
}

impl Pbx {
    /// All groups that the signed-in user may see (`GET /rest/groups`).
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::Groups`].
    pub async fn groups(&self) -> Result<Vec<GroupSummary>, Error> {
        let url = self.transport.base.join(&["rest", "groups"]);
        let call = Call::rest(Operation::Groups, Method::GET, url, LIMIT);
        let what = "a list of groups";
        let value: Value = self
            .rest_json(call, what)
            .await
            .map_err(|error| error.during(Error::Groups))?;
        let items: Vec<Item> = serde_json::from_value(lower_case_keys(value)).map_err(|_| {
            Error::Groups(Failure::Json {
                what,
                line: 1,
                column: 0,
            })
        })?;
        let summary = |item: Item| GroupSummary {
            id: item.id,
            name: item.groupname.unwrap_or_default(),
        };
        Ok(items.into_iter().map(summary).collect())
    }

    /// The one group with exactly this name.
    ///
    /// # Errors
    /// [`Error::NoSuchGroup`] with similar names, [`Error::AmbiguousGroup`] with the ids to choose from, or what
    /// [`Pbx::groups`] can fail with.
    pub async fn group_by_name(&self, name: &str) -> Result<GroupSummary, Error> {
        choose(self.groups().await?, name)
    }
}

fn choose(groups: Vec<GroupSummary>, name: &str) -> Result<GroupSummary, Error> {
    let (mut found, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.name == name);
    if found.len() > 1 {
        let ids = found.iter().map(|group| group.id).collect();
        return Err(Error::AmbiguousGroup {
            name: name.to_owned(),
            ids,
        });
    }
    found.pop().ok_or_else(|| Error::NoSuchGroup {
        name: name.to_owned(),
        near: near(&others, name),
    })
}

/// The names that someone who wrote `wanted` may have meant, best first.
fn near(groups: &[GroupSummary], wanted: &str) -> Vec<String> {
    let wanted = wanted.trim().to_lowercase();
    let mut near: Vec<(usize, &str)> = groups
        .iter()
        .filter_map(|group| {
            Some((
                distance(&group.name.trim().to_lowercase(), &wanted)?,
                &*group.name,
            ))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter()
        .take(MOST_NEAR)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// Up to two typing errors, or one name within the other; `None` where two names have nothing to do with each other.
fn distance(name: &str, wanted: &str) -> Option<usize> {
    if name.is_empty() || wanted.is_empty() {
        return None;
    }
    let edits = edits(name, wanted);
    if edits <= 2 && edits < wanted.chars().count() {
        return Some(edits);
    }
    (name.contains(wanted) || wanted.contains(name)).then_some(3)
}

/// The Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<GroupSummary> {
        (1..)
            .zip(names)
            .map(|(id, name)| GroupSummary {
                id: GroupId::new(id),
                name: (*name).to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_name_is_matched_to_the_letter() {
        let found = choose(groups(&["teams", "Teams", "Teams "]), "Teams").unwrap();
        assert_eq!(found.id, GroupId::new(2));
    }

    #[test]
    fn two_groups_of_one_name_are_both_shown_and_none_is_chosen() {
        let error = choose(groups(&["Teams", "Sales", "Teams"]), "Teams").unwrap_err();
        let Error::AmbiguousGroup { ids, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(ids, [GroupId::new(1), GroupId::new(3)]);
    }

    #[test]
    fn similar_names_are_proposed_best_first() {
        let all = ["Vertrieb", "Team", "MS Teams Nord", "teams", "", "Zentrale"];
        let error = choose(groups(&all), "Teams").unwrap_err();
        let Error::NoSuchGroup { near, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(near, ["teams", "Team", "MS Teams Nord"]);
    }

    #[test]
    fn typing_errors_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "acb", 2),
            ("ab", "äbc", 2),
        ] {
            assert_eq!((edits(a, b), edits(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
