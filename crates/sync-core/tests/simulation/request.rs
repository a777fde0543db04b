//! A request from its start to its answer: what it finds, what it changes, and what goes wrong on the way.

use std::time::Duration;

use futures_util::FutureExt;
use sync_core::{
    Effect, Event, Fault, Field, Lease, LedgerCommit, LedgerPort, PortError, RequestId, SeatClaim, Value,
    Write, Written,
};

use crate::daemon::{TIME_OUT, seats_of};
use crate::op::{DaemonId, Fate, Kind, Said, Trouble};
use crate::pbx::person_of;
use crate::troubles::failed;
use crate::world::{Happening, World};

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
    /// How many users of the tenant carry each person's address.
    Carriers(Vec<(i64, usize)>),
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
                return self.go_on_after(daemon, stale(seconds), Step::Serve(effect, None));
            }
            Some(Trouble::LostAnswer | Trouble::BrokenAnswer | Trouble::Late(_) | Trouble::Stale(_))
            | None => None,
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

    pub(crate) fn go_on_after(&mut self, daemon: DaemonId, after: Duration, step: Step) {
        let life = self.daemons[daemon].life;
        self.queue(after, Happening::Request { daemon, life, step });
    }

    pub(crate) fn answer(&mut self, daemon: DaemonId, after: Duration, event: Event, learned: Learned) {
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
                let (after, fails) = self.answer_after(trouble);
                let result = if stored && !fails {
                    Ok(vec![])
                } else {
                    Err(state())
                };
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
                if seats.is_ok() {
                    self.oracle.counted_seats(seats_of(&claim.licence));
                }
                let (after, fails) = self.answer_after(trouble);
                let result = if fails { Err(state()) } else { seats };
                self.answer(
                    daemon,
                    after,
                    Event::SeatsTaken { request, result },
                    Learned::Nothing,
                );
            }
        }
    }

    /// When what was done is answered, and whether the answer is that it failed.
    fn answer_after(&mut self, trouble: Option<Trouble>) -> (Duration, bool) {
        let after = self.latency();
        match trouble {
            Some(Trouble::Stale(seconds)) => (stale(seconds), false),
            _ => (after, trouble.is_some()),
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

    /// The answer reaches the machine of its daemon, which takes it in unless the machine sleeps.
    fn arrive(&mut self, daemon: DaemonId, event: Event, learned: Learned) {
        self.answers += 1;
        if self.daemons[daemon].suspended_until.is_some() {
            self.daemons[daemon].inbox.push((event, learned));
        } else {
            self.take_in(daemon, event, learned);
        }
    }

    /// The daemon takes an answer in. What it says is known from now on.
    pub(crate) fn take_in(&mut self, daemon: DaemonId, event: Event, learned: Learned) {
        match learned {
            Learned::Nothing => {}
            Learned::Values(values) => self.oracle.learned(daemon, &values),
            Learned::Carriers(carriers) => self.oracle.looked_up(daemon, &carriers),
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
        self.step(daemon, event);
        self.oracle.nobody_fights_unsaid(daemon);
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

pub(crate) fn written(request: RequestId, result: Result<Written, PortError>) -> Event {
    Event::Written { request, result }
}

/// How long an answer takes that is slow, but not so slow that it is not waited for.
pub(crate) fn stale(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(TIME_OUT - Duration::from_millis(100))
}

fn state() -> PortError {
    PortError::new(Fault::State, "store")
}

pub(crate) fn not_found() -> PortError {
    PortError::new(Fault::NotFound, "find the user")
}
