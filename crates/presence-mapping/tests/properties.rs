//! What holds for every table and every presence.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

use std::collections::BTreeMap;

use presence_mapping::{
    Activity, ActivityReading, Availability, ChatOutcome, ChatRule, DndOutcome, KnownActivity,
    KnownAvailability, Outcome, Presence, Reading, Rules, RulesTable,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn availability_word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(KnownAvailability::ALL).prop_map(|word| word.to_string()),
        1 => Just("Hovering".to_owned()),
    ]
}

fn activity_word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(KnownActivity::ALL).prop_map(|word| word.to_string()),
        2 => select(vec!["InAHologram".to_owned(), "InATunnel".to_owned()]),
    ]
}

fn presence() -> impl Strategy<Value = Presence> {
    (
        option::weighted(0.95, availability_word()),
        option::weighted(0.9, activity_word()),
        any::<bool>(),
    )
        .prop_map(|(availability, activity, out_of_office)| Presence {
            availability: availability.map(Availability::new),
            activity: activity.map(Activity::new),
            out_of_office,
        })
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        availability_word(),
        activity_word().prop_map(|activity| format!("*/{activity}")),
        (availability_word(), activity_word())
            .prop_map(|(availability, activity)| format!("{availability}/{activity}")),
    ]
}

fn chat_rule() -> impl Strategy<Value = ChatRule> {
    select(vec![
        ChatRule::Available,
        ChatRule::Away,
        ChatRule::DoNotDisturb,
        ChatRule::Leave,
    ])
}

/// Tables without faults: a pattern that would clash with one before it is dropped.
fn rules() -> impl Strategy<Value = Rules> {
    let lists = (
        vec(pattern(), 0..10),
        vec(pattern(), 0..10),
        vec((pattern(), chat_rule()), 0..10),
    );
    lists.prop_map(|(dnd, leave, chat)| {
        let mut table = RulesTable {
            dnd,
            leave: Vec::new(),
            chat: BTreeMap::new(),
        };
        for pattern in leave {
            table.leave.push(pattern);
            if Rules::new(&table).is_err() {
                table.leave.pop();
            }
        }
        for (pattern, rule) in chat {
            let before = table.chat.clone();
            table.set_chat(pattern, rule);
            if Rules::new(&table).is_err() {
                table.chat = before;
            }
        }
        Rules::new(&table).expect("clashing patterns were dropped")
    })
}

fn recased(text: &str, upper: &[bool]) -> String {
    let mut upper = upper.iter().cycle();
    text.chars()
        .map(|c| {
            if *upper.next().unwrap() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// A second opinion on specificity, in as few words as the rule has: how much a pattern names.
fn named(pattern: &str) -> u8 {
    // A word of the newer page stands for a pair.
    let availability = pattern
        .split('/')
        .next()
        .map(Availability::parse)
        .and_then(|word| word.known());
    let newer = ["InACall", "InAMeeting", "Presenting", "Focusing"];
    if availability.is_some_and(|word| newer.contains(&word.as_str())) {
        return 3;
    }
    match pattern.split_once('/') {
        None => 1,
        Some(("*", _)) => 2,
        Some(_) => 3,
    }
}

proptest! {
    #[test]
    fn every_presence_has_one_decision_and_its_explanation_agrees(
        rules in rules(),
        presence in presence(),
    ) {
        let decision = rules.decide(&presence);
        let explanation = rules.explain(&presence);
        prop_assert_eq!(&explanation.dnd.rule, decision.dnd_rule.as_str());
        prop_assert_eq!(&explanation.chat.rule, decision.chat_rule.as_str());
        prop_assert_eq!(explanation.dnd.outcome, decision.outcome.dnd);
        prop_assert_eq!(explanation.chat.outcome, decision.outcome.chat);
        prop_assert_eq!(rules.decide(&presence), decision);
    }

    #[test]
    fn any_text_at_all_is_decided(availability: Option<String>, activity: Option<String>, out_of_office: bool) {
        let known = availability.as_deref().is_some_and(|text| {
            Availability::parse(text).known().is_some_and(|word| word != KnownAvailability::PresenceUnknown)
        });
        let presence = Presence {
            availability: availability.map(Availability::new),
            activity: activity.map(Activity::new),
            out_of_office,
        };
        let rules = Rules::default();
        let decision = rules.decide(&presence);
        prop_assert_eq!(presence.is_unknown(), !known);
        prop_assert_eq!(decision.outcome == Outcome::LEAVE, !known);
        prop_assert_eq!(rules.explain(&presence).unknown.is_some(), !known);
    }

    #[test]
    fn no_rule_that_loses_is_more_specific_than_the_winner(rules in rules(), presence in presence()) {
        let explanation = rules.explain(&presence);
        for lost in &explanation.dnd.lost {
            let stands_back = lost.because == presence_mapping::Loss::IdleIsNamed;
            prop_assert!(lost.list.is_none() || stands_back || named(&lost.rule) <= named(&explanation.dnd.rule));
        }
        for lost in &explanation.chat.lost {
            let stands_back = lost.because == presence_mapping::Loss::IdleIsNamed;
            prop_assert!(lost.list.is_none() || stands_back || named(&lost.rule) <= named(&explanation.chat.rule));
        }
    }

    #[test]
    fn naming_the_very_pair_always_wins(
        availability in select(vec!["Available", "AvailableIdle", "Away", "BeRightBack", "Busy", "BusyIdle", "DoNotDisturb", "Offline"]),
        activity in activity_word(),
        rules in rules(),
        out_of_office: bool,
        turned_on: bool,
    ) {
        prop_assume!(activity != "PresenceUnknown");
        let pair = format!("{availability}/{activity}");
        let mut table = rules.table().clone();
        let same = |other: &String| other.parse::<presence_mapping::Pattern>().unwrap()
            .means_the_same_as(&pair.parse().unwrap());
        table.dnd.retain(|other| !same(other));
        table.leave.retain(|other| !same(other));
        if turned_on { table.dnd.push(pair.clone()) } else { table.leave.push(pair.clone()) }
        let rules = Rules::new(&table).unwrap();
        let presence = Presence { out_of_office, ..pair.parse().unwrap() };
        let decision = rules.decide(&presence);
        prop_assert_eq!(decision.outcome.dnd, if turned_on { DndOutcome::On } else { DndOutcome::Leave });
        prop_assert_eq!(decision.dnd_rule.as_str(), pair);
    }

    #[test]
    fn case_never_matters(rules in rules(), presence in presence(), upper in vec(any::<bool>(), 1..40)) {
        let other = Presence {
            availability: presence.availability.as_ref().map(|word| Availability::new(recased(word.as_str(), &upper))),
            activity: presence.activity.as_ref().map(|word| Activity::new(recased(word.as_str(), &upper))),
            out_of_office: presence.out_of_office,
        };
        prop_assert_eq!(&presence, &other);
        prop_assert_eq!(rules.decide(&presence), rules.decide(&other));

        let list = |patterns: &[String]| patterns.iter().map(|pattern| recased(pattern, &upper)).collect();
        let table = rules.table();
        let recased = Rules::new(&RulesTable {
            dnd: list(&table.dnd),
            leave: list(&table.leave),
            chat: table.chat.iter().map(|(pattern, rule)| (recased(pattern, &upper), *rule)).collect(),
        }).unwrap();
        prop_assert_eq!(recased.decide(&presence).outcome, rules.decide(&presence).outcome);
        prop_assert_eq!(recased.lint().len(), rules.lint().len());
    }

    #[test]
    fn unknown_values_leave(rules in rules(), presence in presence()) {
        let decision = rules.decide(&presence);
        match presence.reading() {
            Reading::Unknown(_) => prop_assert_eq!(decision.outcome, Outcome::LEAVE),
            Reading::Known(reading) if !matches!(reading.activity, ActivityReading::Known(_)) => {
                // Nothing but a pattern may say more than leave, and nothing turns DND off.
                prop_assert!(decision.outcome.dnd != DndOutcome::Off);
                prop_assert!(decision.outcome.dnd == DndOutcome::Leave || decision.dnd_rule.pattern().is_some());
                prop_assert!(decision.outcome.chat != ChatOutcome::Leave || decision.chat_rule.pattern().is_some());
            }
            _ => {}
        }
    }

    #[test]
    fn rules_survive_being_written_as_toml(rules in rules()) {
        let text = toml::to_string(&rules).unwrap();
        prop_assert_eq!(&toml::from_str::<Rules>(&text).unwrap(), &rules);
        prop_assert_eq!(&toml::from_str::<RulesTable>(&text).unwrap(), rules.table());
    }

    #[test]
    fn a_pattern_of_which_the_linter_says_that_it_never_wins_decides_nothing(rules in rules(), presence in presence()) {
        let remarks = rules.lint();
        let decision = rules.decide(&presence);
        for remark in remarks.iter().filter(|remark| remark.never_wins()) {
            let mut without = rules.table().clone();
            match remark.list {
                presence_mapping::List::Dnd => remove_last(&mut without.dnd, &remark.pattern),
                presence_mapping::List::Leave => remove_last(&mut without.leave, &remark.pattern),
                _ => { without.chat.remove(&remark.pattern); }
            }
            let without = Rules::new(&without).unwrap();
            prop_assert_eq!(without.decide(&presence).outcome, decision.outcome, "{}", remark);
        }
    }

    #[test]
    fn any_text_is_a_pattern_that_prints_as_written_or_is_refused(text: String) {
        if let Ok(pattern) = text.parse::<presence_mapping::Pattern>() {
            prop_assert_eq!(pattern.to_string(), text.trim());
            prop_assert_eq!(pattern.to_string().parse::<presence_mapping::Pattern>().unwrap(), pattern);
        }
    }
}

fn remove_last(list: &mut Vec<String>, pattern: &str) {
    let position = list
        .iter()
        .rposition(|other| other == pattern)
        .expect("a remark names a pattern of its list");
    list.remove(position);
}
