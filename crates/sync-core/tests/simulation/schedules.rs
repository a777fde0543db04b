//! The random schedules.

use crate::generate::schedule;
use crate::script::parse;
use crate::shrink::{failure, shrink};

/// So many run with the other tests.
const A_FEW: u64 = 3_000;

fn run(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let case = schedule(seed);
        if failure(&case).is_some() {
            let short = shrink(&case);
            let why = failure(&short).unwrap_or_default();
            let story = crate::golden::whole_story(&short);
            panic!("seed {seed}: {why}\nkeep this as a scenario:\n{short}\nits story:\n{story}");
        }
    }
}

#[test]
fn no_schedule_breaks_a_promise() {
    run(0..A_FEW);
}

/// Run it with `--release`. The seeds go on where those of every day end.
#[test]
#[ignore = "takes minutes: cargo test --release -p sync-core --test simulation -- --ignored million"]
fn no_schedule_of_a_million_breaks_a_promise() {
    const HALF: u64 = 500_000;
    std::thread::scope(|scope| {
        scope.spawn(|| run(A_FEW..A_FEW + HALF));
        scope.spawn(|| run(A_FEW + HALF..A_FEW + 2 * HALF));
    });
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
