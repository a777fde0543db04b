//! The world that a schedule runs in: time, what happens in it, and who is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sync_core::fakes::MemoryLedger;
use sync_core::{Effect, Event, PlanId, Report, Value};

use crate::daemon::{Daemon, LEASE};
use crate::op::{DaemonId, Fate, Kind, Op, Paper, Schedule, Setup, Trouble};
use crate::oracle::Oracle;
use crate::pbx::{Pbx, Tenant};
use crate::random::Random;
use crate::request::Step;

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) now: Duration,
    pub(crate) pbx: Pbx,
    pub(crate) tenant: Tenant,
    pub(crate) ledger: MemoryLedger,
    pub(crate) daemons: [Daemon; 2],
    pub(crate) oracle: Oracle,
    pub(crate) faults: Vec<(Kind, Trouble, u32)>,
    pub(crate) down_until: Duration,
    pub(crate) excluded: BTreeSet<i64>,
    pub(crate) observe: bool,
    pub(crate) paper: Paper,
    /// How often another product will change back what we set of somebody's DND.
    pub(crate) rivals: BTreeMap<i64, u32>,
    /// The plan that the operator read last.
    pub(crate) plan: Option<PlanId>,
    pub(crate) answers: u64,
    /// Whether credentials were ever refused: then the links wait for hours.
    pub(crate) refused: bool,
    pub(crate) trace: Option<Vec<String>>,
    pub(crate) queue: BTreeMap<(Duration, u64), Happening>,
    numbers: u64,
    latencies: Random,
}

/// Something that happens when its time comes.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A request goes on.
    Request {
        daemon: DaemonId,
        life: u64,
        step: Step,
    },
    /// A daemon asks for the lease.
    Ask {
        daemon: DaemonId,
    },
    /// A daemon that got the lease starts its engine.
    Begin {
        daemon: DaemonId,
        life: u64,
    },
    Renew {
        daemon: DaemonId,
        life: u64,
    },
    /// The time to drain is over.
    Cut {
        daemon: DaemonId,
        life: u64,
    },
    Wake {
        daemon: DaemonId,
    },
    /// Another product changes a value.
    Rival {
        user: i64,
        value: Value,
    },
}

impl World {
    pub(crate) fn new(setup: &Setup, traced: bool) -> Self {
        Self {
            setup: setup.clone(),
            now: Duration::from_secs(1),
            pbx: Pbx::with(setup.people),
            tenant: Tenant::default(),
            ledger: MemoryLedger::with_leases_of(LEASE),
            daemons: [Daemon::default(), Daemon::default()],
            oracle: Oracle::new(setup),
            faults: Vec::new(),
            down_until: Duration::ZERO,
            excluded: BTreeSet::new(),
            observe: false,
            paper: setup.seats.map_or(Paper::Missing, Paper::Seats),
            rivals: BTreeMap::new(),
            plan: None,
            answers: 0,
            refused: false,
            trace: traced.then(Vec::new),
            queue: BTreeMap::new(),
            numbers: 0,
            latencies: Random::new(setup.jitter),
        }
    }

    /// Runs a schedule to its end and through what has to follow. Returns what was wrong.
    pub(crate) fn run(&mut self, schedule: &Schedule) -> Vec<String> {
        for op in &schedule.ops {
            self.tell(|| format!("> {op}"));
            self.perform(*op);
            if !self.oracle.failures.is_empty() {
                break;
            }
        }
        if self.oracle.failures.is_empty() {
            self.conclude();
        }
        std::mem::take(&mut self.oracle.failures)
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let line = line();
            let at = self.now.as_secs();
            trace.push(if line.starts_with('>') {
                line
            } else {
                format!("{at:>5} {line}")
            });
        }
    }

    pub(crate) fn queue(&mut self, after: Duration, happening: Happening) {
        self.numbers += 1;
        self.queue.insert((self.now + after, self.numbers), happening);
    }

    /// How long the next step of a request takes.
    pub(crate) fn latency(&mut self) -> Duration {
        Duration::from_millis(3 + self.latencies.below(30))
    }

    /// Lets time pass until `end`, or until so many answers have come.
    pub(crate) fn pass(&mut self, time: Duration, answers: Option<u64>) {
        let end = self.now + time;
        let enough = answers.map(|count| self.answers + count);
        while enough.is_none_or(|enough| self.answers < enough) && self.oracle.failures.is_empty() {
            let next = self.queue.first_key_value().map(|(key, _)| key.0);
            let wake = self.next_wake();
            let first = next
                .into_iter()
                .chain(wake.map(|(at, _)| at))
                .min()
                .unwrap_or(end);
            if first > end {
                break;
            }
            self.now = self.now.max(first);
            self.oracle.at(self.now);
            if let Some((_, daemon)) = wake.filter(|(at, _)| next.is_none_or(|next| *at < next)) {
                self.step(daemon, Event::Tick);
            } else if let Some((_, happening)) = self.queue.pop_first() {
                self.happen(happening);
            } else {
                break;
            }
        }
        if enough.is_none_or(|enough| self.answers < enough) {
            self.now = end;
            self.oracle.at(self.now);
        }
    }

    fn next_wake(&self) -> Option<(Duration, DaemonId)> {
        let awake = self
            .daemons
            .iter()
            .enumerate()
            .filter(|(_, daemon)| daemon.is_awake());
        let wakes = awake.filter_map(|(id, daemon)| {
            let at = daemon.engine.as_ref()?.next_wake(daemon.moment(self.now))?;
            Some((at.max(self.now), id))
        });
        wakes.min()
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Request { daemon, life, step } => self.go_on(daemon, life, step),
            Happening::Ask { daemon } => self.ask_for_lease(daemon),
            Happening::Begin { daemon, life } if self.daemons[daemon].life == life => self.begin(daemon),
            Happening::Renew { daemon, life } if self.daemons[daemon].life == life => self.renew(daemon),
            Happening::Cut { daemon, life } if self.daemons[daemon].life == life => {
                self.surrender(daemon);
                self.end(daemon, Fate::Landed, true);
            }
            Happening::Wake { daemon } => self.wake(daemon),
            Happening::Rival { user, value } => {
                self.tell(|| format!("another product: {} of {user}: {value}", value.field()));
                self.perform(Op::Human(user, value));
            }
            Happening::Begin { .. } | Happening::Renew { .. } | Happening::Cut { .. } => {}
        }
    }

    /// Hands an event to an engine and starts what follows from it.
    pub(crate) fn step(&mut self, daemon: DaemonId, event: Event) {
        let now = self.daemons[daemon].moment(self.now);
        let Some(engine) = &mut self.daemons[daemon].engine else {
            return;
        };
        let effects = engine.handle(event, now);
        let drained = self.daemons[daemon].draining && engine.is_drained();
        for effect in effects {
            match effect {
                Effect::Report(report) => self.reported(daemon, &report),
                effect => self.start(daemon, effect),
            }
        }
        if drained {
            self.surrender(daemon);
            self.end(daemon, Fate::Landed, true);
        }
    }

    fn reported(&mut self, daemon: DaemonId, report: &Report) {
        match report {
            Report::Stopped { user, .. } => self.oracle.told_of_a_fight(daemon, user.0),
            Report::Held { .. } => self.oracle.told_of_a_burst(daemon, &self.pbx),
            _ => {}
        }
        if let Report::Violation(violation) = report {
            self.oracle
                .fail(&format!("the checker stopped a plan: {violation}"));
        }
        if self.trace.is_some()
            && let Some(text) = crate::golden::report(report)
        {
            self.tell(|| format!("{} says: {text}", name(daemon)));
        }
    }

    /// The trouble that the next request of this kind meets.
    pub(crate) fn next_trouble(&mut self, kind: Kind) -> Option<Trouble> {
        if self.now < self.down_until && kind.is_of_pbx() {
            self.oracle.disturbed(Duration::ZERO);
            return Some(Trouble::Lost);
        }
        let index = self.faults.iter().position(|(known, _, _)| *known == kind)?;
        let (_, trouble, left) = &mut self.faults[index];
        let trouble = *trouble;
        *left -= 1;
        if *left == 0 {
            self.faults.remove(index);
        }
        self.refused |= trouble == Trouble::Refused;
        let longer = match trouble {
            Trouble::Throttled(seconds) => Duration::from_secs(seconds.unwrap_or_default()),
            Trouble::Refused => Duration::from_secs(8 * 3_600),
            _ => Duration::ZERO,
        };
        self.oracle.disturbed(longer);
        Some(trouble)
    }
}

pub(crate) const fn name(daemon: DaemonId) -> &'static str {
    if daemon == 0 { "a" } else { "b" }
}

impl Kind {
    const fn is_of_pbx(self) -> bool {
        !matches!(self, Self::Presence | Self::Directory | Self::Ledger)
    }
}
