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
