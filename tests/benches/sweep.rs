//! What a steady sweep costs: nothing changes, and the daemon looks at everybody again and again.
//!
//! `cargo bench -p end-to-end --bench sweep [-- --members N]`; without a number 1,000, 10,000 and 100,000 members.

use std::time::Duration;

use end_to_end::measure::{Cost, Table, now, number, release_build};
use end_to_end::{Stage, StageOptions};
use sandbox::{Operation, Options, Sandbox};
use serde_json::json;

/// How many sweeps are measured.
const SWEEPS: u64 = 10;
/// The longest first pass that is waited for.
const PATIENCE: Duration = Duration::from_secs(900);

#[tokio::main]
async fn main() {
    release_build();
    let mut table = Table::new(
        "sweep",
        &[
            "members",
            "interval s",
            "calls a sweep",
            "PBX calls",
            "CPU s a sweep",
            "CPU %",
            "resident MB",
            "peak MB",
            "first pass s",
        ],
    );
    match number("members", 0) {
        0 => {
            for members in [1_000, 10_000, 100_000] {
                measure(members, &mut table).await;
            }
        }
        members => measure(members, &mut table).await,
    }
    table.print();
}

async fn measure(members: usize, table: &mut Table) {
    let mut options = StageOptions::plain(members);
    options.options = Options {
        poll_interval: "2s".to_owned(),
        roster_interval: "24h".to_owned(),
        sync: format!("{}\npbx_concurrency = 16", options.options.sync),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let started = now();
    let daemon = stage.daemon();
    // Seldom asked, because its answer costs as much as a sweep.
    let view = loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let view = stage.status().await.and_then(|status| status.view);
        if let Some(view) = view.filter(|view| view.settled) {
            break view;
        }
        assert!(started.elapsed() < PATIENCE, "{}", stage.log());
    };
    let first_pass = started.elapsed();
    let chunks = members.div_ceil(650) as u64;
    stage.sandbox.reset_counters();
    let calls = |sandbox: &Sandbox| sandbox.counters().of(Operation::Presence);
    let patience = Duration::from_secs_f64(view.sweep_interval_seconds) * 40;
    let begins = |sandbox: &Sandbox| calls(sandbox) >= chunks;
    assert!(
        stage.sandbox.wait_until(patience, begins).await,
        "{}",
        stage.log()
    );
    stage.sandbox.reset_counters();
    let (before, begun) = (Cost::of(daemon.pid()), now());
    let ends = |sandbox: &Sandbox| calls(sandbox) >= chunks * SWEEPS;
    assert!(stage.sandbox.wait_until(patience, ends).await, "{}", stage.log());
    let (after, took) = (Cost::of(daemon.pid()), begun.elapsed());
    let counters = stage.sandbox.counters();
    #[expect(clippy::cast_precision_loss, reason = "a handful of sweeps")]
    let count = SWEEPS as f64;
    let cpu = (after.cpu - before.cpu).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
    table.row([
        json!(members),
        json!(took.as_secs_f64() / count),
        json!(counters.of(Operation::Presence) as f64 / count),
        json!(counters.pbx()),
        json!(cpu / count),
        json!(100.0 * cpu / took.as_secs_f64()),
        json!(after.resident),
        json!(after.peak),
        json!(first_pass.as_secs_f64()),
    ]);
    daemon.kill();
}
