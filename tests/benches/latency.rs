//! How long a change in Teams takes to the PBX while one member in a hundred changes each second: from the change in the tenant
//! to the moment at which the PBX has it, both by the sandbox's own clock.
//!
//! `cargo bench -p end-to-end --bench latency [-- --members N] [-- --seconds S]`; without numbers 10,000 members and 20 s.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::measure::{Cost, Quantiles, Table, number, release_build};
use end_to_end::{Stage, StageOptions};
use sandbox::{Author, Fault, Operation, Options, Subject};
use serde_json::json;

/// How long the PBX takes for an answer.
const PBX_TAKES: Duration = Duration::from_millis(5);
/// How often everybody is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    release_build();
    let members = number("members", 10_000);
    let seconds = number("seconds", 20);
    let mut table = Table::new(
        "latency",
        &[
            "members",
            "changes a second",
            "changes",
            "beyond the interval: p50 ms",
            "p95 ms",
            "p99 ms",
            "added: p50 ms at most",
            "added: p99 ms at most",
            "CPU %",
            "unanswered",
        ],
    );
    // One in a thousand, one in a hundred, and twice that: how it grows with the changes.
    for part in [1_000, 100, 50] {
        measure(members, members / part, seconds, &mut table).await;
    }
    table.print();
}

async fn measure(members: usize, rate: usize, seconds: usize, table: &mut Table) {
    let mut options = StageOptions::plain(members);
    options.options = Options {
        poll_interval: format!("{}ms", INTERVAL.as_millis()),
        roster_interval: "24h".to_owned(),
        sync: format!("{}\npbx_concurrency = 16", options.options.sync),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let daemon = stage.daemon();
    stage.quiet().await;
    for operation in Operation::all().filter(|operation| operation.is_pbx()) {
        stage.sandbox.fault(operation, Fault::Delay(PBX_TAKES), None);
    }
    let first = stage.sandbox.history().len();
    let before = Cost::of(daemon.pid());
    let earlier = buckets(&stage.get("/metrics").await.1);
    // Everybody changes at most once, and not in the order of the chunks.
    let mut changed: BTreeMap<i64, Duration> = BTreeMap::new();
    let begun = tokio::time::Instant::now();
    let pause = Duration::from_secs(1) / u32::try_from(rate).expect("a small number");
    for turn in 0..(rate * seconds).min(members) {
        let at = begun + pause * u32::try_from(turn).expect("a small number");
        tokio::time::sleep_until(at).await;
        let number = turn * 7_919 % members;
        changed.insert(stage.user(number), stage.sandbox.since_start());
        stage.says(number, "Busy", "InACall");
    }
    let after = Cost::of(daemon.pid());
    let took = begun.elapsed();
    tokio::time::sleep(INTERVAL + Duration::from_secs(3)).await;
    let mut confirmed: BTreeMap<i64, Duration> = BTreeMap::new();
    for record in &stage.sandbox.history()[first..] {
        let ours = record.author == Author::Program && record.subject == Subject::Dnd && record.to == "true";
        if ours {
            confirmed.entry(record.user).or_insert(record.at);
        }
    }
    let late: Vec<f64> = changed
        .iter()
        .filter_map(|(user, at)| Some(confirmed.get(user)?.saturating_sub(*at).as_secs_f64() * 1e3))
        .collect();
    let unanswered = changed.len() - late.len();
    let late = Quantiles::of(late);
    let interval = INTERVAL.as_secs_f64() * 1e3;
    let mut added = buckets(&stage.get("/metrics").await.1);
    for ((_, count), (_, earlier)) in added.iter_mut().zip(earlier) {
        *count -= earlier;
    }
    let [half, most] = [0.5, 0.99].map(|part| bound(&added, part));
    table.row([
        json!(members),
        json!(rate),
        json!(late.count()),
        json!(late.at(0.5) - interval),
        json!(late.at(0.95) - interval),
        json!(late.at(0.99) - interval),
        json!(half),
        json!(most),
        json!(100.0 * (after.cpu - before.cpu).as_secs_f64() / took.as_secs_f64()),
        json!(unanswered),
    ]);
    daemon.kill();
}

/// The daemon's own histogram: bounds in seconds, with how many changes were not above each.
fn buckets(metrics: &str) -> Vec<(f64, f64)> {
    let number = |line: &str| {
        line.rsplit_once(' ')
            .and_then(|(_, number)| number.parse::<f64>().ok())
    };
    metrics
        .lines()
        .filter(|line| line.starts_with("presence_sync_added_latency_seconds_bucket"))
        .filter_map(|line| {
            let bound = line.split_once("le=\"")?.1.split_once('"')?.0;
            Some((bound.parse().unwrap_or(f64::INFINITY), number(line)?))
        })
        .collect()
}

/// The bound of the bucket that `part` of the changes are not above, in ms.
fn bound(buckets: &[(f64, f64)], part: f64) -> f64 {
    let all = buckets.last().map_or(0.0, |(_, count)| *count);
    let bucket = buckets.iter().find(|(_, count)| *count >= part * all);
    bucket.map_or(0.0, |(bound, _)| bound * 1e3)
}
