//! What an operator reads when asking why.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

use presence_mapping::{ChatRule, Explanation, Loss, Presence, Rules, RulesTable};

fn rules() -> Rules {
    let mut table = RulesTable {
        dnd: ["Busy/InACall", "*/InACall", "Busy", "Busy/inacall"]
            .map(str::to_owned)
            .into(),
        leave: ["BusyIdle", "Busy/OutOfOffice"].map(str::to_owned).into(),
        ..RulesTable::default()
    };
    table.set_chat("Busy", ChatRule::Away);
    Rules::new(&table).unwrap()
}

fn explain(text: &str, out_of_office: bool) -> Explanation {
    rules().explain(&Presence {
        out_of_office,
        ..text.parse().unwrap()
    })
}

#[test]
fn the_winner_comes_first_and_the_losers_follow_with_their_reasons() {
    let explanation = explain("inACall/busy", true);
    assert_eq!(
        explanation.to_string(),
        "\
Teams says inACall/busy and out of office, read as Busy/InACall
Do Not Disturb: on, by `Busy/InACall` in `dnd`
  not `Busy/inacall` in `dnd` (on): repeats a pattern before it
  not `Busy/OutOfOffice` in `leave` (leave): fits being out of office only, and the activity goes first
  not `*/InACall` in `dnd` (on): less specific
  not `Busy` in `dnd` (on): less specific
  not the built-in rule `otherwise-off` (off): built in, for presences that no pattern fits
chat status: away, by `Busy` in `chat`
  not the built-in rule `Busy` (do-not-disturb): built in, for presences that no pattern fits"
    );
}

#[test]
fn a_base_that_stands_back_for_its_idle_variant_is_named() {
    let explanation = explain("BusyIdle/InACall", false);
    assert_eq!(explanation.dnd.rule, "*/InACall");
    let lost: Vec<_> = explanation
        .dnd
        .lost
        .iter()
        .map(|lost| (&*lost.rule, lost.because))
        .collect();
    assert_eq!(
        lost,
        [
            ("BusyIdle", Loss::LessSpecific),
            ("Busy/InACall", Loss::IdleIsNamed),
            ("Busy/inacall", Loss::IdleIsNamed),
            ("Busy", Loss::IdleIsNamed),
            ("otherwise-off", Loss::BuiltIn),
        ]
    );
}

#[test]
fn a_built_in_rule_that_wins_has_no_losers() {
    assert_eq!(
        explain("Away/InAHologram", false).to_string(),
        "\
Teams says Away/InAHologram
Do Not Disturb: leave, by the built-in rule `unknown-activity`
chat status: away, by the built-in rule `Away`"
    );
}

#[test]
fn an_unknown_presence_is_explained_by_what_makes_it_unknown() {
    for (text, reason) in [
        ("-/-", "Teams gave no availability"),
        (
            "PresenceUnknown/PresenceUnknown",
            "Teams does not know it or does not show it",
        ),
        ("Hovering/InACall", "the availability is not a known one"),
    ] {
        assert_eq!(
            explain(text, false).to_string(),
            format!(
                "\
Teams says {text}, which is unknown: {reason}
Do Not Disturb: leave, by the built-in rule `unknown-presence`
chat status: leave, by the built-in rule `unknown-presence`"
            )
        );
    }
}

#[test]
fn an_explanation_is_read_back_as_it_was_stored() {
    for text in ["inACall/busy", "BusyIdle/-", "Hovering/InACall", "-/-"] {
        let explanation = explain(text, true);
        let stored = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&stored).unwrap(), explanation);
    }
}
