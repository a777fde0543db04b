//! The simulated office: its servers, its day, and what their own state says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use presence_mapping::Presence;
use sandbox::{Author, Day, DayEvent, Except, License, Operation, Options, Record, Said, Sandbox, Subject};
use sync_core::Address;

use super::clock::DayTime;
use super::stage::{Change, Desk, Scene};
use super::summary::{Calls, Summary};
use crate::failure::Failure;

/// One day is shown as often as one likes, and is always the same.
const SEED: u64 = 42;
/// With more people than these nobody's phone configuration is read but to change it.
const READ_BACK: usize = 1_000;
/// How many changes are marked as new in a scene.
const FRESH: usize = 5;

/// The office.
#[derive(Debug)]
pub(super) struct Office {
    sandbox: Sandbox,
    day: Vec<DayEvent>,
    /// How many events of the day have happened.
    happened: usize,
    /// PBX user, name and person of each member.
    members: Vec<(i64, String, Option<String>)>,
    names: BTreeMap<i64, String>,
    people: BTreeMap<i64, String>,
    silenced: BTreeSet<i64>,
    /// How many records of the history were seen.
    seen: usize,
    by_program: [usize; 2],
    fresh: Vec<i64>,
    except: Except,
}

impl Office {
    /// Starts the servers, at eight in the morning.
    pub(super) async fn open(members: u32) -> Result<Self, Failure> {
        let company = sandbox::Office::new(usize::try_from(members).unwrap_or(usize::MAX), SEED);
        let day = Day::new(&company, SEED).events().to_vec();
        let employees = company.employees().iter().filter(|employee| employee.member);
        let members: Vec<_> = employees
            .map(|one| (one.pbx_user, one.name.clone(), one.person.clone()))
            .collect();
        let names = company
            .employees()
            .iter()
            .map(|one| (one.pbx_user, one.name.clone()))
            .collect();
        let people = members
            .iter()
            .filter_map(|(user, _, person)| Some((*user, person.clone()?)))
            .collect();
        let starting = Sandbox::builder().office(company).start().await;
        let sandbox = starting
            .map_err(|error| Failure::new(error).while_doing("cannot start the simulated servers"))?;
        let silenced = sandbox
            .pbx()
            .users()
            .into_iter()
            .filter(|user| user.dnd)
            .map(|user| user.id)
            .collect();
        let mut office = Self {
            sandbox,
            day,
            happened: 0,
            members,
            names,
            people,
            silenced,
            seen: 0,
            by_program: [0; 2],
            fresh: Vec::new(),
            except: Except::default(),
        };
        office.advance(DayTime::default());
        office.happened_before_work();
        Ok(office)
    }

    /// What was so when the day began is no change of the day.
    fn happened_before_work(&mut self) {
        self.day.drain(..self.happened);
        self.happened = 0;
    }

    /// Writes the configuration for a daemon that keeps up with the fast motion.
    pub(super) fn configure(&self, folder: &Path, license: License) -> Result<PathBuf, Failure> {
        let read_back = if self.members.len() <= READ_BACK {
            "30s"
        } else {
            "0s"
        };
        let options = Options {
            poll_interval: "200ms".to_owned(),
            roster_interval: "10s".to_owned(),
            readback_interval: read_back.to_owned(),
            // In fast motion everybody comes and goes at once, which is what the breaker is there to hold.
            sync: "pbx_concurrency = 8\nbreaker = { share = 1.0, at_least = 1000, confirm_for = \"1s\" }"
                .to_owned(),
            license: Some(license),
            ..Options::default()
        };
        let written = self.sandbox.write_configuration(folder, &options);
        written.map_err(|error| Failure::new(error).while_doing("cannot write the configuration"))
    }

    pub(super) fn members(&self) -> usize {
        self.members.len()
    }

    /// What happens to members from now on: when, to which PBX user, and what Teams says then.
    pub(super) fn events(&self) -> impl Iterator<Item = (Duration, i64, Presence)> {
        let users: BTreeMap<&String, i64> =
            self.people.iter().map(|(user, person)| (person, *user)).collect();
        let presence = |said: &Said| format!("{}/{}", said.availability, said.activity).parse().ok();
        self.day
            .iter()
            .filter_map(move |event| Some((event.at, *users.get(&event.person)?, presence(&event.presence)?)))
    }

    /// Lets everything happen that has happened by this time of the day.
    pub(super) fn advance(&mut self, clock: DayTime) {
        while let Some(event) = self
            .day
            .get(self.happened)
            .filter(|event| event.at <= clock.into_duration())
        {
            self.sandbox
                .tenant()
                .set_presence(&event.person, event.presence.clone());
            self.happened += 1;
        }
    }

    /// A member turns DND on at the phone. From then on the judge leaves it out, for the choice is the member's.
    pub(super) fn silence_by_hand(&mut self, user: i64) {
        self.sandbox.pbx().set_dnd_by_human(user, true);
        self.except.dnd.insert(user);
    }

    /// The address of a PBX user.
    pub(super) fn address(&self, user: i64) -> Option<Address> {
        self.sandbox.pbx().user(user)?.email.parse().ok()
    }

    pub(super) fn is_silenced(&self, user: i64) -> bool {
        self.sandbox.pbx().user(user).is_some_and(|user| user.dnd)
    }

    /// What changed in the PBX since this was last asked.
    pub(super) fn changes(&mut self, clock: DayTime) -> Vec<Change> {
        let history = self.sandbox.history();
        let new = &history[self.seen.min(history.len())..];
        self.seen = history.len();
        self.fresh.extend(new.iter().map(|record| record.user));
        self.fresh.drain(..self.fresh.len().saturating_sub(FRESH));
        let mut changes = Vec::with_capacity(new.len());
        for record in new {
            if record.subject == Subject::Dnd {
                let _ = if record.to == "true" {
                    self.silenced.insert(record.user)
                } else {
                    self.silenced.remove(&record.user)
                };
            }
            match (record.author, record.subject) {
                (Author::Program, Subject::Dnd) => self.by_program[0] += 1,
                (Author::Program, Subject::Chat) => self.by_program[1] += 1,
                // Whatever else a program changes is the judge's business.
                (Author::Program, Subject::Phone) | (Author::Human, _) => {}
            }
            changes.push(self.change(record, clock));
        }
        changes
    }

    fn change(&self, record: &Record, clock: DayTime) -> Change {
        let word = |value: &str| match (record.subject, value) {
            (Subject::Dnd, "true") => "on".to_owned(),
            (Subject::Dnd, _) => "off".to_owned(),
            (Subject::Chat, status) => chat_word(status),
            (Subject::Phone, value) => value.to_owned(),
        };
        Change {
            kind: "change",
            clock,
            by: if record.author == Author::Program {
                "sync"
            } else {
                "human"
            },
            pbx_user: record.user,
            name: self.names.get(&record.user).cloned().unwrap_or_default(),
            presence: self.presence(self.people.get(&record.user)),
            field: match record.subject {
                Subject::Dnd => "dnd",
                Subject::Chat => "chat",
                Subject::Phone => "phone",
            },
            from: word(&record.from),
            to: word(&record.to),
        }
    }

    fn presence(&self, person: Option<&String>) -> String {
        let Some(person) = person else {
            return "-".to_owned();
        };
        let said = self
            .sandbox
            .tenant()
            .person(person)
            .and_then(|person| person.presence);
        said.map_or_else(
            || "-".to_owned(),
            |said| format!("{}/{}", said.availability, said.activity),
        )
    }

    /// The office now, with the first `rows` people in detail.
    pub(super) fn scene(&self, clock: DayTime, rows: usize) -> Scene {
        let desks = self.members.iter().take(rows).filter_map(|(user, name, person)| {
            let state = self.sandbox.pbx().user(*user)?;
            let presence = self.presence(person.as_ref());
            let fresh = self.fresh.contains(user);
            Some(Desk {
                name: name.clone(),
                presence,
                dnd: state.dnd,
                chat: chat_word(&state.chat),
                fresh,
            })
        });
        let members: usize = self
            .members
            .iter()
            .filter(|(user, ..)| self.silenced.contains(user))
            .count();
        Scene {
            clock,
            people: self.members.len(),
            silenced: members,
            changes: self.by_program.iter().sum(),
            desks: desks.collect(),
        }
    }

    /// What the servers' own state says is not as it has to be.
    pub(super) fn differences(&self) -> Vec<String> {
        let verdict = self.sandbox.judge(&self.except);
        let name = |user| self.names.get(user).map_or("", String::as_str);
        verdict
            .differences
            .iter()
            .map(|difference| format!("{}: {difference}", name(&difference.user)))
            .collect()
    }

    /// What the servers know of the day: all of the summary but what only the daemon knows.
    pub(super) fn summary(&mut self) -> Summary {
        let mut summary = Summary::new(self.members.len());
        summary.people_changes = self.happened;
        [summary.changes.dnd, summary.changes.chat] = self.by_program;
        summary.calls = self.calls();
        summary.differences = self.differences();
        summary.converged = summary.differences.is_empty();
        summary
    }

    /// Calls for presence since the start.
    pub(super) fn presence_calls(&self) -> u64 {
        self.sandbox.counters().of(Operation::Presence)
    }

    fn calls(&self) -> Calls {
        let mut calls = Calls::default();
        for (operation, _, number) in self.sandbox.counters().all() {
            let side = if operation.is_pbx() {
                &mut calls.pbx
            } else {
                &mut calls.graph
            };
            *side.entry(operation.to_string()).or_default() += number;
        }
        calls
    }

    pub(super) async fn close(self) {
        self.sandbox.stop().await;
    }
}

/// The module's `DO_NOT_DISTURB` as this project writes it.
fn chat_word(status: &str) -> String {
    status.to_ascii_lowercase().replace('_', "-")
}
