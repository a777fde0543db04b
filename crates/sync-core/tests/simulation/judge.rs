//! The judge at work on writes: each is measured by what its daemon was told, and by the history of the PBX.

use jiff::Timestamp;
use sync_core::{Field, LedgerCommit, Policy, Value, Write, Written};

use crate::op::DaemonId;
use crate::oracle::Oracle;

impl Oracle {
    pub(crate) fn human(&mut self, user: i64, before: Value, value: Value) {
        let predecessors = self.predecessors.get(&user);
        let like_ours = self.slots.under_way(user).contains(&value)
            || predecessors.is_some_and(|values| values.contains(&value));
        self.book_other(user, value, like_ours);
        if like_ours {
            self.carried_no_more(user, value.field());
            self.fight_is_unclear(user);
        }
        self.slots.human(user, before, value);
        self.somebody_changed(user);
    }

    pub(crate) fn read(&mut self, user: i64, value: Value) {
        self.slots.read(user, value);
    }

    pub(crate) fn learned(&mut self, daemon: DaemonId, values: &[(i64, Value)]) {
        for (user, value) in values {
            self.fight_is_seen(daemon, *user, *value);
            self.book_reading(*user, *value);
            self.slots.learned(*user, *value);
        }
    }

    pub(crate) fn commits(&mut self, daemon: DaemonId, commit: &LedgerCommit) {
        for (user, field, intent) in intents(commit) {
            if let (Some(life), Some((Value::Dnd(_), _))) = (&mut self.lives[daemon], intent) {
                life.started.insert(user, self.now);
            }
            if let Some(stands) = self.slots.intended(daemon, user, field, intent) {
                self.book_like_ours(user, stands);
            }
        }
    }

    pub(crate) fn stored(&mut self, commit: &LedgerCommit) {
        for (user, field, intent) in intents(commit) {
            self.slots.stored(user, field, intent);
        }
        if commit.frees_seats {
            self.counted_seats(None);
        }
    }

    pub(crate) fn write_started(&mut self, daemon: DaemonId, write: &Write) {
        let user = write.user.0;
        if self.lease_ran_out(daemon) {
            self.fail(&format!(
                "a write for {user} starts although the lease has run out"
            ));
        }
        let why_not = self.forbids_setting(daemon, user, write.to);
        if self.slots.started(
            daemon,
            user,
            (write.from, write.to),
            &write.login,
            why_not.is_some(),
        ) {
            self.fail(&format!("two writes of one field of {user} are under way"));
        }
        if write.to.field() == Field::Dnd {
            self.fight_is_unclear(user);
        }
        self.not_against_a_human(daemon, write);
        if write.to.silences() {
            self.turned_on(daemon, user);
        }
        let Some(why_not) = why_not else { return };
        let no_release = self.forbids_taking_back(daemon, user);
        if write.to.silences() || no_release.is_some() {
            let no_release = no_release.unwrap_or_default();
            self.fail(&format!(
                "{user} is changed from {} to {}: {why_not}; {no_release}",
                write.from, write.to
            ));
        }
    }

    /// The PUT leaves: its own reading found this.
    pub(crate) fn put_sent(&mut self, daemon: DaemonId, write: &Write, found: Value) {
        let user = write.user.0;
        if found != write.from || found == write.to {
            self.fail(&format!(
                "{user} is changed to {} although {found} stands there",
                write.to
            ));
        }
        let slot = self.slots.slot(user, found);
        let ours = slot.possibly_ours();
        if slot.is_being_released(daemon) && !ours {
            self.fail(&format!("{user}: {found} is taken back and is not ours"));
        }
        if self.is(Policy::OwnOnly) && found.silences() && !ours {
            self.fail(&format!("own-only clears the DND that {user} turned on"));
        }
    }

    /// What a human changed since the write's own reading is lost, and no daemon knows that it was ever there.
    pub(crate) fn landed(&mut self, daemon: DaemonId, write: &Write, found: Value, stray: bool) {
        let user = write.user.0;
        if !stray {
            self.slots.landed(user, write.from, write.to, stray);
        } else if found != write.to {
            self.slots.landed(user, found, write.to, stray);
            self.somebody_changed(user);
            self.carried_no_more(user, write.to.field());
            if write.to.field() == Field::Dnd {
                self.fight_is_unclear(user);
            }
        } else {
            return;
        }
        self.book_landing(daemon, write, found, stray);
    }

    fn carried_no_more(&mut self, user: i64, field: Field) {
        for life in self.lives.iter_mut().flatten() {
            life.carried.remove(&(user, field));
        }
    }

    /// What a human changed after we had carried an outcome out stands until Teams says something else.
    fn not_against_a_human(&mut self, daemon: DaemonId, write: &Write) {
        let (user, field) = (write.user.0, write.to.field());
        let leads = match field {
            Field::Dnd => self.is(Policy::TeamsLeads),
            Field::Chat => self.is(Policy::TeamsLeads) || self.setup.reassert > 0,
        };
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let carried = life.carried.remove(&(user, field));
        if carried == Some(write.to) && !leads {
            self.fail(&format!(
                "{field} of {user} is set to {} again, and Teams says the same as before",
                write.to
            ));
        }
    }

    pub(crate) fn write_ended(&mut self, daemon: DaemonId, write: &Write, result: Option<Written>) {
        let found = match result {
            Some(Written::AlreadyEqual) => Some(write.to),
            Some(Written::Conflict { found }) => Some(found),
            Some(Written::Applied { .. }) | None => None,
        };
        let user = write.user.0;
        let sets = !self.slots.is_being_released(daemon, user, write.to);
        self.slots.ended(daemon, user, write.to, result.is_some());
        if let Some(life) = &mut self.lives[daemon]
            && result.is_some()
            && write.to.field() == Field::Dnd
        {
            life.approved.remove(&user);
        }
        if let Some(Written::Applied { .. }) = result {
            self.book_answer(daemon, write);
            let slot = self.slots.find(user, write.to.field());
            if slot.is_some_and(|slot| slot.value == write.to) {
                self.fight_goes_on(daemon, write);
                self.carried_out(daemon, write, sets);
            }
        }
        if let Some(found) = found {
            self.fight_is_seen(daemon, user, found);
            self.book_reading(user, found);
            self.slots.learned(user, found);
        }
    }

    fn carried_out(&mut self, daemon: DaemonId, write: &Write, sets: bool) {
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let person = life.members.get(&write.user.0).copied().flatten();
        let said = person.and_then(|person| life.heard.get(&person)?.said.outcome());
        let wanted = said.is_some_and(|(dnd, chat)| [Value::Dnd(dnd), Value::Chat(chat)].contains(&write.to));
        if sets && wanted && life.knows(write) {
            life.carried.insert((write.user.0, write.to.field()), write.to);
        }
    }
}

type Intended = (i64, Field, Option<(Value, Timestamp)>);

fn intents(commit: &LedgerCommit) -> impl Iterator<Item = Intended> {
    commit.upsert.iter().flat_map(|row| {
        Field::ALL.into_iter().map(|field| {
            let intent = row.field(field).intent.as_ref();
            (row.user.0, field, intent.map(|intent| (intent.to, intent.at)))
        })
    })
}
