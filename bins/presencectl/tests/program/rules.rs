//! `rules test` and `rules lint`.

use serde_json::json;

use super::support::{CONFIGURATION, Folder};

#[test]
fn a_presence_is_explained_with_the_rule_that_won() {
    let folder = Folder::with(CONFIGURATION);
    let texts: Vec<String> = [
        "Busy/InAMeeting",
        "busy",
        "BeRightBack/Presenting",
        "PresenceUnknown/PresenceUnknown",
    ]
    .map(|presence| folder.run(&["rules", "test", "main", presence]).everything())
    .into();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_tested_presence_is_data_for_programs() {
    let ended =
        Folder::with(CONFIGURATION).run(&["rules", "test", "main", "Busy/InACall", "--output", "json"]);
    let answer = ended.json();
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        (&answer["version"], &answer["instance"]),
        (&json!(1), &json!("main"))
    );
    assert_eq!(answer["presence"]["availability"], json!("Busy"));
    assert_eq!(
        (&answer["dnd"]["outcome"], &answer["dnd"]["rule"]),
        (&json!("on"), &json!("Busy/InACall"))
    );
    assert_eq!(answer["chat"]["outcome"], json!("do-not-disturb"));
}

#[test]
fn rules_of_an_instance_that_is_not_there_cannot_be_tested() {
    let ended = Folder::with(CONFIGURATION).run(&["rules", "test", "mian", "Busy/InACall"]);
    insta::assert_snapshot!(ended.everything());
}

#[test]
fn rules_that_all_can_win_are_fine() {
    let ended = Folder::with(CONFIGURATION).run(&["rules", "lint"]);
    assert_eq!(
        ended.everything(),
        "exit code: 0\n--- standard output\nevery pattern of 1 instance can win\n"
    );
}

#[test]
fn patterns_that_never_win_are_named_and_end_with_1() {
    let rules = "[instances.main.rules]\ndnd = [\"Busy\", \"busy\", \"Bsy/InACall\"]\n";
    let folder = Folder::with(&format!("{CONFIGURATION}{rules}"));
    insta::assert_snapshot!(folder.run(&["rules", "lint"]).everything());
    let linted = folder.run(&["rules", "lint", "--output", "json"]);
    assert_eq!(
        (
            linted.code,
            linted.json()["instances"][0]["remarks"].as_array().map(Vec::len)
        ),
        (Some(1), Some(2))
    );
}

#[test]
fn a_pattern_that_may_win_one_day_is_named_without_an_alarm() {
    let rules = "[instances.main.rules]\ndnd = [\"Busy/InAHologram\"]\n";
    let ended = Folder::with(&format!("{CONFIGURATION}{rules}")).run(&["rules", "lint"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("InAHologram"), "{}", ended.stdout);
}
