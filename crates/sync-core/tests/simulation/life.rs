//! What each daemon was told, and when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sync_core::{Address, Field, Mode, PbxRoster, PbxUser, RequestId, Value, Write};

use crate::fights::Fight;
use crate::op::{DaemonId, Said};
use crate::operator::{Pausing, either_end};
use crate::oracle::Oracle;
use crate::pbx::User;

/// What one daemon knows since its start.
#[derive(Debug, Default)]
pub(crate) struct Life {
    pub(crate) began: Duration,
    pub(crate) excluded: BTreeSet<Address>,
    /// Whether it only observes.
    pub(crate) observes: bool,
    /// The roster that counts: a collapse is doubted first.
    pub(crate) members: BTreeMap<i64, Option<i64>>,
    pub(crate) read_roster: bool,
    pub(crate) doubt: Option<(Duration, BTreeSet<i64>)>,
    /// Whether an operator believes what is doubted.
    pub(crate) believes: bool,
    pub(crate) heard: BTreeMap<i64, Heard>,
    /// How many users of the tenant carry each person's address.
    pub(crate) carriers: BTreeMap<i64, usize>,
    /// Whether each member may be paused.
    pub(crate) pauses: BTreeMap<i64, Pausing>,
    /// What an operator let pass of whom, by since when it is wanted.
    pub(crate) approved: BTreeMap<i64, (Value, Duration)>,
    /// What was carried out for whom, as long as Teams says the same.
    pub(crate) carried: BTreeMap<(i64, Field), Value>,
    pub(crate) fights: BTreeMap<i64, Fight>,
    /// Whose fight is to be told in this step.
    pub(crate) unsaid: Option<i64>,
    /// When a write of DND was last intended, by user.
    pub(crate) started: BTreeMap<i64, Duration>,
    pub(crate) known: BTreeMap<i64, Duration>,
    pub(crate) modes: BTreeSet<Mode>,
    /// What it was last told to do.
    pub(crate) told: Option<Mode>,
    /// When a pause ends by itself.
    pub(crate) paused_until: Option<Duration>,
    /// What whoever starts next may find stored.
    pub(crate) stored: BTreeSet<Mode>,
    pub(crate) stored_until: Option<Duration>,
    pub(crate) seats: Option<u32>,
    pub(crate) draining: bool,
    pub(crate) calls: VecDeque<Duration>,
    pub(crate) waits: BTreeMap<&'static str, Duration>,
    pub(crate) turned_on: VecDeque<(Duration, i64)>,
    /// How many members the group has, or had before the last roster.
    pub(crate) largest: usize,
    /// How many it had at most.
    pub(crate) most: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) request: RequestId,
    pub(crate) said: Said,
    /// Since when DND is wanted as it is now.
    pub(crate) since: Duration,
    /// What DND was last wanted to be; not knowing in between does not count.
    pub(crate) wanted: Option<bool>,
    pub(crate) was_on: Option<Duration>,
}

impl Life {
    /// Whether exactly one Teams user carries the member's address, by what was looked up last.
    pub(crate) fn is_matched(&self, user: i64) -> bool {
        let person = self.members.get(&user).copied().flatten();
        person.is_some_and(|person| self.carriers.get(&person) == Some(&1))
    }

    /// Whoever was to be turned on counts for the breaker for a while, although somebody else has the id by now, or nobody.
    fn was_about_to(&mut self, user: i64, person: Option<i64>, now: Duration) {
        let heard = person.and_then(|person| self.heard.get(&person));
        if heard.is_some_and(|heard| heard.wanted == Some(true)) {
            self.started.insert(user, now);
        }
    }

    /// What was noticed of whoever had the id before says nothing any more.
    fn is_somebody_else(&mut self, user: i64) {
        self.doubt_fight(user);
        self.carried.retain(|(whose, _), _| *whose != user);
    }

    /// Whether a write is for the member who has the id now.
    pub(crate) fn knows(&self, write: &Write) -> bool {
        let user = write.user.0;
        let person = self.members.get(&user).copied().flatten();
        person.is_some_and(|person| *write.login.0 == format!("{user}-{person}"))
    }

    pub(crate) fn excludes(&self, address: &Address) -> bool {
        self.excluded.contains(address)
    }
}

impl Oracle {
    pub(crate) fn began(&mut self, daemon: DaemonId, excluded: BTreeSet<Address>, observes: bool) {
        let other = 1 - daemon;
        if let Some(life) = &self.lives[other] {
            // It slept through its lease: what it did not store is lost, and what it intended is looked at.
            self.modes.extend(&life.stored);
            either_end(&mut self.modes, &mut self.paused_until, life.stored_until);
            self.slots.life_ended(other);
            self.pauses_may_be_lost();
        }
        self.lives[daemon] = Some(Life {
            began: self.now,
            excluded,
            observes,
            pauses: self.stored_pauses(),
            paused_until: self.paused_until,
            stored_until: self.paused_until,
            modes: self.modes.clone(),
            stored: self.modes.clone(),
            known: self.known.clone(),
            ..Life::default()
        });
    }

    pub(crate) fn ended(&mut self, daemon: DaemonId) {
        self.slots.life_ended(daemon);
        let Some(life) = self.lives[daemon].take() else {
            return;
        };
        let (now, calm_since) = (self.now, self.calm_since);
        let recently = |at: Duration| now < at + Duration::from_secs(10) || calm_since > at;
        self.book_life_ended(daemon, recently);
        self.pauses_may_be_lost();
        // What was noticed just before may not have been stored.
        self.unknown.retain(|_, since| !recently(*since));
        let lately = self.regained.iter().filter(|(_, at)| recently(**at));
        for (person, _) in lately {
            self.known.remove(person);
        }
        if recently(self.mode_told) {
            self.modes.extend(life.stored);
            either_end(&mut self.modes, &mut self.paused_until, life.stored_until);
        } else {
            self.modes = life.stored;
            self.paused_until = life.stored_until;
        }
    }

    pub(crate) fn drains(&mut self, daemon: DaemonId) {
        if let Some(life) = &mut self.lives[daemon] {
            life.draining = true;
        }
    }

    pub(crate) fn roster(
        &mut self,
        daemon: DaemonId,
        roster: &PbxRoster,
        person: impl Fn(&PbxUser) -> Option<i64>,
    ) {
        let (now, confirm_for) = (self.now, Duration::from_secs(self.setup.confirm_for));
        let (share, least) = self.setup.breaker;
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let read: BTreeSet<i64> = roster.members.iter().map(|user| user.0).collect();
        let lost: BTreeSet<i64> = life
            .members
            .keys()
            .filter(|user| !read.contains(user))
            .copied()
            .collect();
        let trips = lost.len() >= least && lost.len() * 100 > life.members.len() * share as usize;
        if life.read_roster && !lost.is_empty() && (read.is_empty() || trips) {
            let since = life
                .doubt
                .as_ref()
                .filter(|(_, before)| lost.is_subset(before))
                .map(|(since, _)| *since);
            if since.is_none_or(|since| now < since + confirm_for && !life.believes) {
                if since.is_none() {
                    life.doubt = Some((now, lost));
                    life.believes = false;
                }
                return;
            }
        }
        life.doubt = None;
        life.believes = false;
        let before = std::mem::take(&mut life.members);
        life.read_roster = true;
        let people: BTreeMap<i64, Option<i64>> = roster
            .users
            .iter()
            .map(|user| (user.id.0, person(user)))
            .collect();
        life.largest = before.len().max(read.len());
        life.most = life.most.max(life.largest);
        life.members = read
            .into_iter()
            .map(|user| (user, people.get(&user).copied().flatten()))
            .collect();
        let changed = before
            .iter()
            .filter(|(user, person)| life.members.get(user) != Some(person));
        let changed: Vec<(i64, Option<i64>)> = changed.map(|(user, person)| (*user, *person)).collect();
        for (user, person) in &changed {
            life.was_about_to(*user, *person, now);
        }
        let mut changed: BTreeSet<i64> = changed.into_iter().map(|(user, _)| user).collect();
        // Whoever is remembered and not listed when a daemon starts is gone, too.
        let members = &life.members;
        changed.extend(self.pauses.keys().filter(|user| !members.contains_key(user)));
        for user in changed {
            self.somebody_else(daemon, user);
        }
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        if !self.setup.release_on_stop {
            // What is kept of whoever leaves is nobody's from then on.
            let members = &life.members;
            self.slots.doubt_others(|user| members.contains_key(&user));
        }
    }

    /// What is known of whoever had the id says nothing about whoever has it now, and of whoever left it may be forgotten.
    fn somebody_else(&mut self, daemon: DaemonId, user: i64) {
        if let Some(life) = &mut self.lives[daemon] {
            life.is_somebody_else(user);
            life.approved.remove(&user);
        }
        self.may_be_forgotten(user);
        self.book_forget(user);
    }

    /// The id went to somebody else, whom the next roster shows.
    pub(crate) fn recycled(&mut self, user: i64, next: Option<&User>) {
        let found = next.map(|next| Field::ALL.map(|field| next.value(field)));
        for &value in found.iter().flatten() {
            let like_ours = self.slots.under_way(user).contains(&value);
            self.book_other(user, value, like_ours);
        }
        for life in self.lives.iter_mut().flatten() {
            life.was_about_to(user, life.members.get(&user).copied().flatten(), self.now);
            life.is_somebody_else(user);
        }
        self.may_be_forgotten(user);
        self.book_forget(user);
        self.somebody_changed(user);
        let about_to = self.slots.under_way(user);
        self.predecessors.entry(user).or_default().extend(about_to);
        self.slots.forget(user);
        for &value in found.iter().flatten() {
            self.slots.appeared(user, value);
        }
    }

    /// The directory answers.
    pub(crate) fn looked_up(&mut self, daemon: DaemonId, carriers: &[(i64, usize)]) {
        for &(person, count) in carriers {
            if let Some(life) = &mut self.lives[daemon] {
                life.carriers.insert(person, count);
            }
            if count != 1 {
                self.unknown.entry(person).or_insert(self.now);
            }
        }
    }

    pub(crate) fn heard(&mut self, daemon: DaemonId, request: RequestId, said: &[(i64, Said)]) {
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        for &(person, said) in said {
            let before = life.heard.get(&person).copied();
            if before.is_some_and(|before| before.request > request) {
                continue;
            }
            let on = |said: Said| said.outcome().map(|(dnd, _)| dnd);
            let members = &life.members;
            life.carried.retain(|(user, field), value| {
                let concerned = members.get(user) == Some(&Some(person));
                match (said.outcome(), field) {
                    _ if !concerned => true,
                    (Some((dnd, _)), Field::Dnd) => *value == Value::Dnd(dnd),
                    (Some((_, chat)), Field::Chat) => *value == Value::Chat(chat),
                    (None, Field::Dnd) => true,
                    // A status that cannot be put back is given up.
                    (None, Field::Chat) => false,
                }
            });
            let wanted = on(said).or(before.and_then(|before| before.wanted));
            let same = before.filter(|before| before.wanted == wanted);
            let was_on = (on(said) == Some(true))
                .then_some(self.now)
                .or(before.and_then(|before| before.was_on));
            let since = same.map_or(self.now, |same| same.since);
            life.heard.insert(
                person,
                Heard {
                    request,
                    said,
                    since,
                    wanted,
                    was_on,
                },
            );
            if on(said).is_some() {
                life.known.insert(person, self.now);
                self.known.insert(person, self.now);
                if self.unknown.remove(&person).is_some() {
                    self.regained.insert(person, self.now);
                }
            } else {
                self.unknown.entry(person).or_insert(self.now);
            }
        }
    }
}
