//! Failures as a daemon hears of them.

use sync_core::{Effect, Event, Fault, PortError};

use crate::op::Said;
use crate::request::{Learned, written};

/// The event that tells of a failure, and what is learned by it.
pub(crate) fn failed(effect: &Effect, error: PortError) -> (Event, Learned) {
    match effect {
        Effect::ReadRoster { request } => (
            Event::RosterRead {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::LookUp { request, .. } => (
            Event::LookedUp {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::ReadPresences { request, ids } => {
            let people = ids.iter().filter_map(|id| id.as_str().parse().ok());
            let said = people.map(|person| (person, Said::Silent)).collect();
            (
                Event::PresencesRead {
                    request: *request,
                    result: Err(error),
                },
                Learned::Said(*request, said),
            )
        }
        Effect::ReadDnd { request, .. } => (
            Event::DndRead {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::ReadChat { request, .. } => (
            Event::ChatRead {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::Write { request, write } => (
            written(*request, Err(error)),
            Learned::Written(write.clone(), None),
        ),
        Effect::Commit { request, .. } => (
            Event::Committed {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::TakeSeats { request, .. } => (
            Event::SeatsTaken {
                request: *request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        Effect::Report(_) => (Event::Tick, Learned::Nothing),
    }
}

/// A good answer that never arrives.
pub(crate) fn broken(event: Event, learned: &Learned) -> (Event, Learned) {
    let error = PortError::new(Fault::Unreachable, "hear the answer");
    let silent = |said: &[(i64, Said)]| said.iter().map(|(person, _)| (*person, Said::Silent)).collect();
    match (event, learned) {
        (Event::PresencesRead { request, .. }, Learned::Said(_, said)) => (
            Event::PresencesRead {
                request,
                result: Err(error),
            },
            Learned::Said(request, silent(said)),
        ),
        (Event::RosterRead { request, .. }, _) => (
            Event::RosterRead {
                request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        (Event::LookedUp { request, .. }, _) => (
            Event::LookedUp {
                request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        (Event::DndRead { request, .. }, _) => (
            Event::DndRead {
                request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        (Event::ChatRead { request, .. }, _) => (
            Event::ChatRead {
                request,
                result: Err(error),
            },
            Learned::Nothing,
        ),
        (event, _) => (event, Learned::Nothing),
    }
}
