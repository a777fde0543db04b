//! `demo` and `sandbox`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::support::{CONFIGURATION, Folder};

#[test]
fn a_day_at_the_office_converges_by_the_servers_own_state() {
    let ended = Folder::empty().run(&["demo", "--members", "12", "--seconds", "2", "--output", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.everything());
    let lines: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (start, summary) = (&lines[0], lines.last().unwrap());
    assert_eq!(
        (&start["type"], &start["members"], &start["version"]),
        (&json!("start"), &json!(12), &json!(1))
    );
    assert_eq!(
        start["notices"],
        json!(["it has a throw-away licence for this office"])
    );
    assert_eq!(
        (&summary["type"], &summary["converged"], &summary["differences"]),
        (&json!("summary"), &json!(true), &json!([]))
    );
    let changes = |field: &str| {
        let of_field =
            |line: &&Value| line["type"] == "change" && line["by"] == "sync" && line["field"] == field;
        json!(lines.iter().filter(of_field).count())
    };
    assert_eq!(
        (&summary["changes"]["dnd"], &summary["changes"]["chat"]),
        (&changes("dnd"), &changes("chat"))
    );
    assert_ne!(summary["changes"]["dnd"], json!(0));
    // The last sweep may be cut off by the end of the day.
    let (calls, sweeps) = (
        summary["presence_calls_per_sweep"].as_f64(),
        summary["sweeps"].as_f64(),
    );
    let calls = calls.zip(sweeps).map(|(each, sweeps)| each * sweeps - sweeps);
    assert!(calls.is_some_and(|more| (0.0..1.5).contains(&more)), "{summary}");
    // One look between two sweeps, and no more.
    let looks = summary["looks"].as_f64().zip(sweeps);
    assert!(
        looks.is_some_and(|(looks, sweeps)| looks > 0.0 && looks <= sweeps + 1.0),
        "{summary}"
    );
    assert_ne!(summary["humans_choice_stands"], json!(false));
}

#[test]
fn in_a_pipe_the_day_is_told_line_by_line() {
    let ended = Folder::empty().run(&["demo", "--members", "5", "--seconds", "1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.everything());
    assert!(
        ended.stdout.starts_with("A day at the office of 5 people in 1 s"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("throw-away licence"), "{}", ended.stdout);
    assert!(ended.stdout.contains("converged      yes"), "{}", ended.stdout);
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "no control characters in a pipe"
    );
}

/// A program that runs until it is told to end.
struct Running(Child);

impl Running {
    /// Starts the program and answers with its first line.
    fn start(folder: &Folder, arguments: &[&str]) -> (Self, String) {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("presencectl"));
        command
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        (Self(child), line)
    }

    /// Sends Ctrl-C and answers with the exit code.
    fn interrupt(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.0), Signal::INT).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_sandbox_is_ready_for_the_commands_and_ends_with_ctrl_c() {
    let folder = Folder::empty();
    let arguments = [
        "sandbox",
        "--members",
        "3",
        "--dir",
        "box",
        "--output",
        "json",
        "--faults",
        "presence=503:1",
    ];
    let (mut running, line) = Running::start(&folder, &arguments);
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&ready["version"], &ready["configuration"]),
        (&json!(1), &json!("box/presence-sync.toml"))
    );
    let checked = folder.run(&["--config", "box/presence-sync.toml", "config", "check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.everything());
    assert_eq!(running.interrupt(), Some(0));
    assert!(
        folder.path().join("box/presence-sync.toml").exists(),
        "a folder that was named is kept"
    );

    fs::write(
        folder.path().join("box/state.db"),
        "the state of the earlier sandbox",
    )
    .unwrap();
    let (mut running, _) = Running::start(&folder, &arguments);
    assert!(
        !folder.path().join("box/state.db").exists(),
        "nothing of the earlier sandbox is left"
    );
    let planned = folder.run(&["--config", "box/presence-sync.toml", "sync", "--once"]);
    assert_eq!(
        planned.code,
        Some(1),
        "the fault strikes: {}",
        planned.everything()
    );
    let planned = folder.run(&["--config", "box/presence-sync.toml", "sync", "--once"]);
    assert_eq!(planned.code, Some(0), "once: {}", planned.everything());
    assert_eq!(running.interrupt(), Some(0));
}

#[test]
fn the_pbx_of_the_sandbox_is_of_the_version_that_is_asked_for() {
    for version in ["9-directory", "10"] {
        let folder = Folder::empty();
        let arguments = [
            "sandbox",
            "--members",
            "3",
            "--dir",
            "box",
            "--output",
            "json",
            "--pbx",
            version,
        ];
        let (mut running, _) = Running::start(&folder, &arguments);
        let configuration = fs::read_to_string(folder.path().join("box/presence-sync.toml")).unwrap();
        assert_eq!(
            configuration.contains("oauth_client_secret_file"),
            version == "10"
        );
        let synced = folder.run(&["--config", "box/presence-sync.toml", "sync", "--once"]);
        assert_eq!(synced.code, Some(0), "{version}: {}", synced.everything());
        assert_eq!(running.interrupt(), Some(0));
    }
    let ended = Folder::empty().run(&["sandbox", "--pbx", "11"]);
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("9-directory"), "{}", ended.stderr);
}

#[test]
fn a_demo_that_is_interrupted_ends_the_day_and_sums_up() {
    let folder = Folder::empty();
    let arguments = ["demo", "--members", "3", "--seconds", "3600", "--output", "json"];
    let (mut running, line) = Running::start(&folder, &arguments);
    assert!(line.contains("\"start\""), "{line}");
    assert_eq!(running.interrupt(), Some(0));
}

#[test]
fn a_demo_that_nobody_watches_any_more_ends_by_itself() {
    let folder = Folder::empty();
    let (mut running, _) = Running::start(
        &folder,
        &["demo", "--members", "25", "--seconds", "60", "--output", "json"],
    );
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_folder_with_another_configuration_is_left_alone() {
    let folder = Folder::with(CONFIGURATION);
    let ended = folder.run(&["sandbox", "--dir", "."]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains("is no configuration of a sandbox"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("presence-sync.toml")).unwrap(),
        CONFIGURATION
    );
}

#[test]
fn faults_that_do_not_exist_are_a_wrong_call() {
    let ended = Folder::empty().run(&["sandbox", "--faults", "presence=sunshine"]);
    assert_eq!(ended.code, Some(64));
    assert!(
        ended.stderr.contains("`sunshine` is no fault"),
        "{}",
        ended.stderr
    );
}
