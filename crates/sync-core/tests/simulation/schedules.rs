//! The random schedules.

use crate::generate::schedule;
use crate::script::parse;
use crate::shrink::{failure, shrink};

/// So many run with the other tests.
const A_FEW: u64 = 2_000;

/// So many failures are told before the search ends.
const ENOUGH: usize = 5;

fn run(seeds: std::ops::Range<u64>) {
    let failures: Vec<String> = seeds.filter_map(broken).take(ENOUGH).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn both_cores(seeds: std::ops::Range<u64>) {
    let middle = u64::midpoint(seeds.start, seeds.end);
    std::thread::scope(|scope| {
        scope.spawn(|| run(seeds.start..middle));
        scope.spawn(|| run(middle..seeds.end));
    });
}

fn broken(seed: u64) -> Option<String> {
    let case = schedule(seed);
    failure(&case)?;
    let short = shrink(&case);
    let why = failure(&short).unwrap_or_default();
    let story = crate::golden::whole_story(&short);
    Some(format!(
        "seed {seed}: {why}\nkeep this as a scenario:\n{short}\nits story:\n{story}"
    ))
}

#[test]
fn no_schedule_breaks_a_promise() {
    both_cores(0..A_FEW);
}

/// Run it with `--release`. The seeds go on where those of every day end.
#[test]
#[ignore = "takes minutes: cargo test --release -p sync-core --test simulation -- --ignored million"]
fn no_schedule_of_a_million_breaks_a_promise() {
    both_cores(A_FEW..A_FEW + 1_000_000);
}

#[test]
fn a_schedule_survives_being_written_as_a_script() {
    for seed in 0..500 {
        let case = schedule(seed);
        assert_eq!(parse(&case.to_string()).as_ref(), Ok(&case), "{case}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..50 {
        let case = schedule(seed);
        assert_eq!(crate::golden::story(&case), crate::golden::story(&case));
    }
}
