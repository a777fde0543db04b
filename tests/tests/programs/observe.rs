//! Observing: plan and report, write nothing; and what happens to what is ours when an instance is turned off or only
//! observes from now on.

use std::time::Duration;

use end_to_end::{Stage, StageOptions};
use sandbox::{Author, Except};

async fn at_work() -> Stage {
    let stage = Stage::set(StageOptions::plain(5)).await;
    stage.says(0, "Busy", "InACall");
    stage
}

fn with(stage: &Stage, line: &str) {
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    let table = "[instances.main.teams]";
    stage.write(
        "presence-sync.toml",
        &text.replacen(table, &format!("[instances.main]\n{line}\n{table}"), 1),
    );
}

fn writes(stage: &Stage) -> usize {
    let history = stage.sandbox.history();
    history
        .iter()
        .filter(|record| record.author == Author::Program)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observing_instance_plans_and_writes_nothing() {
    let stage = at_work().await;
    with(&stage, "observe = true");
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.says(1, "Busy", "InACall");
    let never = |_: &sandbox::Sandbox| writes(&stage) > 0;
    assert!(!stage.sandbox.wait_until(Duration::from_secs(2), never).await);
    let plan = stage.presencectl(&["plan", "main"]);
    assert_eq!(plan.code, Some(2), "{}", plan.stderr);
    assert!(plan.stdout.contains("would be changed"), "{}", plan.stdout);
    assert_eq!(stage.get("/readyz/main").await.0, 200, "it does what it is to do");
    let status = stage.presencectl(&["status"]).stdout;
    assert!(status.contains("only observing"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn observing_from_now_on_takes_back_what_is_ours() {
    let stage = at_work().await;
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    with(&stage, "observe = true");
    daemon.reload();
    let released = stage
        .sandbox
        .wait_until(Duration::from_secs(30), |_| !stage.dnd(0))
        .await;
    assert!(released, "{}", stage.log());
    stage.says(1, "Busy", "InACall");
    let never = |_: &sandbox::Sandbox| stage.dnd(1);
    assert!(!stage.sandbox.wait_until(Duration::from_secs(2), never).await);
    daemon.stop();
    let once = stage.presencectl(&["sync", "--once", "main"]);
    assert_eq!(once.code, Some(1));
    assert!(
        once.stderr.contains("only observes") && once.stderr.contains("hint: "),
        "{}",
        once.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_turned_off_while_no_daemon_ran_is_released_at_the_next_start() {
    let stage = at_work().await;
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    daemon.stop();
    assert!(stage.dnd(0), "a stop changes nothing");
    with(&stage, "enabled = false");
    let _daemon = stage.daemon();
    let released = stage
        .sandbox
        .wait_until(Duration::from_secs(30), |_| !stage.dnd(0))
        .await;
    assert!(released, "{}", stage.log());
    let status = end_to_end::eventually(|| async {
        let text = stage.presencectl(&["status"]).stdout;
        text.contains("disabled").then_some(text)
    });
    assert!(
        status.await.is_some(),
        "{}",
        stage.presencectl(&["status"]).stdout
    );
}
