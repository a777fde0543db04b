//! The chat status over time: the user's own client overwrites it, and it is set again.

use std::time::Duration;

use end_to_end::{Stage, StageOptions};
use sandbox::{Except, Operation, Options};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_users_client_overwrote_is_set_again_and_a_round_is_one_call() {
    let mut options = StageOptions::plain(20);
    options.options = Options {
        chat_reassert: "500ms".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    stage.says(0, "Busy", "Busy");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    stage.sandbox.reset_counters();
    stage.sandbox.pbx().set_chat_by_client(stage.user(0), "AVAILABLE");
    stage.converge(&Except::default()).await;
    let rounds = |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::ChatGet) >= 5;
    assert!(stage.sandbox.wait_until(Duration::from_secs(20), rounds).await);
    let counters = stage.sandbox.counters();
    assert_eq!(counters.of(Operation::ChatSet), 1, "{counters:?}");
    assert_eq!(counters.of(Operation::PhoneconfigGet), 0, "{counters:?}");
}
