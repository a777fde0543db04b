//! The random schedules.

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use crate::generate::schedule;
use crate::script::parse;
use crate::shrink::{failure, shrink};

/// So many run with the other tests.
const A_FEW: u64 = 2_000;

/// So many failures are told before the search ends.
const ENOUGH: usize = 5;

/// Runs the schedules of these seeds on all cores. Each failure is told when it is found.
fn run(seeds: impl Iterator<Item = u64> + Send) {
    let search = Mutex::new((seeds, Vec::new()));
    let next = || {
        let (seeds, failed) = &mut *search.lock().unwrap();
        if failed.len() < ENOUGH { seeds.next() } else { None }
    };
    let work = || {
        while let Some(seed) = next() {
            if let Some(story) = broken(seed) {
                // The tests' own capture would keep it until the end of a long run.
                let mut output = std::io::stderr();
                writeln!(output, "{story}\n").unwrap();
                search.lock().unwrap().1.push(seed);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let (_, failed) = search.into_inner().unwrap();
    assert!(failed.is_empty(), "the schedules of {failed:?} break promises");
}

fn broken(seed: u64) -> Option<String> {
    let case = schedule(seed);
    failure(&case)?;
    let short = shrink(&case);
    let why = failure(&short).unwrap_or_default();
    let mut story = format!("seed {seed}: {why}\nkeep this as a scenario:\n{short}\n");
    write!(story, "its story:\n{}", crate::golden::whole_story(&short)).unwrap();
    Some(story)
}

/// The seeds that somebody asked for in the environment: `556529,729393`, `2000..50000`, or both.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line of a test run has no place for seeds"
)]
fn asked_for() -> Option<Vec<Range<u64>>> {
    let text = std::env::var("SIMULATION_SEEDS").ok()?;
    let ranges = text.split(',').map(|part| seeds(part.trim()));
    let ranges: Option<Vec<_>> = ranges.collect();
    Some(ranges.unwrap_or_else(|| panic!("SIMULATION_SEEDS: `{text}` is not like `7,9` or `2000..50000`")))
}

fn seeds(text: &str) -> Option<Range<u64>> {
    let number = |text: &str| text.parse::<u64>().ok();
    match text.split_once("..") {
        Some((start, end)) => Some(number(start)?..number(end)?),
        None => number(text).map(|seed| seed..seed + 1),
    }
}

#[test]
fn no_schedule_breaks_a_promise() {
    let everyday = 0..A_FEW;
    run(asked_for()
        .unwrap_or_else(|| vec![everyday])
        .into_iter()
        .flatten());
}

/// Run it with `--release`. The seeds go on where those of every day end.
#[test]
#[ignore = "takes minutes: cargo test --release -p sync-core --test simulation -- --ignored million"]
fn no_schedule_of_a_million_breaks_a_promise() {
    run(A_FEW..A_FEW + 1_000_000);
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
