//! The operator's table: what is refused, what is remarked, and how it is written.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

use presence_mapping::{ChatRule, List, Problem, Remark, RuleFault, Rules, RulesError, RulesTable};

fn table(text: &str) -> RulesTable {
    toml::from_str(text).unwrap()
}

fn refused(text: &str) -> RulesError {
    Rules::new(&table(text)).unwrap_err()
}

fn remarks(text: &str) -> Vec<Remark> {
    Rules::new(&table(text)).unwrap().lint()
}

fn printed(text: &str) -> Vec<String> {
    remarks(text).iter().map(ToString::to_string).collect()
}

#[test]
fn all_faults_of_a_table_are_reported_at_once() {
    let error = refused(
        r#"
        dnd = ["Busy/*", "Do Not Disturb", "Busy/InAMeeting", "Away"]
        leave = ["inameeting", "AWAY", ""]
        [chat]
        "*" = "away"
        "busy/inacall" = "away"
        "Busy/InACall" = "leave"
        "#,
    );
    let places: Vec<_> = error.faults().iter().map(RuleFault::place).collect();
    assert_eq!(
        places,
        [
            (List::Dnd, "Busy/*"),
            (List::Dnd, "Do Not Disturb"),
            (List::Leave, ""),
            (List::Chat, "*"),
            (List::Leave, "inameeting"),
            (List::Leave, "AWAY"),
            (List::Chat, "busy/inacall"),
        ]
    );
    let message = error.to_string();
    for part in [
        "`Do Not Disturb` in `dnd` has a blank in it: words of Teams are written together, as in `DoNotDisturb`; ",
        "`` in `leave` is empty; ",
        "`inameeting` in `leave` names the same presences as `Busy/InAMeeting` in `dnd`; ",
        "`Busy/InACall` and `busy/inacall` in `chat` name the same presences, but one says leave and the other away",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_table_with_unknown_keys_or_values_is_refused() {
    for text in ["dnb = []", "dnd = 'Busy'", "[chat]\nBusy = 'busy'"] {
        assert!(toml::from_str::<RulesTable>(text).is_err(), "{text}");
    }
}

#[test]
fn missing_keys_have_their_default() {
    assert_eq!(table(""), RulesTable::default());
    let only_leave = table("leave = ['Away']");
    assert_eq!(only_leave.dnd, RulesTable::default().dnd);
    assert!(table("dnd = []").dnd.is_empty());
}

#[test]
fn the_default_table_is_the_documented_one_and_without_remarks() {
    let text = toml::to_string(&Rules::default()).unwrap();
    let documented = r#"
        dnd = ["Busy/InACall", "Busy/InAConferenceCall", "Busy/InAMeeting", "*/Presenting", "DoNotDisturb"]
        leave = []
    "#;
    assert_eq!(
        text.parse::<toml::Table>().unwrap(),
        documented.parse::<toml::Table>().unwrap()
    );
    assert_eq!(Rules::new(&RulesTable::default()).unwrap(), Rules::default());
    assert_eq!(Rules::default().lint(), []);
}

#[test]
fn rules_are_read_back_from_the_text_they_were_written_to() {
    let rules: Rules = toml::from_str("dnd = ['bUSY']\n[chat]\n'*/inACall' = 'leave'").unwrap();
    assert_eq!(rules.table().dnd, ["bUSY"]);
    assert_eq!(rules.table().chat["*/inACall"], ChatRule::Leave);
    assert_eq!(
        toml::from_str::<Rules>(&toml::to_string(&rules).unwrap()).unwrap(),
        rules
    );
    let refused = toml::from_str::<Rules>("dnd = ['Busy']\nleave = ['busy']").unwrap_err();
    assert!(
        refused
            .message()
            .contains("`busy` in `leave` names the same presences"),
        "{refused}"
    );
}

#[test]
fn a_pattern_that_can_never_win_is_remarked_with_the_reason() {
    for (text, remark) in [
        (
            "dnd = ['Hovering']",
            "`Hovering` in `dnd` can never win: `Hovering` is no known availability, so a presence with it is unknown",
        ),
        (
            "dnd = []\nleave = ['OutOfOffice']",
            "`OutOfOffice` in `leave` can never win: `OutOfOffice` is no known availability, so a presence with it is \
             unknown; did you mean `*/OutOfOffice`?",
        ),
        (
            "dnd = ['Bsuy/InACall']",
            "`Bsuy/InACall` in `dnd` can never win: `Bsuy` is no known availability, so a presence with it is unknown; \
             did you mean `Busy/InACall`?",
        ),
        (
            "dnd = ['presenceUnknown']",
            "`presenceUnknown` in `dnd` can never win: `PresenceUnknown` says nothing, so nothing is decided by it",
        ),
        (
            "dnd = ['Busy/PresenceUnknown']",
            "`Busy/PresenceUnknown` in `dnd` can never win: `PresenceUnknown` says nothing, so nothing is decided by it",
        ),
        (
            "dnd = ['Busy', 'BUSY']",
            "`BUSY` in `dnd` can never win: it repeats `Busy`",
        ),
        (
            "dnd = ['Busy/InAMeeting', 'inAMeeting']",
            "`inAMeeting` in `dnd` can never win: it repeats `Busy/InAMeeting`",
        ),
    ] {
        let remarks = remarks(text);
        assert_eq!(remarks.len(), 1, "{text}");
        assert!(remarks[0].never_wins(), "{text}");
        assert_eq!(remarks[0].to_string(), remark);
    }
}

#[test]
fn an_activity_that_is_taken_pair_by_pair_can_never_win() {
    let mut all = [
        "Available",
        "Away",
        "BeRightBack",
        "Busy",
        "DoNotDisturb",
        "Offline",
    ]
    .map(|a| format!("{a}/Presenting"));
    let rules = |dnd: &[String]| {
        Rules::new(&RulesTable {
            dnd: dnd.into(),
            leave: vec!["*/Presenting".into()],
            ..RulesTable::default()
        })
    };
    let [remark] = &rules(&all).unwrap().lint()[..] else {
        panic!("one remark is expected")
    };
    assert_eq!(remark.problem, Problem::Shadowed { by: all.to_vec() });
    assert!(
        remark.to_string().starts_with(
            "`*/Presenting` in `leave` can never win: all that it fits is taken by `Available/P"
        )
    );

    all[5] = "Offline/InACall".into();
    assert_eq!(rules(&all).unwrap().lint(), []);

    // Being out of office fits whatever the activity is, so there is more to take than the word's own pairs.
    let pairs = all.map(|pair| {
        pair.replace("Presenting", "OutOfOffice")
            .replace("InACall", "OutOfOffice")
    });
    let table = RulesTable {
        dnd: pairs.into(),
        leave: vec!["*/OutOfOffice".into()],
        ..RulesTable::default()
    };
    assert_eq!(Rules::new(&table).unwrap().lint().len(), 1);
}

#[test]
fn an_undocumented_activity_is_remarked_though_it_can_win() {
    assert_eq!(
        printed("dnd = ['Busy/InAMeating', '*/InAHologram']\n[chat]\n'*/AvailableIdle' = 'away'"),
        [
            "`Busy/InAMeating` in `dnd` wins only if Teams says `InAMeating`, which is no known activity; \
             did you mean `Busy/InAMeeting`?",
            "`*/InAHologram` in `dnd` wins only if Teams says `InAHologram`, which is no known activity",
            "`*/AvailableIdle` in `chat` wins only if Teams says `AvailableIdle`, which is no known activity; \
             did you mean `AvailableIdle`?",
        ]
    );
    assert!(!remarks("dnd = ['*/InAHologram']")[0].never_wins());
}

#[test]
fn an_activity_beside_a_word_of_the_newer_page_is_remarked() {
    let remark = "`inACall/Away` in `dnd` is read as `Busy/InACall`, whatever its activity says";
    assert_eq!(printed("dnd = ['inACall/Away']"), [remark]);
}

#[test]
fn remarks_are_read_back_as_they_were_stored() {
    let remarks = remarks("dnd = ['Hovering', 'Busy', 'busy', '*/InAHologram', 'inACall/Away']");
    assert_eq!(remarks.len(), 4);
    let stored = serde_json::to_string(&remarks).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Remark>>(&stored).unwrap(), remarks);
}
