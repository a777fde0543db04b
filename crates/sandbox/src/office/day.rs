//! A day at the office: who is where from eight to six, as Teams would tell it.

use std::time::Duration;

use super::population::Office;
use crate::random::Random;
use crate::state::Said;

/// Eight in the morning to six in the evening.
const LENGTH: Duration = Duration::from_secs(10 * 3_600);

/// One change of one person's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayEvent {
    /// When, counted from eight in the morning.
    pub at: Duration,
    /// The person of the tenant.
    pub person: String,
    /// What Teams says from then on.
    pub presence: Said,
}

/// A schedule of a whole day. It follows from the office and a seed.
#[derive(Clone, Debug)]
pub struct Day {
    events: Vec<DayEvent>,
}

impl Day {
    /// The day of an office.
    ///
    /// At no time are more than half of the people in a state in which they must not be disturbed: meetings are spread,
    /// as meeting rooms are few.
    pub fn new(office: &Office, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let people = office
            .employees()
            .iter()
            .filter_map(|employee| employee.person.clone());
        let mut events = Vec::new();
        for (number, person) in people.enumerate() {
            events.extend(one_day(&person, number % 3, &mut random));
        }
        events.sort_by(|one, other| (one.at, &one.person).cmp(&(other.at, &other.person)));
        Self { events }
    }

    /// Everything that happens, in order.
    pub fn events(&self) -> &[DayEvent] {
        &self.events
    }

    /// How long the day is.
    pub fn length(&self) -> Duration {
        LENGTH
    }
}

/// The day has nine slots from nine o'clock on; a third of the people may meet in each slot.
fn one_day(person: &str, shift: usize, random: &mut Random) -> Vec<DayEvent> {
    let mut events = Vec::new();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mut say = |at: u64, availability: &str, activity: &str| {
        events.push(DayEvent {
            at: minutes(at),
            person: person.to_owned(),
            presence: Said::new(availability, activity),
        });
    };
    say(0, "Offline", "OffWork");
    if random.chance(4) {
        // On holiday: signed in nowhere, and out of office by the calendar, too.
        let presence = Said {
            out_of_office: true,
            ..Said::new("Offline", "OutOfOffice")
        };
        events.push(DayEvent {
            at: minutes(1),
            person: person.to_owned(),
            presence,
        });
        return events;
    }
    say(2 + random.below(58), "Available", "Available");
    for slot in 0..8_u64 {
        let start = 60 + slot * 60;
        let jitter = random.below(12);
        if slot == 3 {
            say(start + jitter, "Away", "Away");
            say(start + 40 + jitter, "Available", "Available");
            continue;
        }
        let may_meet = usize::try_from(slot).unwrap_or_default() % 3 == shift;
        match random.below(10) {
            0..=3 if may_meet => {
                say(start + jitter, "Busy", "InAMeeting");
                if random.chance(25) {
                    say(start + jitter + 12, "DoNotDisturb", "Presenting");
                    say(start + jitter + 22, "Busy", "InAMeeting");
                }
                say(start + jitter + 35, "Available", "Available");
            }
            4 | 5 if may_meet => {
                say(
                    start + jitter,
                    "Busy",
                    if random.chance(20) {
                        "InAConferenceCall"
                    } else {
                        "InACall"
                    },
                );
                say(start + jitter + 5 + random.below(20), "Available", "Available");
            }
            6 if may_meet => {
                say(start + jitter, "DoNotDisturb", "DoNotDisturb");
                say(start + jitter + 30, "Available", "Available");
            }
            7 => {
                say(start + jitter, "BeRightBack", "BeRightBack");
                say(start + jitter + 10, "Available", "Available");
            }
            8 => {
                say(start + jitter, "AvailableIdle", "Available");
                say(start + jitter + 8, "Away", "Away");
                say(start + jitter + 15, "Available", "Available");
            }
            9 => {
                say(start + jitter, "Busy", "Busy");
                say(start + jitter + 25, "Available", "Available");
            }
            _ => {}
        }
    }
    say(560 + random.below(35), "Offline", "OffWork");
    events
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_day_follows_from_its_seed_and_runs_forward() {
        let office = Office::new(40, 1);
        assert_eq!(Day::new(&office, 5).events(), Day::new(&office, 5).events());
        assert_ne!(Day::new(&office, 5).events(), Day::new(&office, 6).events());
        let day = Day::new(&office, 5);
        assert!(day.events().windows(2).all(|pair| pair[0].at <= pair[1].at));
        assert!(day.events().iter().all(|event| event.at <= day.length()));
    }

    #[test]
    fn never_more_than_half_of_the_people_must_not_be_disturbed() {
        for (members, seed) in [(25, 1), (25, 2), (200, 3), (200, 4)] {
            let office = Office::new(members, seed);
            let mut now: BTreeMap<&str, bool> = BTreeMap::new();
            for event in Day::new(&office, seed).events() {
                let Said {
                    availability,
                    activity,
                    ..
                } = &event.presence;
                let silent = availability == "DoNotDisturb" || activity.starts_with("InA");
                now.insert(&event.person, silent);
                let silent = now.values().filter(|silent| **silent).count();
                assert!(silent * 2 <= members, "{silent} of {members} at {:?}", event.at);
            }
        }
    }
}
