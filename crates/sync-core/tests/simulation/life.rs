//! What each daemon was told, and when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sync_core::{Address, Mode, PbxRoster, PbxUser, RequestId};

use crate::op::{DaemonId, Said};
use crate::oracle::Oracle;

/// What one daemon knows since its start.
#[derive(Debug, Default)]
pub(crate) struct Life {
    pub(crate) began: Duration,
    pub(crate) excluded: BTreeSet<Address>,
    /// The roster that counts: a collapse is doubted first.
    pub(crate) members: BTreeMap<i64, Option<i64>>,
    pub(crate) read_roster: bool,
    pub(crate) doubt: Option<(Duration, BTreeSet<i64>)>,
    pub(crate) heard: BTreeMap<i64, Heard>,
    pub(crate) known: BTreeMap<i64, Duration>,
    pub(crate) modes: BTreeSet<Mode>,
    /// What it was last told to do.
    pub(crate) told: Option<Mode>,
    /// What whoever starts next may find stored.
    pub(crate) stored: BTreeSet<Mode>,
    pub(crate) seats: Option<u32>,
    pub(crate) draining: bool,
    pub(crate) calls: VecDeque<Duration>,
    pub(crate) waits: BTreeMap<&'static str, Duration>,
    pub(crate) turned_on: VecDeque<(Duration, i64)>,
    /// How many members the group has, or had before the last roster.
    pub(crate) largest: usize,
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
    pub(crate) fn certainly_runs(&self) -> bool {
        self.modes == BTreeSet::from([Mode::Running])
    }

    pub(crate) fn excludes(&self, address: &Address) -> bool {
        self.excluded.contains(address)
    }
}

impl Oracle {
    pub(crate) fn began(&mut self, daemon: DaemonId, excluded: BTreeSet<Address>) {
        let other = 1 - daemon;
        if let Some(life) = &self.lives[other] {
            // It slept through its lease: what it did not store is lost, and what it intended is looked at.
            self.modes.extend(&life.stored);
            self.slots.life_ended(other);
        }
        self.lives[daemon] = Some(Life {
            began: self.now,
            excluded,
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
        let recently = |at: Duration| self.now < at + Duration::from_secs(10) || self.calm_since > at;
        // What was noticed just before may not have been stored.
        self.unknown.retain(|_, since| !recently(*since));
        let lately = self.regained.iter().filter(|(_, at)| recently(**at));
        for (person, _) in lately {
            self.known.remove(person);
        }
        if recently(self.mode_told) {
            self.modes.extend(life.stored);
        } else {
            self.modes = life.stored;
        }
    }

    pub(crate) fn drains(&mut self, daemon: DaemonId) {
        if let Some(life) = &mut self.lives[daemon] {
            life.draining = true;
        }
    }

    pub(crate) fn commanded(&mut self, daemon: DaemonId, mode: Mode, retire: bool) {
        // What was told just before may be what is stored.
        let settled = self.now > self.mode_told + Duration::from_secs(10) && self.now >= self.calm_since;
        self.mode_told = self.now;
        if let Some(life) = &mut self.lives[daemon] {
            life.told = Some(mode);
            life.modes = BTreeSet::from([mode]);
            if mode == Mode::Releasing {
                life.modes.insert(Mode::Paused);
            }
            if !retire {
                if settled {
                    life.stored.clear();
                }
                life.stored.extend(&life.modes);
            }
        }
        if mode == Mode::Running {
            self.calm_since = self.calm_since.max(self.now);
        }
    }

    pub(crate) fn licensed(&mut self, daemon: DaemonId, seats: Option<u32>) {
        if let Some(life) = &mut self.lives[daemon] {
            life.seats = seats;
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
            if since.is_none_or(|since| now < since + confirm_for) {
                if since.is_none() {
                    life.doubt = Some((now, lost));
                }
                return;
            }
        }
        life.doubt = None;
        life.read_roster = true;
        let people: BTreeMap<i64, Option<i64>> = roster
            .users
            .iter()
            .map(|user| (user.id.0, person(user)))
            .collect();
        life.largest = life.members.len().max(read.len());
        life.members = read
            .into_iter()
            .map(|user| (user, people.get(&user).copied().flatten()))
            .collect();
        if !self.setup.release_on_stop {
            // What is kept of whoever leaves is nobody's from then on.
            let members = &life.members;
            self.slots.doubt_others(|user| members.contains_key(&user));
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
