//! What the operator told: modes, pauses, approvals, the licence. Each is known from the moment on at which a daemon is
//! told; what whoever starts next finds stored may lag behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sync_core::{Mode, Value};

use crate::life::Life;
use crate::op::{DaemonId, Paper};
use crate::oracle::Oracle;

/// What was told is stored after this time, where nothing goes wrong.
const STORED_AFTER: Duration = Duration::from_secs(10);
/// A pause that ends by itself has ended so much later at the latest.
const A_MOMENT: Duration = Duration::from_secs(1);

/// The held plan that the operator read last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// User, value, and since when it is wanted.
    held: Vec<(i64, Value, Duration)>,
    /// Whose loss is doubted.
    doubt: Option<BTreeSet<i64>>,
}

/// What is known of a pause of one member: whether it may be on and may be off, and when it ends by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pausing {
    may_be: BTreeSet<bool>,
    until: Option<Duration>,
}

impl Pausing {
    /// Either of two, and nobody knows which.
    fn or(mut self, other: &Self) -> Self {
        self.may_be.extend(&other.may_be);
        if self.until != other.until {
            self.until = None;
            self.may_be = BTreeSet::from([true, false]);
        }
        self
    }
}

/// What may be stored of the pause of one member.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    pausing: Pausing,
    told: Duration,
}

impl Oracle {
    /// A daemon is told what to do, until `end` where that is a pause that ends by itself.
    pub(crate) fn commanded(&mut self, daemon: DaemonId, mode: Mode, retire: bool, end: Option<Duration>) {
        // What was told just before may be what is stored.
        let settled = self.is_settled(self.mode_told);
        self.mode_told = self.now;
        if let Some(life) = &mut self.lives[daemon] {
            life.told = Some(mode);
            life.modes = BTreeSet::from([mode]);
            life.paused_until = end;
            if mode == Mode::Releasing {
                life.modes.insert(Mode::Paused);
            }
            if !retire {
                if settled {
                    // Should this be lost, then what was told before is found.
                    self.modes = std::mem::take(&mut life.stored);
                    self.paused_until = life.stored_until;
                    life.stored_until = end;
                } else {
                    either_end(&mut life.stored, &mut life.stored_until, end);
                }
                life.stored.extend(&life.modes);
            }
            life.carried.clear();
        }
        if mode == Mode::Running {
            self.calm_since = self.calm_since.max(self.now);
        }
    }

    fn is_settled(&self, told: Duration) -> bool {
        self.now > told + STORED_AFTER && self.now >= self.calm_since
    }

    /// Whether a pause with this end may be over.
    fn may_be_over(&self, end: Option<Duration>) -> bool {
        end.is_some_and(|end| !self.clocks_agree || self.now + A_MOMENT > end)
    }

    fn is_over(&self, end: Option<Duration>) -> bool {
        end.is_some_and(|end| self.clocks_agree && self.now > end + A_MOMENT)
    }

    pub(crate) fn may_run(&self, life: &Life) -> bool {
        let paused = life.modes.contains(&Mode::Paused);
        life.modes.contains(&Mode::Running) || (paused && self.may_be_over(life.paused_until))
    }

    pub(crate) fn certainly_runs(&self, life: &Life) -> bool {
        let runs = |mode: &Mode| match mode {
            Mode::Running => true,
            Mode::Paused => self.is_over(life.paused_until),
            Mode::Releasing => false,
        };
        life.modes.iter().all(runs)
    }

    pub(crate) fn paused_member(
        &mut self,
        daemon: DaemonId,
        (user, person): (i64, Option<i64>),
        paused: bool,
        until: Option<Duration>,
    ) {
        let now = self.now;
        let told = self
            .pauses
            .get(&user)
            .map(|stored| stored.told)
            .unwrap_or_default();
        let settled = self.is_settled(told);
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        // Nobody is paused who is not known, and nobody for long who is somebody else by now.
        let known = life.members.get(&user).is_some_and(|known| *known == person);
        let may_be = BTreeSet::from([paused, paused && known]);
        let pausing = Pausing { may_be, until };
        life.pauses.insert(user, pausing.clone());
        let stored = self.pauses.entry(user).or_default();
        stored.told = now;
        stored.pausing = if settled {
            pausing
        } else {
            pausing.or(&stored.pausing)
        };
    }

    /// A new daemon finds the pauses that are stored.
    pub(crate) fn stored_pauses(&self) -> BTreeMap<i64, Pausing> {
        let stored = self.pauses.iter();
        stored
            .map(|(user, stored)| (*user, stored.pausing.clone()))
            .collect()
    }

    /// A daemon ends, or slept through its lease. What it was told last may be lost.
    pub(crate) fn pauses_may_be_lost(&mut self) {
        let (now, calm_since) = (self.now, self.calm_since);
        let lately = |told: Duration| now <= told + STORED_AFTER || now < calm_since;
        for stored in self.pauses.values_mut().filter(|stored| lately(stored.told)) {
            stored.pausing.may_be = BTreeSet::from([true, false]);
            stored.pausing.until = None;
        }
    }

    /// What is known of somebody may have been forgotten, a pause included.
    pub(crate) fn may_be_forgotten(&mut self, user: i64) {
        let lives = self.lives.iter_mut().flatten();
        let told = lives.filter_map(|life| life.pauses.get_mut(&user));
        let stored = self.pauses.get_mut(&user).map(|stored| &mut stored.pausing);
        for pausing in told.chain(stored) {
            pausing.may_be.insert(false);
        }
    }

    pub(crate) fn surely_paused(&self, life: &Life, user: i64) -> bool {
        let pausing = life.pauses.get(&user);
        pausing.is_some_and(|pausing| !pausing.may_be.contains(&false) && !self.may_be_over(pausing.until))
    }

    pub(crate) fn may_be_paused(&self, life: &Life, user: i64) -> bool {
        let pausing = life.pauses.get(&user);
        pausing.is_some_and(|pausing| pausing.may_be.contains(&true) && !self.is_over(pausing.until))
    }

    /// The last end of a pause that ends by itself.
    pub(crate) fn last_end(&self) -> Duration {
        let lives = self.lives.iter().flatten();
        let ends = lives.flat_map(|life| {
            let members = life.pauses.values().map(|pausing| pausing.until);
            members.chain([life.paused_until])
        });
        ends.flatten().max().unwrap_or_default()
    }

    pub(crate) fn reads_plan(&mut self, daemon: DaemonId, held: Vec<(i64, Value)>) {
        let Some(life) = &self.lives[daemon] else { return };
        let since = |user: i64| {
            let person = life.members.get(&user).copied().flatten()?;
            Some(life.heard.get(&person)?.since)
        };
        self.seen = Seen {
            held: held
                .into_iter()
                .filter_map(|(user, to)| Some((user, to, since(user)?)))
                .collect(),
            doubt: life.doubt.as_ref().map(|(_, lost)| lost.clone()),
        };
    }

    /// What was seen is approved, and the daemon says that it is what it holds.
    pub(crate) fn approves(&mut self, daemon: DaemonId) {
        let seen = self.seen.clone();
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let doubt = life.doubt.as_ref().map(|(_, lost)| lost);
        if doubt != seen.doubt.as_ref() {
            return self.fail("another roster is approved than was shown");
        }
        life.believes = doubt.is_some();
        for (user, to, since) in seen.held {
            life.approved.insert(user, (to, since));
        }
    }

    /// The licence that a new daemon is told first, because the ledger remembers it.
    pub(crate) fn remembers_licence(&mut self, daemon: DaemonId) {
        if let Some(life) = &mut self.lives[daemon] {
            life.seats = self.counted;
        }
    }

    /// A licence that is none leaves the one before in force.
    pub(crate) fn licensed(&mut self, daemon: DaemonId, paper: Paper) {
        if let Some(life) = &mut self.lives[daemon] {
            match paper {
                Paper::Seats(seats) => life.seats = Some(seats),
                Paper::Missing => life.seats = None,
                Paper::Unusable => {}
            }
            life.carried.clear();
        }
    }

    /// The ledger remembers the licence that seats were counted for.
    pub(crate) const fn counted_seats(&mut self, seats: Option<u32>) {
        self.counted = seats;
    }
}

/// One pause or another may be stored, with one end or another: then it may be over at any time.
pub(crate) fn either_end(modes: &mut BTreeSet<Mode>, until: &mut Option<Duration>, other: Option<Duration>) {
    if *until != other {
        *until = None;
        modes.insert(Mode::Running);
    }
}
