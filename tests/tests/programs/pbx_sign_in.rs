//! The built daemon at the PBXs of both generations: it finds out by itself how to sign in, and presents nothing wrong twice.

use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{
    ClientMethod, Credential, Except, Generation, LoginType, OAuthRules, Operation, Sandbox, Subject,
};

fn ten() -> Generation {
    Generation::Ten(OAuthRules::default())
}

async fn stage(generation: Generation) -> Stage {
    Stage::set(StageOptions {
        generation,
        ..StageOptions::plain(8)
    })
    .await
}

/// Time for several intervals to pass: whatever would be tried again would be tried again in it.
async fn several_intervals(stage: &Stage) {
    let never = |sandbox: &Sandbox| sandbox.counters().of(Operation::Other) > 1_000_000;
    assert!(
        !stage
            .sandbox
            .wait_until(Duration::from_millis(2_500), never)
            .await
    );
}

/// Waits for so many sweeps, where there is somebody to ask for.
async fn sweeps(stage: &Stage, many: u64) {
    let before = stage.sandbox.counters().of(Operation::Presence);
    let swept = |sandbox: &Sandbox| sandbox.counters().of(Operation::Presence) >= before + many;
    assert!(
        stage.sandbox.wait_until(Duration::from_secs(60), swept).await,
        "{}",
        stage.log()
    );
}

async fn logged(stage: &Stage, parts: &[&str]) -> String {
    let line = eventually(|| async {
        let log = stage.log();
        let mut lines = log.lines();
        lines
            .find(|line| parts.iter().all(|part| line.contains(part)))
            .map(str::to_owned)
    });
    line.await
        .unwrap_or_else(|| panic!("no line with {parts:?} in\n{}", stage.log()))
}

fn wrong(stage: &Stage) -> [u64; 3] {
    let counters = stage.sandbox.counters();
    [Credential::Password, Credential::Client, Credential::RefreshToken].map(|kind| counters.wrong(kind))
}

#[tokio::test(flavor = "multi_thread")]
async fn version_10_is_found_out_and_kept_in_line_with_its_chat_status() {
    let stage = stage(ten()).await;
    stage.says(0, "Busy", "InACall");
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    let history = stage.sandbox.history();
    assert!(history.iter().any(|record| record.subject == Subject::Chat));
    let counters = stage.sandbox.counters();
    assert_eq!(counters.of(Operation::PbxToken), 1);
    assert_eq!(counters.of(Operation::LoginTemplate), 0);
    assert_eq!(wrong(&stage), [0, 0, 0]);
    assert_eq!(daemon.stop(), Some(0));
    assert!(!stage.log().contains("SAMPLE"), "{}", stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn version_10_that_wants_another_scope_and_http_basic_is_found_out_too() {
    let rules = OAuthRules {
        scopes: vec!["pbx-login pbx-admin".to_owned()],
        client: ClientMethod::Basic,
        ..OAuthRules::default()
    };
    let stage = stage(Generation::Ten(rules)).await;
    let daemon = stage.daemon();
    stage.settle().await;
    stage.converge(&Except::default()).await;
    let found_out = stage.sandbox.counters().of(Operation::Discovery);
    assert_eq!(stage.sandbox.counters().of(Operation::PbxToken), 3);
    assert_eq!(wrong(&stage), [0, 1, 0]);
    assert_eq!(daemon.stop(), Some(0));
    // What worked is stored, so that the next one presents nothing wrong.
    let _daemon = stage.daemon();
    stage.settle().await;
    let counters = stage.sandbox.counters();
    assert_eq!(counters.of(Operation::PbxToken), 4);
    assert_eq!(counters.of(Operation::Discovery), found_out);
    assert_eq!(wrong(&stage), [0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_login_of_version_9_is_kept_in_line() {
    let stage = stage(Generation::Nine(LoginType::ActiveDirectory)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.converge(&Except::default()).await;
    assert_eq!(wrong(&stage), [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_presented_once_in_a_whole_run() {
    for generation in [
        ten(),
        Generation::default(),
        Generation::Nine(LoginType::ActiveDirectory),
    ] {
        let stage = stage(generation).await;
        stage.sandbox.pbx().change_password("another");
        let daemon = stage.daemon();
        let line = logged(&stage, &["ERROR", "sign in to the PBX as `0001`"]).await;
        assert!(line.contains("advice="), "{line}");
        several_intervals(&stage).await;
        assert_eq!(wrong(&stage), [1, 0, 0]);
        assert_eq!(daemon.stop(), Some(0));
        let daemon = stage.daemon();
        several_intervals(&stage).await;
        assert_eq!(daemon.stop(), Some(0));
        assert_eq!(wrong(&stage), [1, 0, 0], "a restart is no reason to try again");
        assert!(!stage.log().contains("SAMPLE"), "{}", stage.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_changed_in_mid_flight_is_presented_once() {
    let stage = stage(ten()).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.sandbox.pbx().change_password("another");
    stage.sandbox.pbx().restart();
    stage.says(0, "Busy", "InACall");
    logged(&stage, &["ERROR", "sign in to the PBX as `0001`"]).await;
    sweeps(&stage, 15).await;
    assert_eq!(wrong(&stage), [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_expire_or_are_revoked_and_a_restart_are_got_over() {
    let rules = OAuthRules {
        access_life: Duration::from_secs(2),
        rotates: true,
        ..OAuthRules::default()
    };
    let stage = stage(Generation::Ten(rules)).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    for (number, happens) in [
        (0, &(|| stage.sandbox.pbx().revoke_access_tokens()) as &dyn Fn()),
        (1, &|| stage.sandbox.pbx().restart()),
    ] {
        happens();
        stage.says(number, "Busy", "InACall");
        stage.converge(&Except::default()).await;
        assert!(stage.dnd(number));
    }
    let [password, client, refresh] = wrong(&stage);
    assert_eq!([password, client], [0, 0]);
    // At most the one that the restart made worthless.
    assert!(refresh <= 1, "{refresh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_address_is_an_outage_that_is_not_answered_by_signing_in() {
    let stage = stage(ten()).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.sandbox.pbx().block();
    stage.says(0, "Busy", "InACall");
    let line = logged(&stage, &["ERROR", "did not answer within"]).await;
    assert!(line.contains("blacklisted"), "{line}");
    sweeps(&stage, 5).await;
    assert_eq!(stage.sandbox.counters().of(Operation::PbxToken), 1);
    stage.sandbox.pbx().lift_block();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    assert_eq!(wrong(&stage), [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_from_version_9_to_10_needs_nothing_but_the_clients_secret() {
    let mut options = StageOptions {
        generation: ten(),
        ..StageOptions::plain(8)
    };
    // XML-RPC may be refused before REST has found the update out, and waits longer then.
    options.options.chat = false;
    let stage = Stage::set(options).await;
    stage.sandbox.pbx().update(Generation::default());
    let _daemon = stage.daemon();
    stage.settle().await;
    assert_eq!(stage.sandbox.counters().of(Operation::PbxToken), 0);
    stage.sandbox.pbx().update(ten());
    stage.says(0, "Busy", "InACall");
    let silenced = |sandbox: &Sandbox| {
        let user = sandbox.pbx().user(stage.user(0));
        user.is_some_and(|user| user.dnd)
    };
    assert!(
        stage.sandbox.wait_until(Duration::from_secs(60), silenced).await,
        "{}",
        stage.log()
    );
    assert_eq!(stage.sandbox.counters().of(Operation::PbxToken), 1);
    assert_eq!(wrong(&stage), [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn version_10_without_a_client_is_told_what_to_write_and_shown_nothing() {
    let stage = stage(ten()).await;
    let text = std::fs::read_to_string(stage.config()).expect("the configuration can be read");
    let without = text.replace("oauth_client_secret_file", "# oauth_client_secret_file");
    stage.write("presence-sync.toml", &without);
    let _daemon = stage.daemon();
    logged(
        &stage,
        &[
            "ERROR",
            "no OAuth client is configured",
            "oauth_client_secret_file",
        ],
    )
    .await;
    several_intervals(&stage).await;
    assert_eq!(stage.sandbox.counters().of(Operation::PbxToken), 0);
    assert_eq!(wrong(&stage), [0, 0, 0]);
}
