//! What has to follow when all faults are over: everything converges, and nothing of ours remains where it must not.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use sync_core::{AuditRange, ChatPresence, Event, Field, LedgerPort, Mode, Policy, Side, Value};

use crate::daemon::DRAIN;
use crate::fights::ALONE_FOR;
use crate::life::Life;
use crate::op::{DaemonId, Op, Paper, Said};
use crate::pbx::address;
use crate::slots::Slot;
use crate::world::World;

/// The longest back-offs, the confirmation of a doubted roster and of a burst, the release of the unknown, and the hour
/// for which a member is left alone whose DND goes back and forth are over.
const PATIENCE: Duration = Duration::from_secs(1_500 + 3_600);

impl World {
    /// Ends the faults and judges what follows.
    pub(crate) fn conclude(&mut self) {
        self.tell(|| "> the faults end".to_owned());
        self.faults.clear();
        self.down_until = self.now;
        self.pbx.empty = false;
        self.rivals.clear();
        self.wait_for_a_holder();
        if self.setup.seats.is_some() && !self.covered() {
            if self.setup.release_on_stop && !self.is_frozen() {
                self.wait_until("behind the shut gate", Self::nothing_is_ours_but_paused);
            }
            self.replace_licence(Paper::Seats(16));
        }
        self.stop_observing();
        if self
            .oracle
            .lives
            .iter()
            .flatten()
            .any(|life| life.told == Some(Mode::Releasing))
        {
            self.wait_until("after a release", |world, _| world.nothing_is_ours(|_| false));
        }
        if !self.oracle.failures.is_empty() {
            return;
        }
        self.resume();
        self.wait_until("at the end", World::everybody_is_in_line);
        // In line is where it stays.
        self.pass(
            Duration::from_secs(2 * self.setup.roster.max(self.setup.poll)),
            None,
        );
        self.wait_until("a while later", World::everybody_is_in_line);
        // Whoever is in line already has nothing to follow, so everybody goes away first.
        for said in [Said::Away, Said::InACall, Said::Available] {
            self.tell(|| format!("> everybody: {}", said.text()));
            let people: Vec<i64> = self.pbx.users.values().map(|user| user.person).collect();
            for person in people {
                if self.tenant.said(person).outcome().is_some() {
                    self.tenant.say(person, said);
                }
            }
            if said == Said::Away {
                let held = self.setup.confirm_for + self.setup.dnd_off_after + self.setup.poll + 10;
                self.pass(Duration::from_secs(held), None);
                self.wait_for_the_left_alone();
                self.wait_until(said.text(), World::everybody_is_in_line);
            } else {
                self.pass(Duration::from_secs(self.setup.poll + 1), None);
                self.wait_until(said.text(), World::everybody_follows);
            }
        }
        self.audit();
    }

    /// The operator has what was refused tried again, so that nothing is missed while it is kept back: what happens in that
    /// time is not made up for.
    fn try_again(&mut self) {
        if self.refused {
            self.tell(|| "> retry".to_owned());
            for daemon in self.listening() {
                let sides = vec![Side::Teams, Side::Pbx, Side::Module];
                self.step(daemon, Event::TryAgain { sides });
            }
        }
    }

    /// Ends every pause that does not end by itself.
    fn resume(&mut self) {
        self.tell(|| "> resume".to_owned());
        if self.oracle.clocks_agree {
            self.pass(self.oracle.last_end().saturating_sub(self.now), None);
        }
        self.perform(Op::Resume);
        for user in self.pbx.users.keys().copied().collect::<Vec<_>>() {
            let paused = |life| self.oracle.may_be_paused(life, user);
            if self.oracle.lives.iter().flatten().any(paused) {
                self.perform(Op::ResumeMember(user));
            }
        }
    }

    /// While an instance only observes nothing of it remains; then it works again.
    fn stop_observing(&mut self) {
        self.observe = false;
        if !self.oracle.lives.iter().flatten().any(|life| life.observes) {
            return;
        }
        if self.setup.release_on_stop && !self.is_frozen() {
            self.wait_until("while it observes", Self::nothing_is_ours_but_paused);
        }
        self.tell(|| "> observe no".to_owned());
        for daemon in [0, 1] {
            self.stop_daemon(daemon);
        }
        self.wait_for_a_holder();
    }

    /// The audit is what the PBX saw.
    fn audit(&mut self) {
        self.pass(Duration::from_secs(10), None);
        let everything = AuditRange::since(Timestamp::UNIX_EPOCH);
        let records = self.ledger.audit(&everything, usize::MAX).now_or_never();
        self.oracle.audited(&records.unwrap().unwrap());
    }

    /// Outcomes that pass while a member is left alone leave no trace, so that nobody follows what is the same again afterwards.
    fn wait_for_the_left_alone(&mut self) {
        let now = self.now;
        let alone = |life: &Life| life.members.keys().any(|user| life.may_be_left_alone(*user, now));
        // An hour is long; a few schedules sit it out for all.
        let patient = self.setup.jitter.is_multiple_of(16);
        if patient && self.oracle.lives.iter().flatten().any(alone) {
            self.pass(ALONE_FOR + Duration::from_secs(10), None);
        }
    }

    fn wait_for_a_holder(&mut self) {
        if self.daemons.iter().any(|daemon| daemon.suspended_until.is_some()) {
            self.pass(Duration::from_secs(61), None);
        }
        if self.daemons.iter().any(|daemon| daemon.draining) {
            self.pass(DRAIN + Duration::from_secs(1), None);
        }
        if self.daemons.iter().all(|daemon| !daemon.wanted) {
            self.start_daemon(0);
        }
        self.wait_until("with a daemon that is to run", |world, _| match world.holder() {
            Some(_) => None,
            None => Some("nobody has the lease".to_owned()),
        });
        self.try_again();
    }

    fn is_frozen(&self) -> bool {
        self.oracle
            .lives
            .iter()
            .flatten()
            .all(|life| !self.oracle.certainly_runs(life))
    }

    fn covered(&self) -> bool {
        let lives = self.oracle.lives.iter().flatten();
        let seats = lives.map(|life| usize::try_from(life.seats.unwrap_or_default()).unwrap());
        seats.min().is_some_and(|seats| seats >= self.pbx.group.len())
    }

    fn nothing_is_ours_but_paused(&self, holder: DaemonId) -> Option<String> {
        let life = self.oracle.lives[holder].as_ref()?;
        self.nothing_is_ours(|user| self.oracle.may_be_paused(life, user))
    }

    fn wait_until(&mut self, when: &str, wrong: impl Fn(&Self, DaemonId) -> Option<String>) {
        let end = self.now + PATIENCE;
        let judge = |world: &Self| match world.holder() {
            Some(holder) => wrong(world, holder),
            None => Some("nobody has the lease".to_owned()),
        };
        while let Some(what) = judge(self) {
            if !self.oracle.failures.is_empty() {
                return;
            }
            if self.now >= end {
                return self.oracle.fail(&format!("{when}: {what}"));
            }
            self.pass(Duration::from_secs(1), None);
        }
    }

    /// Nothing remains that is surely ours, but what nobody can put back, and what is to stay.
    fn nothing_is_ours(&self, stays: impl Fn(i64) -> bool) -> Option<String> {
        let left = |((user, _), slot): &(&(i64, Field), &Slot)| {
            slot.ours && slot.sure && restorable(slot) && !stays(*user)
        };
        self.oracle
            .slots
            .all()
            .find(left)
            .filter(|((_, field), _)| *field == Field::Dnd || self.setup.chat)
            .map(|((user, _), slot)| format!("{} of {user} is still ours", slot.value))
    }

    fn everybody_is_in_line(&self, holder: DaemonId) -> Option<String> {
        self.pbx
            .users
            .keys()
            .find_map(|user| self.out_of_line(holder, *user))
    }

    /// What is wrong with a member, where nobody but us can have caused it.
    fn out_of_line(&self, holder: DaemonId, user: i64) -> Option<String> {
        match self.outcome(holder, user) {
            Standing::Follows(said) => self.fields().find_map(|field| {
                let (found, wanted) = self.values(user, field, said)?;
                let slot = self.oracle.slots.find(user, field);
                let ours = slot.is_some_and(|slot| slot.ours && slot.sure);
                let leads = match field {
                    Field::Dnd => self.oracle.is(Policy::TeamsLeads),
                    // The user's own client overwrites it; nobody stands behind a user who is not signed in.
                    Field::Chat => self.setup.reassert > 0 && found != Value::Chat(ChatPresence::Unavailable),
                };
                (found != wanted && (ours || leads))
                    .then(|| format!("{field} of {user} is {found} and Teams says {}", said.text()))
            }),
            Standing::ToBeReleased => self
                .oracle
                .slots
                .surely_silenced(user)
                .then(|| format!("{user} is silenced by us, and nothing says that it is to be")),
            Standing::Open => None,
        }
    }

    /// After a change in Teams the last change wins, whoever set the value before.
    fn everybody_follows(&self, holder: DaemonId) -> Option<String> {
        self.pbx.users.keys().find_map(|user| {
            let Standing::Follows(said) = self.outcome(holder, *user) else {
                return None;
            };
            self.fields().find_map(|field| {
                let (found, wanted) = self.values(*user, field, said)?;
                let slot = self.oracle.slots.find(*user, field);
                let humans = self.oracle.is(Policy::OwnOnly)
                    && found.silences()
                    && slot.is_none_or(|slot| !slot.ours || !slot.sure);
                (found != wanted && !humans)
                    .then(|| format!("{field} of {user} is {found} after Teams said {}", said.text()))
            })
        })
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL
            .into_iter()
            .filter(|field| *field == Field::Dnd || self.setup.chat)
    }

    fn values(&self, user: i64, field: Field, said: Said) -> Option<(Value, Value)> {
        let (dnd, chat) = said.outcome()?;
        let wanted = match field {
            Field::Dnd => Value::Dnd(dnd),
            Field::Chat => Value::Chat(chat),
        };
        Some((self.pbx.users.get(&user)?.value(field), wanted))
    }

    fn outcome(&self, holder: DaemonId, user: i64) -> Standing {
        let Some(life) = &self.oracle.lives[holder] else {
            return Standing::Open;
        };
        let Some(found) = self.pbx.users.get(&user) else {
            return Standing::Open;
        };
        let released = if self.setup.release_on_stop {
            Standing::ToBeReleased
        } else {
            Standing::Open
        };
        if !self.pbx.group.contains(&user) || life.excludes(&address(found.person)) {
            return released;
        }
        if self.tenant.ids_of(found.person).len() != 1 {
            // A match is looked up again within the hour only.
            let known = life.carriers.get(&found.person).is_some_and(|known| *known != 1);
            return if known {
                Standing::ToBeReleased
            } else {
                Standing::Open
            };
        }
        if self.oracle.may_be_paused(life, user) || life.may_be_left_alone(user, self.now) {
            return Standing::Open;
        }
        if self.pbx.hidden.contains(&user) || self.tenant.said(found.person).outcome().is_none() {
            return Standing::ToBeReleased;
        }
        Standing::Follows(self.tenant.said(found.person))
    }
}

/// What a user can expect.
enum Standing {
    Follows(Said),
    ToBeReleased,
    Open,
}

fn restorable(slot: &Slot) -> bool {
    match slot.before {
        Value::Dnd(_) => slot.value.silences(),
        Value::Chat(status) => status.settable().is_some(),
    }
}
