//! One group with its members.

use std::collections::HashSet;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::failure::Failure;
use crate::ids::{GroupId, UserId};
use crate::operation::Operation;
use crate::pbx::Pbx;
use crate::wire::{Call, lower_case_keys};

/// The answer lists every user of the PBX as a candidate: room for 100,000.
const LIMIT: usize = 32 * 1024 * 1024;

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The name, empty where the PBX sends none.
    pub name: String,
    /// Whether the group chats; `None` where the PBX does not say.
    pub chat_group: Option<bool>,
    /// Those whom the PBX lists with `assigned == true`, whether or not they are logged in to the group; nobody twice.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMember {
    /// The user.
    pub id: UserId,
    /// The first name, empty where the PBX sends none.
    pub first_name: String,
    /// The last name, empty where the PBX sends none.
    pub last_name: String,
}

/// The answer, its keys in lower case: the vendor's description says `chatGroup`, others have seen `chatgroup`.
#[derive(Deserialize)]
struct Wire {
    id: Option<GroupId>,
    name: Option<String>,
    chatgroup: Option<bool>,
    assignableusers: Option<Vec<Candidate>>,
}

#[derive(Deserialize)]
struct Candidate {
    id: Option<UserId>,
    firstname: Option<String>,
    lastname: Option<String>,
    assigned: Option<bool>,
}

impl Pbx {
    /// A group and its members (`GET /rest/groups/{groupid}`).
    ///
    /// `assignableUsers` are candidates; members are those of them with `assigned == true`, and a missing `assigned` means no.
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::Group`]. A group without a list of candidates is an error, not an empty group.
    pub async fn group(&self, id: GroupId) -> Result<Group, Error> {
        let url = self.transport.base.join(&["rest", "groups", &id.to_string()]);
        let call = Call::rest(Operation::Group, Method::GET, url, LIMIT);
        let failed = |source| Error::Group { group: id, source };
        let value: Value = self
            .rest_json(call, "a group")
            .await
            .map_err(|error| error.during(failed))?;
        parse(id, value).map_err(failed)
    }
}

fn parse(asked: GroupId, value: Value) -> Result<Group, Failure> {
    let wire: Wire = serde_json::from_value(lower_case_keys(value)).map_err(|_| Failure::Json {
        what: "a group",
        line: 1,
        column: 0,
    })?;
    if wire.id.is_some_and(|id| id != asked) {
        return Err(Failure::Senseless {
            what: "it is another group than the one asked for",
        });
    }
    let candidates = wire.assignableusers.ok_or(Failure::Senseless {
        what: "the group has no list of assignable users",
    })?;
    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for candidate in candidates
        .into_iter()
        .filter(|candidate| candidate.assigned == Some(true))
    {
        let id = candidate.id.ok_or(Failure::Senseless {
            what: "a member of the group has no id",
        })?;
        if seen.insert(id) {
            members.push(GroupMember {
                id,
                first_name: candidate.firstname.unwrap_or_default(),
                last_name: candidate.lastname.unwrap_or_default(),
            });
        }
    }
    Ok(Group {
        id: asked,
        name: wire.name.unwrap_or_default(),
        chat_group: wire.chatgroup,
        members,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_the_assigned_candidates_however_the_keys_are_spelled() {
        for (chat, users) in [("chatGroup", "assignableUsers"), ("chatgroup", "assignableusers")] {
            let group = json!({
                "id": 1000, "name": "Support", chat: true, "later": {"x": 1},
                users: [
                    {"id": 1004, "firstName": "Anna", "lastname": "Berg", "assigned": true, "later": null},
                    {"id": 1005, "assigned": false},
                    {"id": 1006, "assigned": null},
                    {"id": 1007},
                    {"id": 1008, "ASSIGNED": true},
                    {"id": 1004, "assigned": true},
                ],
            });
            let group = parse(GroupId::new(1000), group).unwrap();
            assert_eq!(group.chat_group, Some(true));
            assert_eq!(
                group
                    .members
                    .iter()
                    .map(|member| member.id.value())
                    .collect::<Vec<_>>(),
                [1004, 1008]
            );
            assert_eq!(
                (&*group.members[0].first_name, &*group.members[0].last_name),
                ("Anna", "Berg")
            );
        }
    }

    #[test]
    fn an_answer_without_candidates_is_an_error_and_never_an_empty_group() {
        for group in [
            json!({"id": 1000, "name": "Support"}),
            json!({"id": 1000, "assignableUsers": null}),
            json!({"id": 1000, "assignableUsers": {}}),
            json!({"id": 1001, "assignableUsers": []}),
            json!({"id": 1000, "assignableUsers": [{"assigned": true}]}),
            json!({"id": 1000, "assignableUsers": [{"id": 4, "assigned": "true"}]}),
            json!([]),
            json!(null),
        ] {
            assert!(parse(GroupId::new(1000), group.clone()).is_err(), "{group}");
        }
    }
}
