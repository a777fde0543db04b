//! `audit`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

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

/// Asks the daemon of a folder for something, and answers with the body.
fn ask(folder: &Folder, request: &str, body: &str) -> Value {
    let endpoint = fs::read(folder.path().join("state.db.api")).unwrap();
    let endpoint: Value = serde_json::from_slice(&endpoint).unwrap();
    let mut stream = TcpStream::connect(endpoint["address"].as_str().unwrap()).unwrap();
    let token = endpoint["token"].as_str().unwrap();
    write!(
        stream,
        "{request} HTTP/1.0\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer}"))
}

#[test]
fn whoever_changed_the_settings_is_a_line_of_their_own_audit() {
    let simulated = Simulated::plain(2);
    let empty = Folder::with(CONFIGURATION);
    assert_eq!(lines(&empty.run(&["audit", "--settings"])), [Value::Null; 0]);
    assert!(!empty.path().join("state.db").exists());

    let daemon = simulated.start_daemon();
    let revision = ask(&simulated.folder, "GET /api/v1/settings", "")["revision"].clone();
    let edit = json!({"base": revision, "changes": [
        {"set": {"key": "daemon.audit_days", "value": 7}},
        {"secret": {"key": "instances.main.starface.password_file", "secret": "SAMPLE-typed"}},
    ]});
    let changed = ask(&simulated.folder, "POST /api/v1/settings", &edit.to_string());
    assert_eq!(changed["applied"], json!(true), "{changed}");
    let running = simulated.run(&["audit", "--settings"]);
    drop(daemon);
    for arguments in [
        &["audit", "--settings", "--since", "1h"][..],
        &["audit", "--settings", "--output", "json"],
    ] {
        assert_eq!(simulated.run(arguments).stdout, running.stdout, "{arguments:?}");
    }
    assert!(!running.stdout.contains("SAMPLE"), "{}", running.stdout);
    let told = lines(&running);
    let [change] = told.as_slice() else {
        panic!("{told:?}")
    };
    let mut form = change.clone();
    form["at"] = json!("AT");
    form["changes"][1]["before"] = json!("BEFORE");
    let expected = json!({
        "version": 1, "number": 1, "at": "AT", "who": "local-api", "from": "127.0.0.1", "changes": [
            {"key": "daemon.audit_days", "before": null, "after": 7},
            {"key": "instances.main.starface.password_file", "before": "BEFORE", "after": "main.password", "secret": true},
        ],
    });
    assert_eq!(form, expected);
    let later = simulated.run(&["audit", "--settings", "--since", "2999-01-01"]);
    assert_eq!(lines(&later), [Value::Null; 0]);
    assert_eq!(
        lines(&simulated.run(&["audit"])),
        [Value::Null; 0],
        "they are no writes in the PBX"
    );
    assert_eq!(simulated.run(&["audit", "--settings", "main"]).code, Some(64));
}
