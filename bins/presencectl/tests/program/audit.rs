//! `audit`.

use std::collections::BTreeMap;
use std::fs;

use sandbox::{Author, Subject};
use serde_json::{Value, json};

use super::office::Simulated;
use super::support::{CONFIGURATION, Ended, Folder};

fn lines(ended: &Ended) -> Vec<Value> {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    ended.stdout.lines().map(read).collect()
}

#[test]
fn without_a_state_there_is_nothing_to_print_and_nothing_is_made() {
    let folder = Folder::with(CONFIGURATION);
    for arguments in [
        &["audit"][..],
        &["audit", "--since", "7d", "main", "--output", "json"],
    ] {
        assert_eq!(lines(&folder.run(arguments)), [Value::Null; 0], "{arguments:?}");
    }
    assert!(!folder.path().join("state.db").exists());
}

#[test]
fn a_time_that_is_none_is_a_wrong_call_that_says_what_to_write() {
    let ended = Folder::with(CONFIGURATION).run(&["audit", "--since", "yesterday"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(
        ended
            .stderr
            .contains("write a span such as 24h or 7d, a day such as 2026-12-31"),
        "{}",
        ended.stderr
    );
}

#[test]
fn every_write_is_a_line_with_its_rule_whether_a_daemon_runs_or_not() {
    let simulated = Simulated::plain(3);
    simulated.say(0, "Busy", "InACall");
    let (user, _) = simulated.member(0);
    let synced = simulated.run(&["sync", "--once"]);
    assert_eq!(synced.code, Some(0), "{}", synced.everything());

    let printed = simulated.run(&["audit"]);
    let audit = lines(&printed);
    let mut history: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    let records = simulated.sandbox.history();
    for record in records
        .iter()
        .filter(|record| record.author == Author::Program && record.from != record.to)
    {
        let field = if record.subject == Subject::Dnd {
            "dnd"
        } else {
            "chat"
        };
        *history.entry((record.user, field)).or_default() += 1;
    }
    let mut told: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    for line in &audit {
        let place = (
            line["pbx_user"].as_i64().unwrap(),
            line["field"].as_str().unwrap(),
        );
        *told.entry(place).or_default() += 1;
    }
    assert_eq!(told, history);
    let silenced = audit
        .iter()
        .find(|line| line["pbx_user"] == json!(user) && line["field"] == json!("dnd"))
        .unwrap();
    let (mut form, at) = (silenced.clone(), silenced["at"].clone());
    form["pbx"] = json!("PBX");
    let expected = json!({
        "version": 1, "at": at, "instance": "main", "pbx": "PBX", "pbx_user": user, "field": "dnd",
        "from": false, "to": true, "rule": "Busy/InACall", "release": false, "result": "confirmed",
    });
    assert_eq!(form, expected);

    for arguments in [
        &["audit", "--output", "json"][..],
        &["audit", "main"],
        &["audit", "--since", "1h"],
        &["audit", "main", "--since", at.as_str().unwrap()],
    ] {
        let again = simulated.run(arguments);
        let last = arguments.last();
        assert!(
            printed.stdout.ends_with(&again.stdout) && !again.stdout.is_empty(),
            "{last:?}: {}",
            again.everything()
        );
    }
    assert_eq!(
        lines(&simulated.run(&["audit", "--since", "2999-01-01"])),
        [Value::Null; 0]
    );

    let _daemon = simulated.start_daemon();
    assert_eq!(
        simulated.run(&["audit"]).stdout,
        printed.stdout,
        "nothing was written"
    );
    assert_eq!(simulated.run(&["release", "main"]).code, Some(0));
    let released = lines(&simulated.run(&["audit"]));
    let taken_back: Vec<_> = released
        .iter()
        .skip(audit.len())
        .filter(|line| line["field"] == json!("dnd"))
        .map(|line| (&line["pbx_user"], &line["to"], &line["rule"], &line["release"]))
        .collect();
    assert_eq!(
        taken_back,
        [(&json!(user), &json!(false), &json!("release"), &json!(true))]
    );
}

#[test]
fn an_instance_that_is_gone_from_the_configuration_keeps_its_audit() {
    let simulated = Simulated::plain(2);
    simulated.say(0, "Busy", "InACall");
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    let before = simulated.run(&["audit"]);
    assert!(!lines(&before).is_empty());
    let file = simulated.folder.path().join("presence-sync.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("instances.main", "instances.headquarters")).unwrap();
    assert_eq!(simulated.run(&["audit", "main"]).stdout, before.stdout);
    assert_eq!(
        lines(&simulated.run(&["audit", "headquarters"])),
        [Value::Null; 0]
    );
    assert_eq!(simulated.run(&["audit", "mian"]).code, Some(1));
}
