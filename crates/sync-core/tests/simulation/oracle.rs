//! The judge: what each daemon was told, and what it may do by that. It sees what crosses the border between a daemon and
//! the world, and asks neither ledger nor planner.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sync_core::{Address, Mode, PbxRoster, PbxUser, Policy, RequestId, Value};

use crate::op::{DaemonId, Kind, Said, Setup};
use crate::pbx::address;
use crate::slots::Slots;

/// A fault is forgotten after this time: no back-off for an outage is longer.
const BACK_OFF: Duration = Duration::from_secs(330);
/// So much later than promised a release may come: one sweep after a start, and the requests.
const SLACK: Duration = Duration::from_secs(25);

#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) setup: Setup,
    pub(crate) now: Duration,
    pub(crate) failures: Vec<String>,
    pub(crate) slots: Slots,
    pub(crate) lives: [Option<Life>; 2],
    /// Until when the ledger gives the lease to a daemon.
    leases: [Duration; 2],
    surrendered: bool,
    /// When faults and interruptions are over, with their back-offs.
    pub(crate) calm_since: Duration,
    pub(crate) clocks_agree: bool,
    /// When presence was last known, and since when it is known to be unknown, by person.
    known: BTreeMap<i64, Duration>,
    unknown: BTreeMap<i64, Duration>,
    /// The modes that a new daemon may find stored.
    pub(crate) modes: BTreeSet<Mode>,
    mode_told: Duration,
}

/// What one daemon knows since its start.
#[derive(Debug, Default)]
pub(crate) struct Life {
    began: Duration,
    excluded: BTreeSet<Address>,
    /// The roster that counts: a collapse is doubted first.
    pub(crate) members: BTreeMap<i64, Option<i64>>,
    read_roster: bool,
    doubt: Option<(Duration, BTreeSet<i64>)>,
    heard: BTreeMap<i64, Heard>,
    known: BTreeMap<i64, Duration>,
    modes: BTreeSet<Mode>,
    /// What it was last told to do.
    pub(crate) told: Option<Mode>,
    /// What whoever starts next may find stored.
    stored: BTreeSet<Mode>,
    seats: Option<u32>,
    draining: bool,
    calls: VecDeque<Duration>,
    waits: BTreeMap<&'static str, Duration>,
    turned_on: VecDeque<(Duration, i64)>,
    /// How many members the group has, or had before the last roster.
    largest: usize,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    request: RequestId,
    said: Said,
    /// Since when DND is wanted as it is now.
    since: Duration,
    /// What DND was last wanted to be; not knowing in between does not count.
    wanted: Option<bool>,
    was_on: Option<Duration>,
}

impl Oracle {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            now: Duration::ZERO,
            failures: Vec::new(),
            slots: Slots::default(),
            lives: [None, None],
            leases: [Duration::ZERO; 2],
            surrendered: true,
            calm_since: Duration::ZERO,
            clocks_agree: true,
            known: BTreeMap::new(),
            unknown: BTreeMap::new(),
            modes: BTreeSet::from([Mode::Running]),
            mode_told: Duration::ZERO,
        }
    }

    pub(crate) fn fail(&mut self, what: &str) {
        self.failures
            .push(format!("at {:.3} s: {what}", self.now.as_secs_f64()));
    }

    /// Time is now; nobody is silenced for longer than was promised.
    pub(crate) fn at(&mut self, now: Duration) {
        self.now = now;
        self.slots.now = now;
        if !self.clocks_agree || self.lives.iter().all(Option::is_none) {
            return;
        }
        let limit = Duration::from_secs(self.setup.unknown_release_after);
        for life in self.lives.iter().flatten().filter(|life| !life.draining) {
            let calm = self.calm_since.max(life.began);
            for (user, person) in &life.members {
                let Some(since) = person.and_then(|person| self.unknown.get(&person)) else {
                    continue;
                };
                let excluded = person.is_some_and(|person| life.excluded.contains(&address(person)));
                let due = (*since + limit).max(calm) + SLACK;
                if now > due && !excluded && self.slots.surely_silenced(*user) {
                    let text =
                        format!("{user} is silenced by us although presence is unknown since {since:?}");
                    return self.fail(&text);
                }
            }
        }
    }

    /// Something goes wrong, for so long at least.
    pub(crate) fn disturbed(&mut self, longer: Duration) {
        self.calm_since = self.calm_since.max(self.now + BACK_OFF + longer);
    }

    pub(crate) const fn clock_jumped(&mut self) {
        self.clocks_agree = false;
        self.slots.clock_jumped = true;
    }

    pub(crate) fn leased(&mut self, daemon: DaemonId, until: Duration) {
        self.leases[daemon] = until;
        self.surrendered = false;
    }

    pub(crate) const fn surrendered(&mut self, daemon: DaemonId) {
        self.leases[daemon] = Duration::ZERO;
        self.surrendered = true;
    }

    pub(crate) const fn lease_was_left_behind(&self) -> bool {
        !self.surrendered
    }

    pub(crate) fn began(&mut self, daemon: DaemonId, excluded: BTreeSet<Address>) {
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
                self.unknown.remove(&person);
            } else {
                self.unknown.entry(person).or_insert(self.now);
            }
        }
    }

    /// A call starts: nobody is asked before the time that was asked for, nor more often than the quota lets.
    pub(crate) fn called(&mut self, daemon: DaemonId, kind: Kind) {
        let (now, poll) = (self.now, self.setup.poll);
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let early = life.waits.get(api(kind)).is_some_and(|until| now < *until);
        let mut often = false;
        if kind == Kind::Presence {
            life.calls.retain(|at| now < *at + Duration::from_secs(30));
            life.calls.push_back(now);
            // One chunk each poll; the first sweep and each new layout of the chunks may ask once more.
            often = life.calls.len() > usize::try_from(30 / poll).unwrap() + 8;
        }
        if early {
            self.fail(&format!(
                "{kind:?} is called before the time that its answer asked for"
            ));
        }
        if often {
            self.fail("presence is asked for more often than the interval says");
        }
    }

    pub(crate) fn throttled(&mut self, daemon: DaemonId, kind: Kind, wait: Duration) {
        let until = self.now + wait;
        if let Some(life) = &mut self.lives[daemon] {
            let known = life.waits.entry(api(kind)).or_default();
            *known = until.max(*known);
        }
    }

    /// Whether the ledger gives the lease to somebody else by now.
    pub(crate) fn lease_ran_out(&self, daemon: DaemonId) -> bool {
        self.now >= self.leases[daemon]
    }

    pub(crate) const fn is(&self, policy: Policy) -> bool {
        matches!(
            (self.setup.policy, policy),
            (Policy::OwnOnly, Policy::OwnOnly)
                | (Policy::TeamsLeads, Policy::TeamsLeads)
                | (Policy::LastChangeWins, Policy::LastChangeWins)
        )
    }

    /// Why a daemon may not set this value, by what it was told; `None`: it may.
    pub(crate) fn forbids_setting(&mut self, daemon: DaemonId, user: i64, to: Value) -> Option<String> {
        let now = self.now;
        let life = self.lives[daemon].as_ref()?;
        if life.draining || !life.modes.contains(&Mode::Running) {
            return Some("the instance is paused, releasing or draining".to_owned());
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
        let heard = life.heard.get(person)?;
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
        let running = life.modes.contains(&Mode::Running);
        let seats = usize::try_from(life.seats.unwrap_or_default()).unwrap();
        let uncovered = self.setup.seats.is_some() && seats < life.members.len().max(1);
        if running && uncovered && self.setup.release_on_stop {
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
        let confirmed =
            heard.is_some_and(|heard| now >= heard.since + Duration::from_secs(self.setup.confirm_for));
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

/// Requests that are slowed down together.
const fn api(kind: Kind) -> &'static str {
    match kind {
        Kind::Presence => "presence",
        Kind::Directory => "directory",
        Kind::Roster => "roster",
        Kind::ReadDnd | Kind::WriteDnd => "phones",
        Kind::ReadChat | Kind::WriteChat => "chat",
        Kind::Ledger => "ledger",
    }
}

impl Life {
    pub(crate) fn certainly_runs(&self) -> bool {
        self.modes == BTreeSet::from([Mode::Running])
    }

    pub(crate) fn excludes(&self, address: &Address) -> bool {
        self.excluded.contains(address)
    }
}
