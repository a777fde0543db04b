//! A failing schedule is made short: operations are dropped as long as it still fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::op::{Op, Schedule};
use crate::world::World;

/// So many shorter schedules are tried at most.
const TRIES: usize = 2_000;

/// Runs a schedule; a panic is a failure like any other.
pub(crate) fn failure(schedule: &Schedule) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        World::new(&schedule.setup, false).run(schedule)
    }));
    match ran {
        Ok(failures) => failures.into_iter().next(),
        Err(_) => Some("the simulation panicked".to_owned()),
    }
}

pub(crate) fn shrink(schedule: &Schedule) -> Schedule {
    let mut shortest = schedule.clone();
    let mut tries = 0;
    let mut size = shortest.ops.len() / 2;
    while size > 0 && tries < TRIES {
        let mut start = 0;
        let mut dropped = false;
        while start < shortest.ops.len() && tries < TRIES {
            let mut shorter = shortest.clone();
            let end = (start + size).min(shorter.ops.len());
            shorter.ops.drain(start..end);
            tries += 1;
            if failure(&shorter).is_some() {
                shortest = shorter;
                dropped = true;
            } else {
                start += size;
            }
        }
        if !dropped {
            size /= 2;
        }
    }
    fewer_people(shortest)
}

fn fewer_people(mut schedule: Schedule) -> Schedule {
    while schedule.setup.people > 1 {
        let mut smaller = schedule.clone();
        smaller.setup.people -= 1;
        let concerns =
            |op: &Op| matches!(op, Op::Teams(id, _) | Op::Human(id, _) if *id > smaller.setup.people);
        if smaller.ops.iter().any(concerns) || failure(&smaller).is_none() {
            break;
        }
        schedule = smaller;
    }
    schedule
}
