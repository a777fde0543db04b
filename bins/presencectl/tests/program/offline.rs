//! Commands without a daemon, where neither tenant nor PBX can be reached.

use std::fs;

use serde_json::json;

use super::support::{CONFIGURATION, Folder};

/// Two instances, of which one is turned off.
fn two_instances() -> Folder {
    let main = &CONFIGURATION[CONFIGURATION.find("[instances").unwrap()..];
    let branch = main
        .replace("instances.main", "instances.branch")
        .replace("\"Teams\"", "\"Branch\"");
    Folder::with(&format!(
        "{CONFIGURATION}{branch}[instances.branch]\nenabled = false\n"
    ))
}

#[test]
fn status_says_plainly_that_no_daemon_runs() {
    let folder = two_instances();
    insta::assert_snapshot!(folder.run(&["status"]).everything());
    let ended = folder.run(&["status", "--output", "json"]);
    let expected = json!({
        "version": 1,
        "daemon": null,
        "instances": [
            {"instance": "branch", "state": "disabled", "reason": "turned off in the configuration", "notices": [], "sign_in": null, "view": null},
            {"instance": "main", "state": "stopped", "reason": "no daemon runs", "notices": [], "sign_in": null, "view": null},
        ],
    });
    assert_eq!((ended.code, ended.json()), (Some(1), expected));
    assert!(
        !folder.path().join("state.db").exists(),
        "a look at the status leaves nothing behind"
    );
}

#[test]
fn an_endpoint_that_was_left_behind_is_no_daemon() {
    let folder = Folder::with(CONFIGURATION);
    fs::write(
        folder.path().join("state.db.api"),
        r#"{"address":"127.0.0.1:9","token":"SAMPLE","pid":1}"#,
    )
    .unwrap();
    let ended = folder.run(&["status"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.starts_with("no daemon runs"),
        "{}",
        ended.everything()
    );
}

#[test]
fn an_endpoint_that_cannot_be_read_is_said() {
    let folder = Folder::with(CONFIGURATION);
    fs::write(folder.path().join("state.db.api"), "nonsense").unwrap();
    let ended = folder.run(&["status"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended
            .stderr
            .starts_with("error: cannot read `state.db.api`\n  caused by: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_instance_that_is_not_there_is_said_with_those_that_are() {
    let folder = two_instances();
    for arguments in [
        &["plan", "mian"][..],
        &["sync", "--once", "mian"],
        &["status", "mian"],
        &["members", "mian"],
        &["release", "mian"],
        &["pause", "mian"],
        &["resume", "mian"],
        &["audit", "mian"],
    ] {
        let ended = folder.run(arguments);
        assert_eq!(
            ended.everything(),
            "exit code: 1\n--- standard error\nerror: there is no instance `mian`\n  \
             hint: the configuration has the instances `branch`, `main`\n",
            "{arguments:?}"
        );
    }
}

#[test]
fn a_pbx_that_does_not_answer_is_one_clear_error_with_what_to_do() {
    let folder = Folder::with(CONFIGURATION);
    for arguments in [
        &["plan", "main"][..],
        &["sync", "--once"],
        &["members", "main"],
        &["explain", "anna@example.com"],
    ] {
        let ended = folder.run(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{arguments:?}"
        );
        assert!(
            ended.stderr.starts_with("error: the link `"),
            "{arguments:?}: {}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains("\n  hint: "),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_plan_for_no_instance_is_an_empty_array() {
    let folder = Folder::with("version = 1\n");
    let ended = folder.run(&["plan", "--output", "json"]);
    assert_eq!((ended.code, ended.json()), (Some(0), json!([])));
    let ended = folder.run(&["plan"]);
    assert_eq!(
        ended.everything(),
        "exit code: 0\n--- standard error\nno instance is enabled, so there is nothing to plan\n"
    );
}

#[test]
fn pausing_and_going_on_need_no_daemon_and_no_pbx() {
    let folder = Folder::with(CONFIGURATION);
    for (command, paused) in [("pause", true), ("pause", true), ("resume", false)] {
        let ended = folder.run(&[command, "main", "--output", "json"]);
        let expected =
            json!({"version": 1, "instance": "main", "address": null, "paused": paused, "until": null});
        assert_eq!((ended.code, ended.json()), (Some(0), expected), "{command}");
    }
}
