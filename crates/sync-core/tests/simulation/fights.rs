//! Two products on one PBX: what we set is changed back three times, and then it is left alone for an hour.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use sync_core::{Value, Write};

use crate::life::Life;
use crate::op::DaemonId;
use crate::oracle::Oracle;
use crate::pbx::Pbx;

const TIMES: usize = 3;
const WITHIN: Duration = Duration::from_secs(600);
pub(crate) const ALONE_FOR: Duration = Duration::from_secs(3_600);
/// An intent may wait so long for its write, and what was held for its next look.
const ON_THE_WAY: Duration = Duration::from_secs(40);

/// What one daemon noticed of one member's DND.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fight {
    /// What we wrote last, and the PBX confirmed.
    wrote: Option<Value>,
    /// When that was found to be changed back.
    flips: VecDeque<Duration>,
    /// Until when it is left alone.
    until: Option<Duration>,
    /// Whether that may have been forgotten.
    doubtful: bool,
}

impl Oracle {
    /// Whoever else changed a value, and how often, is on record for good.
    pub(crate) fn somebody_changed(&mut self, user: i64) {
        *self.foreign.entry(user).or_default() += 1;
    }

    /// A write is under way, or took effect late: what stands there next may be ours.
    pub(crate) fn fight_is_unclear(&mut self, user: i64) {
        for life in self.lives.iter_mut().flatten() {
            life.fight(user).wrote = None;
        }
    }

    /// The PBX's answer says that a write took effect, and nobody changed the value since.
    pub(crate) fn fight_goes_on(&mut self, daemon: DaemonId, write: &Write) {
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let user = write.user.0;
        if matches!(write.to, Value::Dnd(_)) && life.knows(write) {
            life.fight(user).wrote = Some(write.to);
        }
    }

    /// A daemon reads DND.
    pub(crate) fn fight_is_seen(&mut self, daemon: DaemonId, user: i64, value: Value) {
        let now = self.now;
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let fight = life.fight(user);
        if !matches!(value, Value::Dnd(_)) || fight.wrote.is_none_or(|wrote| wrote == value) {
            return;
        }
        fight.wrote = None;
        fight.flips.push_back(now);
        fight.flips.retain(|at| now < *at + WITHIN);
        if fight.flips.len() >= TIMES && fight.until.is_none_or(|until| until <= now) {
            life.unsaid = Some(user);
        }
    }

    /// A daemon says that it leaves somebody's DND alone.
    pub(crate) fn told_of_a_fight(&mut self, daemon: DaemonId, user: i64) {
        let changed = self.foreign.get(&user).copied().unwrap_or_default();
        if changed < TIMES {
            self.fail(&format!("{user} is left alone, and was changed {changed} times"));
        }
        let until = self.now + ALONE_FOR;
        if let Some(life) = &mut self.lives[daemon] {
            life.unsaid.take_if(|unsaid| *unsaid == user);
            let is_member = life.members.contains_key(&user);
            let fight = life.fight(user);
            fight.flips.clear();
            fight.until = Some(until);
            // Whoever left the group is forgotten when nothing of ours is left, and this, too.
            fight.doubtful = !is_member;
        }
    }

    pub(crate) fn nobody_fights_unsaid(&mut self, daemon: DaemonId) {
        let unsaid = self.lives[daemon].as_mut().and_then(|life| life.unsaid.take());
        if let Some(user) = unsaid {
            self.fail(&format!(
                "DND of {user} was changed back three times, and nobody says so"
            ));
        }
    }

    /// A daemon says that it holds changes: then as many members are concerned as the breaker says.
    pub(crate) fn told_of_a_burst(&mut self, daemon: DaemonId, pbx: &Pbx) {
        let window = Duration::from_secs(self.setup.confirm_for) + ON_THE_WAY;
        let now = self.now;
        let Some(life) = &self.lives[daemon] else { return };
        let lately = |at: Duration| now < at + window;
        let started = life.started.iter().filter(|(_, at)| lately(**at));
        let mut concerned: BTreeSet<i64> = started.map(|(user, _)| *user).collect();
        for (user, person) in &life.members {
            let heard = person.and_then(|person| life.heard.get(&person));
            let wants = heard.is_some_and(|heard| {
                let found = pbx.users.get(user).map(|user| user.dnd);
                // Whoever is to be turned on is read first, and counts until that has shown that it is on already.
                heard.wanted == Some(true) || lately(heard.since) || heard.wanted != found
            });
            if wants && life.is_matched(*user) {
                concerned.insert(*user);
            }
        }
        let (share, least) = self.setup.breaker;
        let matched = life.members.keys().filter(|user| life.is_matched(**user)).count();
        if concerned.len() < least || concerned.len() * 100 <= matched * share as usize {
            self.fail(&format!(
                "changes are held although only {concerned:?} are concerned"
            ));
        }
    }
}

impl Life {
    fn fight(&mut self, user: i64) -> &mut Fight {
        self.fights.entry(user).or_default()
    }

    /// Somebody else may have the id, or whoever had it may have been forgotten.
    pub(crate) fn doubt_fight(&mut self, user: i64) {
        if let Some(fight) = self.fights.get_mut(&user) {
            fight.wrote = None;
            fight.flips.clear();
            fight.doubtful = true;
        }
    }

    pub(crate) fn is_left_alone(&self, user: i64, now: Duration) -> bool {
        self.may_be_left_alone(user, now) && !self.fights[&user].doubtful
    }

    pub(crate) fn may_be_left_alone(&self, user: i64, now: Duration) -> bool {
        let fight = self.fights.get(&user);
        fight
            .and_then(|fight| fight.until)
            .is_some_and(|until| now < until)
    }
}
