//! Many instances in one daemon, each with a tenant and a PBX of its own.
//!
//! `cargo bench -p end-to-end --bench instances [-- --instances N] [-- --members M]`; without numbers 10, 100 and 500 instances of
//! 100 members each.

use std::time::Duration;

use end_to_end::Estate;
use end_to_end::measure::{Cost, Table, now, number, release_build};
use sandbox::{Except, Operation, Options};
use serde_json::json;

/// For so long the steady state is measured.
const MEASURED: Duration = Duration::from_secs(20);
/// The longest start that is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() {
    release_build();
    let members = number("members", 100);
    let mut table = Table::new(
        "instances",
        &[
            "instances",
            "members each",
            "interval s",
            "calls a second",
            "CPU %",
            "resident MB",
            "peak MB",
            "open files",
            "threads",
            "all in line after s",
        ],
    );
    match number("instances", 0) {
        0 => {
            for instances in [10, 100, 500] {
                measure(instances, members, &mut table).await;
            }
        }
        instances => measure(instances, members, &mut table).await,
    }
    table.print();
}

async fn measure(instances: usize, members: usize, table: &mut Table) {
    let options = Options {
        poll_interval: "2s".to_owned(),
        roster_interval: "60s".to_owned(),
        ..Estate::options()
    };
    let estate = Estate::set(instances, |_| members, &options).await;
    let started = now();
    let daemon = estate.daemon();
    for sandbox in &estate.sandboxes {
        while !sandbox.judge(&Except::default()).converged() {
            assert!(started.elapsed() < PATIENCE, "{}", estate.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let in_line = started.elapsed();
    // What the start took is given back before the steady state is looked at.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let calls = || -> u64 {
        let each = estate.sandboxes.iter();
        each.map(|sandbox| sandbox.counters().of(Operation::Presence))
            .sum()
    };
    let (before, called) = (Cost::of(daemon.pid()), calls());
    tokio::time::sleep(MEASURED).await;
    let (after, calls) = (Cost::of(daemon.pid()), calls() - called);
    let seconds = MEASURED.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
    let rate = calls as f64 / seconds;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred instances")]
    let interval = instances as f64 / rate;
    table.row([
        json!(instances),
        json!(members),
        json!(interval),
        json!(rate),
        json!(100.0 * (after.cpu - before.cpu).as_secs_f64() / seconds),
        json!(after.resident),
        json!(after.peak),
        json!(after.files),
        json!(after.threads),
        json!(in_line.as_secs_f64()),
    ]);
    daemon.kill();
}
