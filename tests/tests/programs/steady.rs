//! The steady state: `ceil(n/650)` calls to Graph a sweep, and none to the PBX.

use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{Operation, Options};

async fn a_sweep_costs(members: usize, calls: u64, poll_interval: &str) {
    let mut options = StageOptions::plain(members);
    options.options = Options {
        poll_interval: poll_interval.to_owned(),
        roster_interval: "1h".to_owned(),
        sync: format!("{}\npbx_concurrency = 16", options.options.sync),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let daemon = stage.daemon();
    let before = stage
        .settle()
        .await
        .view
        .unwrap_or_else(|| panic!("{}", stage.log()))
        .sweeps;
    stage.sandbox.reset_counters();
    let after = eventually(|| async {
        let view = stage.status().await?.view?;
        (view.sweeps >= before + 6).then_some(view.sweeps)
    })
    .await
    .unwrap_or_else(|| panic!("no more sweeps\n{}", stage.log()));
    let counters = stage.sandbox.counters();
    let sweeps = after - before;
    let asked = counters.of(Operation::Presence);
    // The counters were reset, and are read, in the middle of a sweep.
    assert!(
        (sweeps - 1) * calls <= asked && asked <= (sweeps + 1) * calls,
        "{asked} calls in {sweeps} sweeps"
    );
    assert_eq!(counters.pbx(), 0, "{counters:?}");
    assert_eq!(counters.tenant(), asked, "{counters:?}");
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_members_cost_one_call() {
    a_sweep_costs(10, 1, "100ms").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_and_fifty_one_members_cost_two_calls() {
    a_sweep_costs(651, 2, "200ms").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_members_cost_sixteen_calls() {
    a_sweep_costs(10_000, 16, "1s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roster_passes_are_counted_apart() {
    let mut options = StageOptions::plain(5);
    options.options = Options {
        roster_interval: "300ms".to_owned(),
        poll_interval: "1h".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    stage.sandbox.reset_counters();
    let passes = |count| move |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::Groups) >= count;
    assert!(
        stage.sandbox.wait_until(Duration::from_secs(20), passes(4)).await,
        "{}",
        stage.log()
    );
    let counters = stage.sandbox.counters();
    let pbx = counters.of(Operation::Groups) + counters.of(Operation::Users);
    assert_eq!(
        counters.pbx(),
        pbx,
        "a roster pass reads the groups and the users, and no phone: {counters:?}"
    );
    assert_eq!(counters.of(Operation::Presence), 0);
}
