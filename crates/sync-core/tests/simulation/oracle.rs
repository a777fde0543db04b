//! The judge: what each daemon was told, and what it may do by that. It sees what crosses the border between a daemon and
//! the world, and asks neither ledger nor planner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sync_core::{Mode, Policy, Value};

use crate::books::Books;
use crate::life::Life;
use crate::op::{DaemonId, Kind, Setup};
use crate::operator::{Seen, Stored};
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
    pub(crate) known: BTreeMap<i64, Duration>,
    pub(crate) unknown: BTreeMap<i64, Duration>,
    /// When presence was known again.
    pub(crate) regained: BTreeMap<i64, Duration>,
    /// The modes that a new daemon may find stored.
    pub(crate) modes: BTreeSet<Mode>,
    pub(crate) mode_told: Duration,
    /// When a pause of the instance that is stored ends by itself.
    pub(crate) paused_until: Option<Duration>,
    /// What was told of each member's pause.
    pub(crate) pauses: BTreeMap<i64, Stored>,
    /// What the operator read last.
    pub(crate) seen: Seen,
    /// The seats of the licence that the ledger remembers.
    pub(crate) counted: Option<u32>,
    /// How often somebody else changed a member's DND.
    pub(crate) foreign: BTreeMap<i64, usize>,
    /// What we were about to set for whoever had an id before.
    pub(crate) predecessors: BTreeMap<i64, Vec<Value>>,
    pub(crate) books: Books,
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
            regained: BTreeMap::new(),
            modes: BTreeSet::from([Mode::Running]),
            mode_told: Duration::ZERO,
            paused_until: None,
            pauses: BTreeMap::new(),
            seen: Seen::default(),
            counted: None,
            foreign: BTreeMap::new(),
            predecessors: BTreeMap::new(),
            books: Books::default(),
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

    /// A call starts: nobody is asked before the time that was asked for, nor more often than the quota lets.
    pub(crate) fn called(&mut self, daemon: DaemonId, kind: Kind) {
        let (now, poll) = (self.now, self.setup.poll);
        let Some(life) = &mut self.lives[daemon] else {
            return;
        };
        let early = life.waits.get(api(kind)).is_some_and(|until| now < *until);
        let mut often = false;
        if kind == Kind::Presence {
            let is_old = |at: &Duration| now >= *at + Duration::from_secs(30);
            while life.calls.front().is_some_and(is_old) {
                life.calls.pop_front();
            }
            life.calls.push_back(now);
            // Each chunk once in a poll, and twice whoever just changed; the first sweep and each new layout of the chunks may ask
            // once more.
            let chunks = life.most.div_ceil(self.setup.chunk);
            let polls = usize::try_from(30 / poll).unwrap();
            often = life.calls.len() > (polls + 8) * chunks.max(1) + polls * 2;
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
