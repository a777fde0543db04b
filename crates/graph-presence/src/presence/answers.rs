//! Answers joined to what was asked for, by id alone.

use std::{collections::HashMap, ops::Range};

use presence_mapping::Presence;

use super::item::Item;
use crate::ids::{Folded, UserId};

/// What Graph said about one user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresenceAnswer {
    /// The user, in the spelling that was asked with.
    pub user: UserId,
    /// Its presence; [`Presence::unknown`] where two answers for this user contradict each other.
    pub presence: Presence,
    /// Graph's own ordering hint: opaque, documented as sortable text, absent in the US Government clouds.
    pub sequence_number: Option<String>,
}

/// The answers to one reading.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PresenceAnswers {
    /// At most one per user, in the order asked; a user without an answer is absent.
    pub answers: Vec<PresenceAnswer>,
    /// Users whose ids Graph refuses, or that could not be told from those within the bound of the search.
    pub refused: Vec<UserId>,
    /// How many items were for ids that nobody asked for, or carried no id; they are dropped.
    pub unasked: usize,
    /// How many users were answered for with contradictions.
    pub contradicting: usize,
}

/// The join while it grows.
pub(super) struct Join<'a> {
    asked: Vec<&'a UserId>,
    places: HashMap<Folded<'a>, usize>,
    found: Vec<Found>,
    refused: Vec<UserId>,
    unasked: usize,
}

enum Found {
    Nothing,
    Once(Presence, Option<String>),
    Contradiction,
}

impl<'a> Join<'a> {
    /// An id that is asked for twice is asked for once.
    pub(super) fn new(ids: &'a [UserId]) -> Self {
        let mut asked = Vec::with_capacity(ids.len());
        let mut places = HashMap::with_capacity(ids.len());
        for id in ids {
            places.entry(Folded(id.as_str())).or_insert_with(|| {
                asked.push(id);
                asked.len() - 1
            });
        }
        let found = asked.iter().map(|_| Found::Nothing).collect();
        Self {
            asked,
            places,
            found,
            refused: Vec::new(),
            unasked: 0,
        }
    }

    pub(super) fn asked(&self) -> &[&'a UserId] {
        &self.asked
    }

    pub(super) fn refuse(&mut self, chunk: Range<usize>) {
        self.refused
            .extend(self.asked[chunk].iter().map(|&id| id.clone()));
    }

    pub(super) fn add(&mut self, item: Item<'_>) {
        let place = item.id().and_then(|id| self.places.get(&Folded(id)));
        let Some(&place) = place else {
            self.unasked += 1;
            return;
        };
        let (presence, number) = item.into_presence();
        let found = &mut self.found[place];
        match found {
            Found::Nothing => *found = Found::Once(presence, number),
            Found::Once(first, _) if *first != presence => *found = Found::Contradiction,
            Found::Once(_, first) if *first != number => *first = None,
            Found::Once(..) | Found::Contradiction => {}
        }
    }

    pub(super) fn into_answers(self) -> PresenceAnswers {
        let mut answers = Vec::with_capacity(self.asked.len());
        let mut contradicting = 0;
        for (user, found) in self.asked.into_iter().zip(self.found) {
            let (presence, sequence_number) = match found {
                Found::Nothing => continue,
                Found::Once(presence, number) => (presence, number),
                Found::Contradiction => {
                    contradicting += 1;
                    (Presence::unknown(), None)
                }
            };
            answers.push(PresenceAnswer {
                user: user.clone(),
                presence,
                sequence_number,
            });
        }
        PresenceAnswers {
            answers,
            refused: self.refused,
            unasked: self.unasked,
            contradicting,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::{Value, json};

    use super::*;
    use crate::{json::Object, presence::item::Answer};

    fn ids(ids: &[&str]) -> Vec<UserId> {
        ids.iter().map(|id| UserId::new(id).unwrap()).collect()
    }

    /// `None` where the answer is no answer at all.
    fn join(asked: &[UserId], answer: &[u8]) -> Option<PresenceAnswers> {
        let Object(answer): Object<Answer<'_>> = serde_json::from_slice(answer).ok()?;
        let mut join = Join::new(asked);
        answer
            .value
            .0?
            .into_iter()
            .for_each(|Object(item)| join.add(item));
        Some(join.into_answers())
    }

    fn join_items(asked: &[UserId], items: &Value) -> PresenceAnswers {
        join(asked, json!({ "value": items }).to_string().as_bytes()).unwrap()
    }

    fn said(answers: &PresenceAnswers) -> Vec<(&str, Option<&str>, Option<&str>, bool)> {
        let mut rows = Vec::new();
        for PresenceAnswer { user, presence, .. } in &answers.answers {
            let availability = presence
                .availability
                .as_ref()
                .map(presence_mapping::Value::as_str);
            let activity = presence.activity.as_ref().map(presence_mapping::Value::as_str);
            rows.push((user.as_str(), availability, activity, presence.out_of_office));
        }
        rows
    }

    #[test]
    fn answers_are_joined_by_id_and_odd_items_read_as_unknown() {
        let asked = ids(&["u1", "U2", "u3", "u4", "u5", "u6"]);
        let answers = join_items(
            &asked,
            &json!([
                {"id": "u4", "availability": null, "activity": null, "outOfOfficeSettings": null},
                {"id": "u2", "availability": "AWAY", "activity": "away", "new": {"a": [1, 2]}},
                {"id": "u1", "availability": "Busy", "activity": "InAMeeting", "sequenceNumber": "A42",
                    "outOfOfficeSettings": {"message": null, "isOutOfOffice": true}},
                {"id": "u3"},
                {"id": "u5", "availability": 7, "activity": {"a": 1}, "outOfOfficeSettings": [true], "sequenceNumber": 1},
                {"id": "stranger", "availability": "Busy", "activity": "Busy"},
                {"id": null}, {"availability": "Busy"}, 7, null, ["u6"], "u6",
            ]),
        );
        assert_eq!(
            said(&answers),
            [
                ("u1", Some("Busy"), Some("InAMeeting"), true),
                ("U2", Some("AWAY"), Some("away"), false),
                ("u3", None, None, false),
                ("u4", None, None, false),
                ("u5", None, None, false),
            ]
        );
        assert_eq!(answers.unasked, 7);
        assert_eq!(answers.answers[0].sequence_number.as_deref(), Some("A42"));
        assert!(
            answers.answers[1..]
                .iter()
                .all(|answer| answer.sequence_number.is_none())
        );
    }

    #[test]
    fn a_repeated_answer_counts_once_and_a_contradiction_is_unknown_for_good() {
        let asked = ids(&["u1", "u2"]);
        let away = json!({"id": "u1", "availability": "Away", "activity": "Away"});
        let answers = join_items(
            &asked,
            &json!([away, {"id": "U1", "availability": "away", "activity": "AWAY"}]),
        );
        assert_eq!(said(&answers), [("u1", Some("Away"), Some("Away"), false)]);
        assert_eq!(answers.contradicting, 0);
        let free = json!({"id": "u1", "availability": "Available", "activity": "Available"});
        let answers = join_items(&asked, &json!([away, free, away]));
        assert_eq!(answers.answers.len(), 1);
        assert_eq!(answers.answers[0].presence, Presence::unknown());
        assert_eq!(answers.contradicting, 1);
    }

    #[test]
    fn an_id_asked_for_twice_is_answered_once() {
        let asked = ids(&["u1", "U1"]);
        assert_eq!(Join::new(&asked).asked().len(), 1);
        assert_eq!(
            said(&join_items(&asked, &json!([{"id": "u1"}]))),
            [("u1", None, None, false)]
        );
    }

    #[test]
    fn an_answer_without_a_list_is_no_answer() {
        for bad in [
            "{}",
            "[]",
            "null",
            r#"{"value":{}}"#,
            r#"{"value":null}"#,
            "<html>",
            r#"{"value":[{"id":"u1""#,
        ] {
            assert!(join(&ids(&["u1"]), bad.as_bytes()).is_none(), "{bad}");
        }
    }

    fn member() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::sample::select(vec!["u1", "U1", "u2", "u9", "Busy", "Away", ""]).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(json!({"isOutOfOffice": true})),
            Just(json!([{"id": "u1"}])),
        ]
    }

    fn item() -> impl Strategy<Value = Value> {
        let names = vec![
            "id",
            "availability",
            "activity",
            "outOfOfficeSettings",
            "sequenceNumber",
            "x",
        ];
        let object = vec((prop::sample::select(names), member()), 0..6)
            .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()));
        prop_oneof![4 => object, 1 => member()]
    }

    proptest! {
        #[test]
        fn no_list_of_items_invents_a_user_or_loses_count(items in vec(item(), 0..12)) {
            let asked = ids(&["u1", "u2", "u3"]);
            let answers = join_items(&asked, &Value::from(items.clone()));
            let users: Vec<_> = answers.answers.iter().map(|answer| answer.user.as_str()).collect();
            let mut expected = asked.iter().map(UserId::as_str).collect::<Vec<_>>();
            expected.retain(|id| items.iter().any(|item| {
                item.get("id").and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(id))
            }));
            prop_assert_eq!(users, expected);
            prop_assert!(answers.unasked <= items.len());
        }

        #[test]
        fn the_order_of_the_items_says_nothing(
            items in Just(["u1", "u2", "u3", "u4"].map(|id| json!({"id": id, "availability": id})).to_vec())
                .prop_shuffle()
        ) {
            let asked = ids(&["u1", "u2", "u3", "u4"]);
            let answers = join_items(&asked, &Value::from(items));
            prop_assert_eq!(
                said(&answers),
                ["u1", "u2", "u3", "u4"].map(|id| (id, Some(id), None, false)).to_vec()
            );
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), cut in 0usize..80) {
            let asked = ids(&["u1"]);
            let _ = join(&asked, &bytes);
            let whole = br#"{"value":[{"id":"u1","availability":"Busy","activity":"InACall"}]}"#;
            prop_assert_eq!(join(&asked, &whole[..cut.min(whole.len())]).is_some(), cut >= whole.len());
        }
    }
}
