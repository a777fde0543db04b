//! The judge at work on writes: each is measured by what its daemon was told, and by the history of the PBX.

use jiff::Timestamp;
use sync_core::{Field, LedgerCommit, Policy, Value, Write, Written};

use crate::op::DaemonId;
use crate::oracle::Oracle;

impl Oracle {
    pub(crate) fn human(&mut self, user: i64, before: Value, value: Value) {
        self.slots.human(user, before, value);
    }

    pub(crate) fn read(&mut self, user: i64, value: Value) {
        self.slots.read(user, value);
    }

    pub(crate) fn learned(&mut self, values: &[(i64, Value)]) {
        for (user, value) in values {
            self.slots.learned(*user, *value);
        }
    }

    pub(crate) fn commits(&mut self, daemon: DaemonId, commit: &LedgerCommit) {
        for (user, field, intent) in intents(commit) {
            self.slots.intended(daemon, user, field, intent);
        }
    }

    pub(crate) fn stored(&mut self, commit: &LedgerCommit) {
        for (user, field, intent) in intents(commit) {
            self.slots.stored(user, field, intent);
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
    pub(crate) fn landed(&mut self, write: &Write, found: Value, stray: bool) {
        if !stray {
            self.slots.landed(write.user.0, write.from, write.to, stray);
        } else if found != write.to {
            self.slots.landed(write.user.0, found, write.to, stray);
        }
    }

    pub(crate) fn write_ended(&mut self, daemon: DaemonId, write: &Write, result: Option<Written>) {
        let found = match result {
            Some(Written::AlreadyEqual) => Some(write.to),
            Some(Written::Conflict { found }) => Some(found),
            Some(Written::Applied { .. }) | None => None,
        };
        self.slots.ended(daemon, write.user.0, write.to, result.is_some());
        if let Some(found) = found {
            self.slots.learned(write.user.0, found);
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
