//! The choice of Teams states: availabilities with the activities below them, each with DND and chat status.

use std::collections::BTreeMap;

use presence_mapping::{Presence, Problem, Rules, RulesTable};
use serde_json::{Value, json};
use sync_service::config::MOST_PATTERNS;

use crate::door::Fields;
use crate::language::Tongue;

/// The states as Teams shows them. `*` is any availability.
const TREE: [(&str, &[&str]); 7] = [
    ("Available", &[]),
    ("Busy", &["InACall", "InAConferenceCall", "InAMeeting"]),
    (
        "DoNotDisturb",
        &["Presenting", "UrgentInterruptionsOnly", "Focusing"],
    ),
    ("BeRightBack", &[]),
    ("Away", &[]),
    ("Offline", &["OffWork"]),
    ("*", &["Presenting", "OutOfOffice"]),
];

/// One availability of the tree.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) row: Option<Row>,
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// One pattern that can be chosen.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) pattern: String,
    pub(crate) name: String,
    pub(crate) dnd: bool,
    pub(crate) leave: bool,
    /// The word of the chat status; empty for the built-in table's.
    pub(crate) chat: String,
    /// What comes of it as the rules are.
    pub(crate) outcome: String,
    pub(crate) remarks: Vec<String>,
}

/// The whole choice.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) branches: Vec<Branch>,
    /// Patterns that are not in the tree, one a line.
    pub(crate) more_dnd: String,
    pub(crate) more_leave: String,
    /// Remarks about patterns that are not in the tree.
    pub(crate) remarks: Vec<String>,
}

/// The rules as they are chosen, before anybody has checked them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) dnd: Vec<String>,
    pub(crate) leave: Vec<String>,
    pub(crate) chat: BTreeMap<String, String>,
}

impl Chosen {
    /// What the values of an instance say.
    pub(crate) fn of_values(values: &Value) -> Self {
        let list = |name: &str| {
            let list = values
                .pointer(&format!("/rules/{name}"))
                .and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let chat = values.pointer("/rules/chat").and_then(Value::as_object);
        let chat = chat.into_iter().flatten();
        Self {
            dnd: list("dnd"),
            leave: list("leave"),
            chat: chat
                .filter_map(|(pattern, word)| Some((pattern.clone(), word.as_str()?.to_owned())))
                .collect(),
        }
    }

    /// What a form says. What was there before keeps its place and its spelling.
    pub(crate) fn of_form(fields: &Fields, before: &Self) -> Self {
        let list = |prefix: &str, more: &str, before: &[String]| {
            let ticked = fields.beginning(prefix).map(|(pattern, _)| pattern.to_owned());
            let more = fields
                .first(more)
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty());
            // One more than may be, so that it is refused.
            let wanted = ticked.chain(more.map(str::to_owned));
            let wanted: Vec<String> = wanted.take(MOST_PATTERNS + 1).collect();
            let kept = before
                .iter()
                .filter(|known| wanted.iter().any(|pattern| same(pattern, known)));
            let mut list: Vec<String> = kept.cloned().collect();
            for pattern in wanted {
                if !list.iter().any(|known| same(known, &pattern)) {
                    list.push(pattern);
                }
            }
            list
        };
        let mut chat = before.chat.clone();
        for (pattern, word) in fields.beginning("chat:") {
            let known = chat.keys().find(|known| same(known, pattern)).cloned();
            let key = known.unwrap_or_else(|| pattern.to_owned());
            if word.is_empty() {
                chat.remove(&key);
            } else {
                chat.insert(key, word.to_owned());
            }
        }
        Self {
            dnd: list("dnd:", "more-dnd", &before.dnd),
            leave: list("leave:", "more-leave", &before.leave),
            chat,
        }
    }

    /// The same changes as from `base` to this, made to other rules.
    pub(crate) fn moved(&self, base: &Self, onto: &Self) -> Self {
        let has = |list: &[String], pattern: &str| list.iter().any(|known| same(known, pattern));
        let list = |new: &[String], base: &[String], onto: &[String]| {
            let stays = onto
                .iter()
                .filter(|pattern| has(new, pattern) || !has(base, pattern));
            let comes = new
                .iter()
                .filter(|pattern| !has(base, pattern) && !has(onto, pattern));
            stays.chain(comes).cloned().collect()
        };
        let mut chat = onto.chat.clone();
        chat.retain(|pattern, _| self.chat.contains_key(pattern) || !base.chat.contains_key(pattern));
        let changed = self
            .chat
            .iter()
            .filter(|(pattern, word)| base.chat.get(*pattern) != Some(*word));
        chat.extend(changed.map(|(pattern, word)| (pattern.clone(), word.clone())));
        Self {
            dnd: list(&self.dnd, &base.dnd, &onto.dnd),
            leave: list(&self.leave, &base.leave, &onto.leave),
            chat,
        }
    }

    /// As the configuration has them.
    pub(crate) fn lists(&self) -> [(&'static str, Value); 2] {
        [("dnd", json!(self.dnd)), ("leave", json!(self.leave))]
    }

    /// The rules, where they are good.
    fn rules(&self) -> Option<Rules> {
        if self.dnd.len() + self.leave.len() + self.chat.len() > MOST_PATTERNS {
            return None;
        }
        let mut table = RulesTable {
            dnd: self.dnd.clone(),
            leave: self.leave.clone(),
            chat: BTreeMap::new(),
        };
        for (pattern, word) in &self.chat {
            table.set_chat(
                pattern.clone(),
                serde_json::from_value(word.as_str().into()).ok()?,
            );
        }
        Rules::new(&table).ok()
    }

    /// The choice as the form shows it.
    pub(crate) fn shown(&self, tongue: Tongue) -> Choice {
        let rules = self.rules();
        let remarks: Vec<_> = rules.iter().flat_map(Rules::lint).collect();
        let about = |pattern: &str| {
            let about = remarks.iter().filter(|remark| same(&remark.pattern, pattern));
            about
                .map(|remark| said(tongue, &remark.problem))
                .collect::<Vec<_>>()
        };
        let has = |list: &[String], pattern: &str| list.iter().any(|known| same(known, pattern));
        let row = |availability: &str, activity: Option<&str>| {
            let pattern = activity.map_or_else(
                || availability.to_owned(),
                |activity| format!("{availability}/{activity}"),
            );
            let name = match activity {
                Some(activity) => tongue.say(&format!("activity-{activity}")),
                None => tongue.say(&format!("availability-{availability}")),
            };
            let chat = self.chat.iter().find(|(known, _)| same(known, &pattern));
            Row {
                dnd: has(&self.dnd, &pattern),
                leave: has(&self.leave, &pattern),
                chat: chat.map(|(_, word)| word.clone()).unwrap_or_default(),
                outcome: rules
                    .as_ref()
                    .and_then(|rules| outcome(tongue, rules, availability, activity))
                    .unwrap_or_default(),
                remarks: about(&pattern),
                pattern,
                name,
            }
        };
        let branches: Vec<Branch> = TREE
            .iter()
            .map(|(availability, activities)| Branch {
                row: (*availability != "*").then(|| row(availability, None)),
                name: match *availability {
                    "*" => tongue.say("rules-any"),
                    known => tongue.say(&format!("availability-{known}")),
                },
                rows: activities
                    .iter()
                    .map(|activity| row(availability, Some(activity)))
                    .collect(),
            })
            .collect();
        let in_tree = |pattern: &String| {
            TREE.iter().any(|(availability, activities)| {
                same(availability, pattern)
                    || activities
                        .iter()
                        .any(|activity| same(&format!("{availability}/{activity}"), pattern))
            })
        };
        let others = |list: &[String]| {
            let others = list.iter().filter(|pattern| !in_tree(pattern));
            others.cloned().collect::<Vec<_>>().join("\n")
        };
        Choice {
            branches,
            more_dnd: others(&self.dnd),
            more_leave: others(&self.leave),
            remarks: remarks
                .iter()
                .filter(|remark| !in_tree(&remark.pattern))
                .map(|remark| format!("{}: {}", remark.pattern, said(tongue, &remark.problem)))
                .collect(),
        }
    }
}

/// What the rules make of one state: DND and chat status.
fn outcome(tongue: Tongue, rules: &Rules, availability: &str, activity: Option<&str>) -> Option<String> {
    let availability = if availability == "*" { "Busy" } else { availability };
    let presence: Presence = format!("{availability}/{}", activity.unwrap_or(availability))
        .parse()
        .ok()?;
    let outcome = rules.decide(&presence).outcome;
    let dnd = tongue.word("outcome-dnd", &outcome.dnd);
    let chat = tongue.word("outcome-chat", &outcome.chat);
    Some(tongue.with("rules-outcome", &[("dnd", &dnd), ("chat", &chat)]))
}

fn said(tongue: Tongue, problem: &Problem) -> String {
    match problem {
        Problem::UnknownAvailability { word } => tongue.with("lint-unknown-availability", &[("word", word)]),
        Problem::NamesUnknown => tongue.say("lint-names-unknown"),
        Problem::Repeated { other } => tongue.with("lint-repeated", &[("other", other)]),
        Problem::Shadowed { by } => tongue.with("lint-shadowed", &[("by", &by.join(", "))]),
        Problem::UnknownActivity { word } => tongue.with("lint-unknown-activity", &[("word", word)]),
        Problem::ActivityIgnored { read_as } => tongue.with("lint-activity-ignored", &[("pair", read_as)]),
        _ => tongue.say("lint-odd"),
    }
}

/// Patterns ignore case.
fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(dnd: &[&str], chat: &[(&str, &str)]) -> Chosen {
        let owned = |(pattern, word): &(&str, &str)| ((*pattern).to_owned(), (*word).to_owned());
        Chosen {
            dnd: dnd.iter().copied().map(str::to_owned).collect(),
            leave: Vec::new(),
            chat: chat.iter().map(owned).collect(),
        }
    }

    #[test]
    fn what_one_person_changed_is_made_to_what_another_left() {
        let base = chosen(&["Busy", "Away"], &[("Busy", "away"), ("Away", "away")]);
        let typed = chosen(&["Away", "Offline"], &[("Busy", "available"), ("Away", "away")]);
        let theirs = chosen(&["busy", "Presenting"], &[("Busy", "away"), ("Offline", "leave")]);
        assert_eq!(
            typed.moved(&base, &theirs),
            chosen(
                &["Presenting", "Offline"],
                &[("Busy", "available"), ("Offline", "leave")]
            )
        );
        assert_eq!(base.moved(&base, &theirs), theirs);
        assert_eq!(typed.moved(&base, &base), typed);
    }
}
