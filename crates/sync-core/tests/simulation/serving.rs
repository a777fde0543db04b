//! The other side serves a request: what it finds there, and what it changes.

use std::time::Duration;

use sync_core::{Effect, Event, Fault, Field, PortError, RequestId, Value, Write, Written};

use crate::daemon::TIME_OUT;
use crate::op::{DaemonId, Trouble};
use crate::pbx::{person_of, presence};
use crate::request::{Learned, Step, not_found, stale, written};
use crate::troubles::broken;
use crate::world::{Happening, World, name};

impl World {
    pub(crate) fn serve(&mut self, daemon: DaemonId, effect: Effect, trouble: Option<Trouble>) {
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
                let people = addresses.iter().filter_map(person_of);
                let carriers = people.map(|person| (person, self.tenant.ids_of(person).len()));
                let learned = Learned::Carriers(carriers.collect());
                (Event::LookedUp { request, result }, learned)
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
            Some(Trouble::Stale(seconds)) => (event, learned, stale(seconds)),
            _ => (event, learned, after),
        };
        self.answer(daemon, after, event, learned);
    }

    /// The write's own reading: the precondition is tested.
    pub(crate) fn test(
        &mut self,
        daemon: DaemonId,
        request: RequestId,
        write: Write,
        trouble: Option<Trouble>,
    ) {
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

    pub(crate) fn put(
        &mut self,
        daemon: DaemonId,
        request: RequestId,
        write: Write,
        trouble: Option<Trouble>,
    ) {
        let after = self.latency();
        let user = self.pbx.users.get(&write.user.0);
        if user.is_none_or(|user| user.login != write.login) {
            let gone = written(request, Err(not_found()));
            return self.answer(daemon, after, gone, Learned::Written(write, None));
        }
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
                let after = match trouble {
                    Some(Trouble::Stale(seconds)) => stale(seconds),
                    _ => after,
                };
                (written(request, Ok(applied)), after, Some(applied))
            }
        };
        if !matches!(trouble, Some(Trouble::Late(_))) {
            self.land(daemon, &write, false);
        }
        self.answer(daemon, after, event, Learned::Written(write, result));
    }

    /// Another product puts back what stood there before us.
    fn provoke(&mut self, user: i64, before: Value, now: Value) {
        let left = self.rivals.get(&user).copied().unwrap_or_default();
        if now.field() == Field::Dnd && before != now && left > 0 {
            self.rivals.insert(user, left - 1);
            let happening = Happening::Rival { user, value: before };
            self.queue(Duration::from_secs(2), happening);
        }
    }

    /// A PUT takes effect.
    pub(crate) fn land(&mut self, daemon: DaemonId, write: &Write, stray: bool) {
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
        self.oracle.landed(daemon, write, before, stray);
        self.provoke(write.user.0, before, write.to);
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
}
