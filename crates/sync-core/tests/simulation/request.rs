//! A request from its start to its answer: what it finds, what it changes, and what goes wrong on the way.

use std::time::Duration;

use futures_util::FutureExt;
use sync_core::{
    Effect, Event, Fault, Field, Lease, LedgerCommit, LedgerPort, PortError, RequestId, SeatClaim, Value,
    Write, Written,
};

use crate::daemon::TIME_OUT;
use crate::op::{DaemonId, Fate, Kind, Said, Trouble};
use crate::pbx::{person_of, presence};
use crate::world::{Happening, World, name};

/// Where a request stands.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// It arrives and is served.
    Serve(Effect, Option<Trouble>),
    /// A write has tested its precondition, and its PUT arrives.
    Put {
        request: RequestId,
        write: Write,
        trouble: Option<Trouble>,
    },
    /// A PUT whose daemon knows nothing of it any more takes effect.
    Stray(Write),
    Store {
        request: RequestId,
        commit: LedgerCommit,
        trouble: Option<Trouble>,
    },
    Count {
        request: RequestId,
        claim: SeatClaim,
        trouble: Option<Trouble>,
    },
    /// The answer arrives, and with it what the judge has to know of it.
    Answer(Event, Learned),
    /// The same, for an answer that asks to slow down for so long.
    SlowDown(Event, Learned, Kind, Duration),
}

/// What a daemon learns by an answer.
#[derive(Clone, Debug)]
pub(crate) enum Learned {
    Nothing,
    Values(Vec<(i64, Value)>),
    Said(RequestId, Vec<(i64, Said)>),
    Roster,
    Written(Write, Option<Written>),
}

impl World {
    /// Starts what an engine asks for.
    pub(crate) fn start(&mut self, daemon: DaemonId, effect: Effect) {
        let kind = match &effect {
            Effect::ReadRoster { .. } => Kind::Roster,
            Effect::LookUp { .. } => Kind::Directory,
            Effect::ReadPresences { .. } => Kind::Presence,
            Effect::ReadDnd { .. } => Kind::ReadDnd,
            Effect::ReadChat { .. } => Kind::ReadChat,
            Effect::Write { write, .. } if write.to.field() == Field::Dnd => Kind::WriteDnd,
            Effect::Write { .. } => Kind::WriteChat,
            _ => Kind::Ledger,
        };
        if let Effect::Write { request, write } = &effect {
            if !self.daemons[daemon].may_write(self.now) {
                let error = PortError::new(Fault::State, "write: the lease may have run out");
                let learned = Learned::Written(write.clone(), None);
                self.oracle.disturbed(Duration::ZERO);
                return self.answer(daemon, Duration::ZERO, written(*request, Err(error)), learned);
            }
            self.oracle.write_started(daemon, write);
        }
        if let Effect::Commit { commit, .. } = &effect {
            self.oracle.commits(daemon, commit);
        }
        self.oracle.called(daemon, kind);
        let trouble = self.next_trouble(kind);
        if let (
            Some(Trouble::NotFound),
            Effect::ReadDnd { user, .. }
            | Effect::Write {
                write: Write { user, .. },
                ..
            },
        ) = (trouble, &effect)
            && self.pbx.hidden.contains(&user.0)
        {
            // Neither the list of users nor the user's own page shows this user: nobody can know better.
            self.oracle.slots.doubt(user.0);
        }
        let latency = self.latency();
        let step = match effect {
            Effect::Commit { request, commit } => Step::Store {
                request,
                commit,
                trouble,
            },
            Effect::TakeSeats { request, claim } => Step::Count {
                request,
                claim,
                trouble,
            },
            other => return self.send(daemon, latency, other, kind, trouble),
        };
        self.go_on_after(daemon, latency, step);
    }

    fn send(
        &mut self,
        daemon: DaemonId,
        latency: Duration,
        effect: Effect,
        kind: Kind,
        trouble: Option<Trouble>,
    ) {
        let fault = match trouble {
            Some(Trouble::Lost) => Some((Fault::Unreachable, TIME_OUT)),
            Some(Trouble::Throttled(seconds)) => {
                let retry_after = seconds.map(Duration::from_secs);
                Some((Fault::Throttled { retry_after }, latency))
            }
            Some(Trouble::Server) => Some((Fault::Server, latency)),
            Some(Trouble::NotFound) => Some((Fault::NotFound, latency)),
            Some(Trouble::Refused) => Some((Fault::Credentials, latency)),
            Some(Trouble::Slow(seconds)) => {
                let after = Duration::from_secs(seconds).min(TIME_OUT - Duration::from_millis(100));
                return self.go_on_after(daemon, after, Step::Serve(effect, None));
            }
            Some(Trouble::LostAnswer | Trouble::BrokenAnswer | Trouble::Late(_)) | None => None,
        };
        match fault {
            Some((fault, after)) => {
                let (event, learned) = failed(&effect, PortError::new(fault, "do it"));
                let step = match fault {
                    Fault::Throttled {
                        retry_after: Some(wait),
                    } => Step::SlowDown(event, learned, kind, wait),
                    _ => Step::Answer(event, learned),
                };
                self.go_on_after(daemon, after, step);
            }
            None => self.go_on_after(daemon, latency, Step::Serve(effect, trouble)),
        }
    }

    fn go_on_after(&mut self, daemon: DaemonId, after: Duration, step: Step) {
        let life = self.daemons[daemon].life;
        self.queue(after, Happening::Request { daemon, life, step });
    }

    fn answer(&mut self, daemon: DaemonId, after: Duration, event: Event, learned: Learned) {
        self.go_on_after(daemon, after, Step::Answer(event, learned));
    }

    pub(crate) fn go_on(&mut self, daemon: DaemonId, life: u64, step: Step) {
        match step {
            Step::Stray(write) => self.land(daemon, &write, true),
            _ if self.daemons[daemon].life != life => {}
            Step::Answer(event, learned) => self.arrive(daemon, event, learned),
            Step::SlowDown(event, learned, kind, wait) => {
                self.oracle.throttled(daemon, kind, wait);
                self.arrive(daemon, event, learned);
            }
            Step::Serve(effect, trouble) => self.serve(daemon, effect, trouble),
            Step::Put {
                request,
                write,
                trouble,
            } => self.put(daemon, request, write, trouble),
            Step::Store {
                request,
                commit,
                trouble,
            } => {
                let lease = self.daemons[daemon].lease.clone();
                let stored = trouble != Some(Trouble::Lost) && self.store(lease.as_ref(), &commit);
                let result = if stored && trouble.is_none() {
                    Ok(vec![])
                } else {
                    Err(state())
                };
                let after = self.latency();
                self.answer(
                    daemon,
                    after,
                    Event::Committed { request, result },
                    Learned::Nothing,
                );
            }
            Step::Count {
                request,
                claim,
                trouble,
            } => {
                let lease = self.daemons[daemon].lease.clone().unwrap();
                let seats = self.ledger.take_seats(&lease, &claim).now_or_never().unwrap();
                let result = if trouble.is_some() { Err(state()) } else { seats };
                let after = self.latency();
                self.answer(
                    daemon,
                    after,
                    Event::SeatsTaken { request, result },
                    Learned::Nothing,
                );
            }
        }
    }

    fn store(&mut self, lease: Option<&Lease>, commit: &LedgerCommit) -> bool {
        let Some(lease) = lease else { return false };
        let stored = self.ledger.commit(lease, commit).now_or_never().unwrap().is_ok();
        if stored {
            self.oracle.stored(commit);
        }
        stored
    }

    fn serve(&mut self, daemon: DaemonId, effect: Effect, trouble: Option<Trouble>) {
        let after = self.latency();
        let (event, learned) = match effect {
            Effect::ReadRoster { request } => (
                Event::RosterRead {
                    request,
                    result: Ok(self.pbx.roster()),
                },
                Learned::Roster,
            ),
            Effect::LookUp { request, addresses } => {
                let result = Ok(self.tenant.carriers(&addresses));
                (Event::LookedUp { request, result }, Learned::Nothing)
            }
            Effect::ReadPresences { request, ids } => {
                let people = ids.iter().filter_map(|id| id.as_str().parse().ok());
                let said: Vec<_> = people.map(|person| (person, self.tenant.said(person))).collect();
                let result = Ok(said.iter().map(|(_, said)| presence(*said)).collect());
                (
                    Event::PresencesRead { request, result },
                    Learned::Said(request, said),
                )
            }
            Effect::ReadDnd { request, user } => match self.pbx.users.get(&user.0) {
                Some(found) => {
                    self.oracle.read(user.0, Value::Dnd(found.dnd));
                    let learned = Learned::Values(vec![(user.0, Value::Dnd(found.dnd))]);
                    (
                        Event::DndRead {
                            request,
                            result: Ok(found.dnd),
                        },
                        learned,
                    )
                }
                None => (
                    Event::DndRead {
                        request,
                        result: Err(not_found()),
                    },
                    Learned::Nothing,
                ),
            },
            Effect::ReadChat { request, users } => {
                let known = users
                    .iter()
                    .filter_map(|user| Some((*user, self.pbx.users.get(&user.0)?.chat)));
                let read: Vec<_> = known.collect();
                for (user, chat) in &read {
                    self.oracle.read(user.0, Value::Chat(*chat));
                }
                let learned = read
                    .iter()
                    .map(|(user, chat)| (user.0, Value::Chat(*chat)))
                    .collect();
                (
                    Event::ChatRead {
                        request,
                        result: Ok(read),
                    },
                    Learned::Values(learned),
                )
            }
            Effect::Write { request, write } => return self.test(daemon, request, write, trouble),
            _ => return,
        };
        let (event, learned, after) = match trouble {
            Some(Trouble::LostAnswer | Trouble::BrokenAnswer | Trouble::Late(_)) => {
                let (event, learned) = broken(event, &learned);
                (event, learned, TIME_OUT)
            }
            _ => (event, learned, after),
        };
        self.answer(daemon, after, event, learned);
    }

    /// The write's own reading: the precondition is tested.
    fn test(&mut self, daemon: DaemonId, request: RequestId, write: Write, trouble: Option<Trouble>) {
        let after = self.latency();
        let user = self
            .pbx
            .users
            .get(&write.user.0)
            .filter(|user| user.login == write.login);
        let found = user.map(|user| user.value(write.to.field()));
        let outcome = match found {
            None => Err(not_found()),
            Some(found) if found == write.to => Ok(Written::AlreadyEqual),
            Some(found) if found != write.from => Ok(Written::Conflict { found }),
            Some(found) => {
                self.oracle.put_sent(daemon, &write, found);
                return self.go_on_after(
                    daemon,
                    after,
                    Step::Put {
                        request,
                        write,
                        trouble,
                    },
                );
            }
        };
        let learned = Learned::Written(write, outcome.as_ref().ok().copied());
        self.answer(daemon, after, written(request, outcome), learned);
    }

    fn put(&mut self, daemon: DaemonId, request: RequestId, write: Write, trouble: Option<Trouble>) {
        let after = self.latency();
        let unknown = |fault| written(request, Err(PortError::new(fault, "hear the answer")));
        let before = write.from;
        let (event, after, result) = match trouble {
            Some(Trouble::Late(seconds)) => {
                let life = self.daemons[daemon].life;
                let step = Step::Stray(write.clone());
                self.queue(
                    TIME_OUT + Duration::from_secs(seconds),
                    Happening::Request { daemon, life, step },
                );
                (unknown(Fault::Unreachable), TIME_OUT, None)
            }
            Some(Trouble::LostAnswer) => (unknown(Fault::Unreachable), TIME_OUT, None),
            Some(Trouble::BrokenAnswer) => (unknown(Fault::Server), after, None),
            _ => {
                let applied = Written::Applied { before };
                (written(request, Ok(applied)), after, Some(applied))
            }
        };
        if !matches!(trouble, Some(Trouble::Late(_))) {
            self.land(daemon, &write, false);
        }
        self.answer(daemon, after, event, Learned::Written(write, result));
    }

    /// A PUT takes effect.
    fn land(&mut self, daemon: DaemonId, write: &Write, stray: bool) {
        let Some(user) = self
            .pbx
            .users
            .get_mut(&write.user.0)
            .filter(|user| user.login == write.login)
        else {
            return;
        };
        let before = user.value(write.to.field());
        user.set(write.to);
        self.oracle.landed(write, before, stray);
        let late = if stray { ", late" } else { "" };
        self.tell(|| {
            format!(
                "PBX: {} of {}: {before} -> {} ({}{late})",
                write.to.field(),
                write.user,
                write.to,
                name(daemon)
            )
        });
    }

    /// The answer reaches its daemon.
    fn arrive(&mut self, daemon: DaemonId, event: Event, learned: Learned) {
        self.answers += 1;
        match learned {
            Learned::Nothing => {}
            Learned::Values(values) => self.oracle.learned(&values),
            Learned::Said(request, said) => self.oracle.heard(daemon, request, &said),
            Learned::Written(write, result) => self.oracle.write_ended(daemon, &write, result),
            Learned::Roster => {
                if let Event::RosterRead {
                    result: Ok(roster), ..
                } = &event
                {
                    self.oracle
                        .roster(daemon, roster, |user| user.address.as_ref().and_then(person_of));
                }
            }
        }
        if self.daemons[daemon].suspended_until.is_some() {
            self.daemons[daemon].inbox.push(event);
        } else {
            self.step(daemon, event);
        }
    }

    /// The daemon of a request died.
    pub(crate) fn cut(&mut self, daemon: DaemonId, step: Step, fate: Fate, store: Option<&Lease>) {
        let life = u64::MAX;
        match (step, fate) {
            (Step::Put { write, .. }, Fate::Landed) => self.land(daemon, &write, true),
            (Step::Put { write, .. }, Fate::Late(seconds)) => {
                let step = Step::Stray(write);
                self.queue(
                    Duration::from_secs(seconds),
                    Happening::Request { daemon, life, step },
                );
            }
            (Step::Stray(write), _) => {
                let step = Step::Stray(write);
                self.queue(
                    Duration::from_millis(500),
                    Happening::Request { daemon, life, step },
                );
            }
            (Step::Store { commit, .. }, _) => {
                self.store(store, &commit);
            }
            _ => {}
        }
    }
}

fn written(request: RequestId, result: Result<Written, PortError>) -> Event {
    Event::Written { request, result }
}

fn state() -> PortError {
    PortError::new(Fault::State, "store")
}

fn not_found() -> PortError {
    PortError::new(Fault::NotFound, "find the user")
}

/// The event that tells of a failure, and what is learned by it.
fn failed(effect: &Effect, error: PortError) -> (Event, Learned) {
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
fn broken(event: Event, learned: &Learned) -> (Event, Learned) {
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
