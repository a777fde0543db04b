//! Refused credentials are presented once, whoever met the refusal: the daemon, a look, or the diagnosis.

use end_to_end::{Stage, StageOptions};
use sandbox::{Credential, Except, Operation};
use serde_json::Value;

/// The wrong passwords that the PBX was shown.
fn wrong(stage: &Stage) -> u64 {
    stage.sandbox.counters().wrong(Credential::Password)
}

/// Waits until the daemon's status says that a link's credentials were refused.
async fn credentials_are_refused(stage: &Stage) {
    let refused = end_to_end::eventually(async || {
        let view = stage.status().await?.view?;
        view.links
            .iter()
            .any(|link| link.fault.as_deref() == Some("credentials"))
            .then_some(())
    });
    refused.await.unwrap_or_else(|| panic!("{}", stage.log()));
}

/// A second instance like the first, with another group of the same PBX.
fn add_an_instance(stage: &Stage, group: &str) {
    let text = std::fs::read_to_string(stage.config()).expect("the configuration is there");
    let (head, main) = text.split_at(text.find("[instances.main").expect("it has an instance"));
    let other = main
        .replace("[instances.main", "[instances.other")
        .replace("group = \"Teams\"", &format!("group = \"{group}\""));
    std::fs::write(stage.config(), format!("{head}{main}\n{other}")).expect("it can be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_tries_again_as_soon_as_the_diagnosis_has_seen_that_it_works() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.sandbox.pbx().change_password("another");
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    credentials_are_refused(&stage).await;
    assert_eq!(wrong(&stage), 1, "{}", stage.log());
    // The operator puts the old password back on the PBX.
    let password = std::fs::read_to_string(stage.path("pbx.password")).expect("it is there");
    stage.sandbox.pbx().change_password(password.trim());
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output.stderr.contains("tries instance `main` again now"),
        "{output:?}"
    );
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_not_presented_again_by_a_restart_until_the_diagnosis_has_seen_that_they_work()
 {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.sandbox.pbx().change_password("another");
    for _ in 0..3 {
        let daemon = stage.daemon();
        credentials_are_refused(&stage).await;
        assert_eq!(daemon.stop(), Some(0));
    }
    assert_eq!(wrong(&stage), 1, "{}", stage.log());
    let password = std::fs::read_to_string(stage.path("pbx.password")).expect("it is there");
    stage.sandbox.pbx().change_password(password.trim());
    let output = stage.presencectl(&["doctor"]);
    assert!(
        output.stderr.contains("the next start of instance `main`"),
        "{output:?}"
    );
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_credentials_are_presented_at_the_next_start() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.sandbox.pbx().change_password("another");
    let daemon = stage.daemon();
    credentials_are_refused(&stage).await;
    assert_eq!(daemon.stop(), Some(0));
    stage.write("pbx.password", "another");
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_again_and_again_presents_a_wrong_password_once() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.write("pbx.password", "wrong");
    let address = stage.address(0);
    for arguments in [
        &["plan"][..],
        &["plan"],
        &["members", "main"],
        &["explain", &address],
        &["sync", "--once"],
    ] {
        let output = stage.presencectl(arguments);
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains("sign in to the PBX"), "{output:?}");
    }
    assert_eq!(wrong(&stage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_other_credentials_than_its_files_say_is_not_made_to_present_them_again() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let right = std::fs::read_to_string(stage.path("pbx.password")).expect("it is there");
    stage.write("pbx.password", "wrong");
    let daemon = stage.daemon();
    let refused = end_to_end::eventually(async || (wrong(&stage) > 0).then_some(()));
    refused.await.unwrap_or_else(|| panic!("{}", stage.log()));
    stage.write("pbx.password", right.trim());
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output.stderr.contains("other settings than its files say"),
        "{output:?}"
    );
    stage.says(0, "Busy", "InACall");
    daemon.reload();
    stage.converge(&Except::default()).await;
    assert_eq!(wrong(&stage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_of_one_pbx_present_a_wrong_password_once() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.write("pbx.password", "wrong");
    add_an_instance(&stage, "Others");
    let daemon = stage.daemon();
    let both = end_to_end::eventually(async || {
        let log = stage.log();
        (log.matches("sign in to the PBX").count() >= 2).then_some(())
    });
    both.await.unwrap_or_else(|| panic!("{}", stage.log()));
    assert_eq!(wrong(&stage), 1, "{}", stage.log());
    assert_eq!(daemon.stop(), Some(0));
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(1));
    assert_eq!(wrong(&stage), 2, "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_state_that_is_none_keeps_refused_credentials_back_and_is_named() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.write("pbx.password", "wrong");
    for round in 0..3 {
        let daemon = stage.daemon();
        credentials_are_refused(&stage).await;
        assert_eq!(daemon.stop(), Some(0));
        if round == 0 {
            std::fs::write(stage.path("state.key"), "too short").expect("it can be written");
        }
    }
    assert_eq!(wrong(&stage), 1, "{}", stage.log());
    let output = stage.presencectl(&["doctor", "--output", "json"]);
    let diagnosis: Value = serde_json::from_str(&output.stdout).expect("a diagnosis");
    let state = diagnosis["findings"].as_array().and_then(|findings| {
        let mut findings = findings.iter();
        findings.find(|finding| finding["check"] == "state").cloned()
    });
    assert_eq!(state.expect("it is examined")["code"], "no-key");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_diagnosis_saw_refused_is_not_presented_by_whoever_starts_next() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.write("pbx.password", "wrong");
    stage.write("graph.secret", "wrong");
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(
        output
            .stderr
            .contains("credentials of instance `main` were refused"),
        "{output:?}"
    );
    let asked = || (wrong(&stage), stage.sandbox.counters().of(Operation::Token));
    assert_eq!(asked(), (1, 1));
    for arguments in [&["plan"][..], &["sync", "--once"]] {
        let output = stage.presencectl(arguments);
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains("AADSTS7000215"), "{output:?}");
    }
    let daemon = stage.daemon();
    credentials_are_refused(&stage).await;
    assert_eq!(asked(), (1, 1), "{}", stage.log());
    assert_eq!(daemon.stop(), Some(0));
    // Somebody asks for it again.
    stage.presencectl(&["doctor"]);
    assert_eq!(asked(), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_diagnosis_saw_refused_keeps_back_that_side_and_those_credentials_alone() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let right = std::fs::read_to_string(stage.path("pbx.password")).expect("it is there");
    stage.write("pbx.password", "wrong");
    assert_eq!(stage.presencectl(&["doctor"]).code, Some(1));
    stage.write("pbx.password", right.trim());
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert_eq!(wrong(&stage), 1, "{}", stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_works_is_not_stopped_by_what_the_diagnosis_saw_refused() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let daemon = stage.daemon();
    stage.settle().await;
    stage.write("pbx.password", "wrong");
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(!output.stderr.contains("were refused"), "{output:?}");
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_makes_a_state_and_its_key_for_nothing_but_a_refusal() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let made = || ["state.db", "state.key"].map(|name| stage.path(name).exists());
    let looks = || {
        for arguments in [&["plan"][..], &["members", "main"], &["doctor"]] {
            stage.presencectl(arguments);
        }
    };
    looks();
    assert_eq!(made(), [false; 2], "all is well");
    // Neither of these has to do with what was presented.
    stage
        .sandbox
        .fault(Operation::Users, sandbox::Fault::Status(403, None), None);
    stage
        .sandbox
        .fault(Operation::Token, sandbox::Fault::Status(503, None), None);
    looks();
    assert_eq!(made(), [false; 2], "nothing was refused");
    stage.sandbox.clear_fault(Operation::Users);
    stage.sandbox.clear_fault(Operation::Token);
    // A state that is there, without a refusal in it, does not need the key either.
    let daemon = stage.daemon();
    stage.settle().await;
    assert_eq!(daemon.stop(), Some(0));
    std::fs::remove_file(stage.path("state.key")).expect("it is there");
    looks();
    assert_eq!(made(), [true, false]);
    stage.write("pbx.password", "wrong");
    stage.presencectl(&["plan"]);
    assert_eq!(made(), [true; 2]);
}
