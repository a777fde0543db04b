//! What a daemon may do by what it was told.

use std::time::Duration;

use sync_core::{Mode, Value};

use crate::op::DaemonId;
use crate::oracle::Oracle;
use crate::pbx::address;

impl Oracle {
    /// Why a daemon may not set this value, by what it was told; `None`: it may.
    pub(crate) fn forbids_setting(&self, daemon: DaemonId, user: i64, to: Value) -> Option<String> {
        let now = self.now;
        let life = self.lives[daemon].as_ref()?;
        if life.draining || !self.may_run(life) {
            return Some("the instance is paused, releasing or draining".to_owned());
        }
        if life.observes {
            return Some("the instance only observes".to_owned());
        }
        if self.surely_paused(life, user) {
            return Some("the member is paused".to_owned());
        }
        if matches!(to, Value::Dnd(_)) && life.is_left_alone(user, now) {
            return Some("something else keeps changing it back".to_owned());
        }
        let seats = usize::try_from(life.seats.unwrap_or_default()).unwrap();
        if self.setup.seats.is_some() && seats < life.members.len() {
            return Some("the licence does not cover the group".to_owned());
        }
        let Some(Some(person)) = life.members.get(&user) else {
            return Some("this user is no member".to_owned());
        };
        if life.excluded.contains(&address(*person)) {
            return Some("this user is excluded".to_owned());
        }
        if !life.is_matched(user) {
            return Some("nobody, or more than one, carries the user's address".to_owned());
        }
        let Some(heard) = life.heard.get(person) else {
            return Some("nothing was heard of this user".to_owned());
        };
        let Some((dnd, chat)) = heard.said.outcome() else {
            return Some("the presence is unknown".to_owned());
        };
        if to != Value::Dnd(dnd) && to != Value::Chat(chat) {
            return Some(format!("Teams said {} last", heard.said.text()));
        }
        let wait = Duration::from_secs(self.setup.dnd_off_after);
        let early = to == Value::Dnd(false)
            && heard
                .was_on
                .is_some_and(|at| now < at + wait && now < heard.since + wait);
        early.then(|| "it is not off for long enough".to_owned())
    }

    /// Why a daemon may not take back what is ours now; `None`: it may.
    pub(crate) fn forbids_taking_back(&self, daemon: DaemonId, user: i64) -> Option<String> {
        let life = self.lives[daemon].as_ref()?;
        if life.modes.contains(&Mode::Releasing) {
            return None;
        }
        // A paused member is taken back by a release, and when presence stays unknown.
        let running = self.may_run(life) && !self.surely_paused(life, user);
        let seats = usize::try_from(life.seats.unwrap_or_default()).unwrap();
        let uncovered = self.setup.seats.is_some() && seats < life.members.len().max(1);
        if running && (uncovered || life.observes) && self.setup.release_on_stop {
            return None;
        }
        if running && life.may_be_left_alone(user, self.now) {
            return None;
        }
        let member = life.members.get(&user);
        let excluded = member
            .is_some_and(|person| person.is_some_and(|person| life.excluded.contains(&address(person))));
        if running && (member.is_none() || excluded) && life.read_roster && self.setup.release_on_stop {
            return None;
        }
        let limit = Duration::from_secs(self.setup.unknown_release_after);
        let person = member.copied().flatten();
        let known = person
            .and_then(|person| life.known.get(&person))
            .copied()
            .unwrap_or_default();
        if self.clocks_agree && self.now < known + limit {
            return Some("nothing says that it is to be taken back".to_owned());
        }
        None
    }

    /// DND is turned on: not for too many at once, unless it was wanted for long enough.
    pub(crate) fn turned_on(&mut self, daemon: DaemonId, user: i64) {
        let window = Duration::from_secs(self.setup.confirm_for.saturating_sub(31));
        let (share, least) = self.setup.breaker;
        let now = self.now;
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let heard = life
            .members
            .get(&user)
            .copied()
            .flatten()
            .and_then(|person| life.heard.get(&person));
        let confirmed = heard.is_some_and(|heard| {
            let approved = life.approved.get(&user) == Some(&(Value::Dnd(true), heard.since));
            approved || now >= heard.since + Duration::from_secs(self.setup.confirm_for)
        });
        if confirmed || window.is_zero() {
            return;
        }
        life.turned_on
            .retain(|(at, whose)| now < *at + window && *whose != user);
        life.turned_on.push_back((now, user));
        let count = life.turned_on.len();
        if count >= least && count * 100 > life.largest * share as usize {
            self.fail(&format!("DND is turned on for {count} members at once"));
        }
    }
}
