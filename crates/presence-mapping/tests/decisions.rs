//! The documented tables, row by row, and the reading of odd values.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

use presence_mapping::{
    BaseAvailability, ChatOutcome, ChatRule, ChatStatus, DndOutcome, Outcome, Presence, RuleName, Rules,
    RulesTable,
};

use ChatStatus::{Available, Away, DoNotDisturb};
use DndOutcome::{Leave, Off, On};

fn presence(text: &str) -> Presence {
    text.parse().unwrap()
}

fn out_of_office(text: &str) -> Presence {
    Presence {
        out_of_office: true,
        ..presence(text)
    }
}

fn table(dnd: &[&str], leave: &[&str], chat: &[(&str, ChatRule)]) -> Rules {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let chat = chat
        .iter()
        .map(|(pattern, rule)| ((*pattern).to_owned(), *rule))
        .collect();
    Rules::new(&RulesTable {
        dnd: owned(dnd),
        leave: owned(leave),
        chat,
    })
    .unwrap()
}

fn dnd_of(rules: &Rules, presence: &Presence) -> (DndOutcome, String) {
    let decision = rules.decide(presence);
    (decision.outcome.dnd, decision.dnd_rule.to_string())
}

#[track_caller]
fn assert_dnd(rules: &Rules, presence: &Presence, outcome: DndOutcome, rule: &str) {
    assert_eq!(dnd_of(rules, presence), (outcome, rule.to_owned()), "{presence}");
}

#[test]
fn each_documented_pair_has_its_outcome_by_default() {
    let rules = Rules::default();
    for (text, dnd, dnd_rule, chat) in [
        ("Available/Available", Off, "otherwise-off", Available),
        ("Available/OutOfOffice", Off, "otherwise-off", Available),
        ("Busy/Busy", Off, "otherwise-off", DoNotDisturb),
        ("Busy/InACall", On, "Busy/InACall", DoNotDisturb),
        (
            "Busy/InAConferenceCall",
            On,
            "Busy/InAConferenceCall",
            DoNotDisturb,
        ),
        ("Busy/InAMeeting", On, "Busy/InAMeeting", DoNotDisturb),
        ("DoNotDisturb/DoNotDisturb", On, "DoNotDisturb", DoNotDisturb),
        ("DoNotDisturb/Presenting", On, "*/Presenting", DoNotDisturb),
        ("Busy/Presenting", On, "*/Presenting", DoNotDisturb),
        (
            "DoNotDisturb/UrgentInterruptionsOnly",
            On,
            "DoNotDisturb",
            DoNotDisturb,
        ),
        ("DoNotDisturb/Focusing", On, "DoNotDisturb", DoNotDisturb),
        ("Away/Away", Off, "otherwise-off", Away),
        ("Away/Inactive", Off, "otherwise-off", Away),
        ("BeRightBack/BeRightBack", Off, "otherwise-off", Away),
        ("Offline/OffWork", Off, "otherwise-off", Away),
        ("Offline/Offline", Off, "otherwise-off", Away),
        ("AvailableIdle/Available", Off, "otherwise-off", Available),
        ("Available/AvailableInactive", Off, "otherwise-off", Available),
        ("BusyIdle/InAMeeting", On, "Busy/InAMeeting", DoNotDisturb),
        ("BusyIdle/Busy", Off, "otherwise-off", DoNotDisturb),
    ] {
        let presence = presence(text);
        assert_dnd(&rules, &presence, dnd, dnd_rule);
        assert_eq!(
            rules.decide(&presence).outcome.chat,
            ChatOutcome::Set(chat),
            "{text}"
        );
    }
    assert_dnd(&rules, &out_of_office("Busy/InACall"), On, "Busy/InACall");
}

#[test]
fn each_row_of_the_chat_table_holds_for_its_availability() {
    let rules = table(&[], &[], &[]);
    for (row, chat) in [
        (BaseAvailability::Available, Available),
        (BaseAvailability::Busy, DoNotDisturb),
        (BaseAvailability::DoNotDisturb, DoNotDisturb),
        (BaseAvailability::BeRightBack, Away),
        (BaseAvailability::Away, Away),
        (BaseAvailability::Offline, Away),
    ] {
        for activity in ["Available", "InACall", "OutOfOffice", "InAHologram", "-"] {
            let presence = presence(&format!("{row}/{activity}"));
            let decision = rules.decide(&presence);
            assert_eq!(decision.outcome.chat, ChatOutcome::Set(chat), "{presence}");
            assert_eq!(decision.chat_rule, RuleName::ChatTable(row), "{presence}");
        }
    }
}

#[test]
fn an_unknown_presence_changes_nothing_whatever_the_rules_name() {
    let named = [
        "Hovering",
        "Hovering/InACall",
        "PresenceUnknown",
        "*/InACall",
        "*/OutOfOffice",
        "*/PresenceUnknown",
    ];
    let chat = named.map(|pattern| (pattern, ChatRule::Away));
    for rules in [Rules::default(), table(&named, &[], &chat)] {
        for text in [
            "-/-",
            "-/InACall",
            "PresenceUnknown/PresenceUnknown",
            "presenceUnknown/InACall",
            "Hovering/InACall",
        ] {
            for presence in [presence(text), out_of_office(text)] {
                let decision = rules.decide(&presence);
                assert!(presence.is_unknown(), "{presence}");
                assert_eq!(decision.outcome, Outcome::LEAVE, "{presence}");
                assert_eq!(decision.dnd_rule.to_string(), "unknown-presence");
                assert_eq!(decision.chat_rule.to_string(), "unknown-presence");
            }
        }
    }
}

#[test]
fn an_unknown_activity_leaves_dnd_unless_its_availability_is_named() {
    let rules = table(
        &["DoNotDisturb", "Busy/InACall"],
        &[],
        &[("DoNotDisturb", ChatRule::Leave)],
    );
    for activity in ["InAHologram", "PresenceUnknown", "-"] {
        assert_dnd(
            &rules,
            &presence(&format!("DoNotDisturb/{activity}")),
            On,
            "DoNotDisturb",
        );
        let busy = presence(&format!("Busy/{activity}"));
        assert!(!busy.is_unknown());
        assert_dnd(&rules, &busy, Leave, "unknown-activity");
        assert_eq!(rules.decide(&busy).outcome.chat, ChatOutcome::Set(DoNotDisturb));
        let dnd = presence(&format!("DoNotDisturb/{activity}"));
        assert_eq!(rules.decide(&dnd).outcome.chat, ChatOutcome::Leave);
    }
}

#[test]
fn a_pattern_that_names_a_new_activity_fits_that_very_word() {
    let rules = table(&["*/InAHologram"], &["Away/InAHologram"], &[]);
    assert_dnd(&rules, &presence("Busy/inahologram"), On, "*/InAHologram");
    assert_dnd(&rules, &presence("Away/InAHologram"), Leave, "Away/InAHologram");
    assert_dnd(&rules, &presence("Busy/InATunnel"), Leave, "unknown-activity");
}

#[test]
fn a_pattern_that_names_presence_unknown_fits_nothing() {
    let rules = table(&["*/PresenceUnknown", "Busy/PresenceUnknown"], &[], &[]);
    assert_dnd(
        &rules,
        &presence("Busy/PresenceUnknown"),
        Leave,
        "unknown-activity",
    );
    assert_dnd(&rules, &presence("Busy/-"), Leave, "unknown-activity");
}

#[test]
fn a_word_of_the_newer_page_is_its_pair_whatever_the_activity_says() {
    let rules = table(
        &[
            "Busy/InACall",
            "Busy/InAMeeting",
            "DoNotDisturb/Presenting",
            "DoNotDisturb/Focusing",
        ],
        &["Busy", "DoNotDisturb"],
        &[],
    );
    for (word, pair) in [
        ("inACall", "Busy/InACall"),
        ("inAMeeting", "Busy/InAMeeting"),
        ("presenting", "DoNotDisturb/Presenting"),
        ("focusing", "DoNotDisturb/Focusing"),
    ] {
        for activity in [
            "busy",
            "doNotDisturb",
            "outOfOffice",
            "presenceUnknown",
            "InAHologram",
            "-",
        ] {
            let presence = presence(&format!("{word}/{activity}"));
            assert_dnd(&rules, &presence, On, pair);
            assert_eq!(
                rules.decide(&presence).outcome.chat,
                ChatOutcome::Set(DoNotDisturb)
            );
        }
    }
}

#[test]
fn a_pattern_in_words_of_the_newer_page_fits_the_older_pair() {
    let rules = table(&["inAMeeting"], &["Busy"], &[]);
    assert_dnd(&rules, &presence("Busy/InAMeeting"), On, "inAMeeting");
    assert_dnd(&rules, &presence("Busy/InACall"), Leave, "Busy");
}

#[test]
fn an_idle_variant_counts_as_its_base_unless_a_pattern_names_it() {
    let base = table(&["Busy"], &[], &[("Available", ChatRule::Away)]);
    assert_dnd(&base, &presence("BusyIdle/Busy"), On, "Busy");
    assert_eq!(
        base.decide(&presence("AvailableIdle/Available")).outcome.chat,
        ChatOutcome::Set(Away)
    );

    let named = table(&["Busy", "Busy/InACall"], &["BusyIdle"], &[]);
    assert_dnd(&named, &presence("BusyIdle/Busy"), Leave, "BusyIdle");
    assert_dnd(&named, &presence("BusyIdle/InACall"), Leave, "BusyIdle");
    assert_dnd(&named, &presence("Busy/InACall"), On, "Busy/InACall");

    // A pattern for another activity, or for another field, does not name this presence.
    let elsewhere = table(&["Busy"], &["BusyIdle/InACall"], &[("BusyIdle", ChatRule::Away)]);
    assert_dnd(&elsewhere, &presence("BusyIdle/Busy"), On, "Busy");
    assert_dnd(
        &elsewhere,
        &presence("BusyIdle/InACall"),
        Leave,
        "BusyIdle/InACall",
    );
    assert_eq!(
        elsewhere.decide(&presence("BusyIdle/Busy")).outcome.chat,
        ChatOutcome::Set(Away)
    );

    // The idle variant is an availability like others: the activity goes before it.
    let activity = table(&["*/InACall"], &["BusyIdle"], &[]);
    assert_dnd(&activity, &presence("BusyIdle/InACall"), On, "*/InACall");
}

#[test]
fn being_out_of_office_makes_its_patterns_fit_too() {
    let rules = table(
        &["*/OutOfOffice"],
        &["Away/OutOfOffice"],
        &[("Busy/OutOfOffice", ChatRule::Away)],
    );
    assert_dnd(&rules, &presence("Available/OutOfOffice"), On, "*/OutOfOffice");
    assert_dnd(&rules, &presence("Available/Available"), Off, "otherwise-off");
    assert_dnd(&rules, &out_of_office("Available/Available"), On, "*/OutOfOffice");
    assert_dnd(&rules, &out_of_office("Away/Away"), Leave, "Away/OutOfOffice");
    assert_dnd(
        &rules,
        &out_of_office("Away/InAHologram"),
        Leave,
        "Away/OutOfOffice",
    );
    assert_dnd(&rules, &out_of_office("inACall/-"), On, "*/OutOfOffice");
    assert_eq!(
        rules.decide(&out_of_office("Busy/InACall")).outcome.chat,
        ChatOutcome::Set(Away)
    );
}

#[test]
fn what_a_person_does_goes_before_being_out_of_office_at_the_same_specificity() {
    let pairs = table(&["Busy/InACall"], &["Busy/OutOfOffice"], &[]);
    assert_dnd(&pairs, &out_of_office("Busy/InACall"), On, "Busy/InACall");
    let stars = table(&["*/Presenting"], &["*/OutOfOffice"], &[]);
    assert_dnd(
        &stars,
        &out_of_office("DoNotDisturb/Presenting"),
        On,
        "*/Presenting",
    );
    let mixed = table(&["*/Presenting"], &["DoNotDisturb/OutOfOffice"], &[]);
    assert_dnd(
        &mixed,
        &out_of_office("DoNotDisturb/Presenting"),
        Leave,
        "DoNotDisturb/OutOfOffice",
    );
}

#[test]
fn the_more_specific_of_the_two_lists_wins() {
    let leave_inside = table(&["Busy"], &["Busy/InACall"], &[]);
    assert_dnd(&leave_inside, &presence("Busy/InACall"), Leave, "Busy/InACall");
    assert_dnd(&leave_inside, &presence("Busy/InAMeeting"), On, "Busy");
    let dnd_inside = table(&["*/Presenting"], &["DoNotDisturb"], &[]);
    assert_dnd(
        &dnd_inside,
        &presence("DoNotDisturb/Presenting"),
        On,
        "*/Presenting",
    );
    assert_dnd(
        &dnd_inside,
        &presence("DoNotDisturb/DoNotDisturb"),
        Leave,
        "DoNotDisturb",
    );
}

#[test]
fn a_chat_override_changes_its_presences_alone_and_never_dnd() {
    let chat = [
        ("Busy", ChatRule::Leave),
        ("*/InAMeeting", ChatRule::Available),
        ("Busy/InAMeeting", ChatRule::Away),
    ];
    let rules = table(&["Busy/InAMeeting"], &[], &chat);
    for (text, outcome, rule) in [
        ("Busy/InAMeeting", ChatOutcome::Set(Away), "Busy/InAMeeting"),
        ("Away/InAMeeting", ChatOutcome::Set(Available), "*/InAMeeting"),
        ("Busy/InACall", ChatOutcome::Leave, "Busy"),
        ("Away/Away", ChatOutcome::Set(Away), "Away"),
    ] {
        let presence = presence(text);
        let decision = rules.decide(&presence);
        assert_eq!(
            (decision.outcome.chat, decision.chat_rule.to_string()),
            (outcome, rule.to_owned()),
            "{text}"
        );
    }
    assert_dnd(&rules, &presence("Busy/InAMeeting"), On, "Busy/InAMeeting");
    assert_dnd(&rules, &presence("Busy/Busy"), Off, "otherwise-off");
}

#[test]
fn a_decision_prints_and_stores_the_rule_as_it_was_written() {
    let rules = table(&["bUSY/inacall"], &[], &[]);
    let decision = rules.decide(&presence("Busy/InACall"));
    assert_eq!(decision.dnd_rule.into_owned(), "bUSY/inacall");
    assert_eq!(
        decision.dnd_rule.pattern().map(ToString::to_string).as_deref(),
        Some("bUSY/inacall")
    );
    assert_eq!(decision.chat_rule.pattern(), None);
    assert_eq!(
        serde_json::to_value(decision).unwrap(),
        serde_json::json!({
            "outcome": {"dnd": "on", "chat": "do-not-disturb"},
            "dnd_rule": "bUSY/inacall",
            "chat_rule": "Busy",
        })
    );
}

/// A decision that owned anything could not be copied: whoever adds an allocation to it has to give up `Copy`.
#[test]
fn a_decision_borrows_everything_it_holds() {
    fn is_copy<T: Copy>(_: &T) {}
    let rules = Rules::default();
    let decision = rules.decide(&presence("Busy/InACall"));
    is_copy(&decision);
    is_copy(&decision.dnd_rule);
    let pattern = decision.dnd_rule.pattern().unwrap();
    assert!(std::ptr::eq(
        pattern,
        rules.decide(&presence("inACall/-")).dnd_rule.pattern().unwrap()
    ));
}
