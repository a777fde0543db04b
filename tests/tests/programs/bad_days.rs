//! Wrong credentials, a group that does not exist, a dead host, a broken file: one clear message each, and no storm.

use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{Except, Fault, Operation, Options};

/// Waits until the daemon's log has a line with each of `parts`.
async fn logged(stage: &Stage, parts: &[&str]) -> String {
    let line = eventually(|| async {
        stage
            .log()
            .lines()
            .find(|line| parts.iter().all(|part| line.contains(part)))
            .map(str::to_owned)
    });
    line.await
        .unwrap_or_else(|| panic!("no line with {parts:?} in\n{}", stage.log()))
}

/// Time for several intervals to pass: whatever would be tried again would be tried again in it.
async fn several_intervals(stage: &Stage) {
    let never = |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::Other) > 1_000_000;
    assert!(
        !stage
            .sandbox
            .wait_until(Duration::from_millis(2_500), never)
            .await
    );
}

fn errors(stage: &Stage) -> usize {
    stage.log().lines().filter(|line| line.contains("ERROR")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pbx_password_is_presented_once() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    stage.sandbox.pbx().change_password("another");
    let daemon = stage.daemon();
    let line = logged(&stage, &["ERROR", "sign in to the PBX as `0001`"]).await;
    assert!(line.contains("advice="), "{line}");
    several_intervals(&stage).await;
    assert_eq!(stage.sandbox.counters().of(Operation::Login), 1);
    assert_eq!(errors(&stage), 1, "{}", stage.log());
    assert!(!stage.log().contains("SAMPLE"), "{}", stage.log());
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_secret_is_presented_once() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    std::fs::write(stage.path("graph.secret"), "SAMPLE-wrong").expect("the secret can be written");
    let _daemon = stage.daemon();
    let line = logged(&stage, &["ERROR", "directory"]).await;
    assert!(line.contains("secret"), "{line}");
    several_intervals(&stage).await;
    assert_eq!(stage.sandbox.counters().of(Operation::Token), 1);
    assert_eq!(errors(&stage), 1, "{}", stage.log());
    assert!(!stage.log().contains("SAMPLE"), "{}", stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    stage.sandbox.tenant().permit("Presence.Read.All", false);
    let _daemon = stage.daemon();
    let line = logged(&stage, &["ERROR", "Presence.Read.All"]).await;
    assert!(line.contains("presence"), "{line}");
    several_intervals(&stage).await;
    assert!(stage.sandbox.counters().of(Operation::Presence) <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_does_not_exist_is_named_and_found_when_it_is_made() {
    let mut options = StageOptions::plain(5);
    options.options = Options {
        roster_interval: "1s".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    stage.sandbox.pbx().rename_group("Taems");
    let daemon = stage.daemon();
    let line = logged(&stage, &["ERROR", "find the group", "Teams"]).await;
    assert!(line.contains("Taems"), "the groups that there are help: {line}");
    several_intervals(&stage).await;
    assert!(
        stage.sandbox.counters().of(Operation::Groups) <= 2,
        "{:?}",
        stage.sandbox.counters()
    );
    daemon.stop();
    stage.sandbox.pbx().rename_group("Teams");
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_pbx_does_not_keep_presence_from_being_read_and_is_caught_up_with() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    for operation in Operation::all().filter(|operation| operation.is_pbx()) {
        stage.sandbox.fault(operation, Fault::Drop, None);
    }
    stage.says(0, "Busy", "InACall");
    let line = logged(&stage, &["ERROR", "pbx"]).await;
    assert!(line.contains("cannot "), "{line}");
    stage.sandbox.reset_counters();
    several_intervals(&stage).await;
    let counters = stage.sandbox.counters();
    assert!(
        counters.of(Operation::Presence) >= 5,
        "sweeps go on: {counters:?}"
    );
    assert!(counters.pbx() <= 12, "no storm: {counters:?}");
    for operation in Operation::all() {
        stage.sandbox.clear_fault(operation);
    }
    stage.converge(&Except::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_tenant_is_left_alone_for_as_long_as_it_says() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage
        .sandbox
        .fault(Operation::Presence, Fault::Status(429, Some(2)), Some(1));
    let throttled =
        |sandbox: &sandbox::Sandbox| sandbox.counters().with_status(Operation::Presence, 429) == 1;
    assert!(stage.sandbox.wait_until(Duration::from_secs(10), throttled).await);
    stage.sandbox.reset_counters();
    let asked = |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::Presence) > 0;
    assert!(
        !stage
            .sandbox
            .wait_until(Duration::from_millis(1_500), asked)
            .await,
        "within the two seconds"
    );
    assert!(
        stage.sandbox.wait_until(Duration::from_secs(10), asked).await,
        "and afterwards again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_repeated_blindly() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage
        .sandbox
        .fault(Operation::PhoneconfigPut, Fault::Lost, Some(1));
    stage.sandbox.reset_counters();
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    stage.settle().await;
    assert_eq!(
        stage.sandbox.counters().of(Operation::PhoneconfigPut),
        1,
        "read, found, and left"
    );
    stage.says(0, "Available", "Available");
    stage.converge(&Except::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_that_restarts_is_signed_in_to_again() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.sandbox.pbx().restart();
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    assert_eq!(stage.sandbox.counters().of(Operation::Login), 2);
    assert_eq!(errors(&stage), 0, "{}", stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_renewed_in_mid_flight() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.sandbox.tenant().revoke_tokens();
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    assert_eq!(stage.sandbox.counters().of(Operation::Token), 2);
    assert_eq!(errors(&stage), 0, "{}", stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn useless_answers_hold_the_state() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    let writes = stage.sandbox.history().len();
    for fault in [
        Fault::Html,
        Fault::Malformed,
        Fault::WrongTypes,
        Fault::Omit,
        Fault::Drop,
    ] {
        stage.sandbox.reset_counters();
        stage.sandbox.fault(Operation::Presence, fault, Some(1));
        let two = |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::Presence) >= 2;
        assert!(
            stage.sandbox.wait_until(Duration::from_secs(20), two).await,
            "{fault}\n{}",
            stage.log()
        );
        assert_eq!(stage.sandbox.history().len(), writes, "{fault}");
    }
    stage.says(0, "Available", "Available");
    stage.converge(&Except::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_ends_with_two_and_all_its_faults() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    let text = std::fs::read_to_string(stage.config()).expect("the configuration is there");
    let broken = text
        .replace("poll_interval = \"200ms\"", "poll_intervall = \"200ms\"")
        .replace("group =", "gruop =");
    std::fs::write(stage.config(), broken).expect("the configuration can be written");
    assert_eq!(stage.daemon().wait(), Some(2));
    let log = stage.log();
    for part in ["poll_intervall", "poll_interval", "gruop", "presence-sync.toml:"] {
        assert!(log.contains(part), "{part} in\n{log}");
    }
    assert_eq!(
        stage.sandbox.counters().pbx() + stage.sandbox.counters().tenant(),
        0,
        "nobody was bothered"
    );
}
