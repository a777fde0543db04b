//! Daemons come and go: the lease, the start, the sleep of a machine, the end.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use sync_core::{Acquired, Engine, Event, LedgerPort, Mode};

use crate::daemon::{DRAIN, LEASE, TIME_OUT, claim, licence, seats_of, settings, truth};
use crate::op::{DaemonId, Fate, Kind, Paper};
use crate::world::{Happening, World, name};

impl World {
    pub(crate) fn ask_for_lease(&mut self, daemon: DaemonId) {
        if !self.daemons[daemon].wanted || self.daemons[daemon].lease.is_some() {
            return;
        }
        let fresh = !self.oracle.lease_was_left_behind();
        match self
            .ledger
            .acquire(&claim(daemon), truth(self.now))
            .now_or_never()
        {
            Some(Ok(Acquired::Granted(lease))) => {
                let (deadline, life) = (self.now + LEASE, self.daemons[daemon].life);
                self.daemons[daemon].deadline = deadline;
                self.daemons[daemon].lease = Some(lease);
                self.oracle.leased(daemon, deadline);
                // What the holder before had under way is waited out, unless the holder gave the lease back.
                let wait = if fresh { Duration::ZERO } else { TIME_OUT };
                self.queue(wait, Happening::Begin { daemon, life });
                self.queue(LEASE / 3, Happening::Renew { daemon, life });
            }
            _ => self.queue(Duration::from_secs(1), Happening::Ask { daemon }),
        }
    }

    pub(crate) fn begin(&mut self, daemon: DaemonId) {
        let excluded = self
            .excluded
            .iter()
            .filter_map(|id| Some(self.pbx.users.get(id)?.person));
        let settings = settings(&self.setup, self.observe, excluded);
        let memory = self.ledger.load(&claim(daemon)).now_or_never().unwrap().unwrap();
        let (now, seed) = (self.daemons[daemon].moment(self.now), self.setup.jitter);
        self.oracle
            .began(daemon, settings.exclude.clone(), settings.observe);
        let remembered = memory
            .licence
            .as_ref()
            .and_then(|known| seats_of(&known.identity));
        self.daemons[daemon].engine = Some(Engine::new(settings, memory, now, seed));
        self.tell(|| format!("{} begins", name(daemon)));
        if self.setup.seats.is_some() {
            // As the program does it: the licence that is remembered goes on where the file is no licence.
            self.oracle.remembers_licence(daemon);
            if let Some(seats) = remembered.filter(|_| self.paper != Paper::Missing) {
                self.step(daemon, Event::Licence(licence(Paper::Seats(seats))));
            }
            self.tell_licence(daemon);
        }
        self.step(daemon, Event::Tick);
    }

    pub(crate) fn tell_licence(&mut self, daemon: DaemonId) {
        self.oracle.licensed(daemon, self.paper);
        self.step(daemon, Event::Licence(licence(self.paper)));
    }

    pub(crate) fn renew(&mut self, daemon: DaemonId) {
        let Some(lease) = self.daemons[daemon].lease.clone() else {
            return;
        };
        let life = self.daemons[daemon].life;
        if self.daemons[daemon].suspended_until.is_some() {
            return;
        }
        if self.next_trouble(Kind::Ledger).is_none() {
            let renewed = self
                .ledger
                .renew(&lease, truth(self.now))
                .now_or_never()
                .unwrap()
                .unwrap();
            if !renewed {
                self.tell(|| format!("{} lost its lease", name(daemon)));
                return self.end(daemon, Fate::Landed, true);
            }
            self.daemons[daemon].deadline = self.now + LEASE;
            self.oracle.leased(daemon, self.now + LEASE);
        }
        self.queue(LEASE / 3, Happening::Renew { daemon, life });
    }

    pub(crate) fn wake(&mut self, daemon: DaemonId) {
        if self.daemons[daemon]
            .suspended_until
            .is_none_or(|until| until > self.now)
        {
            return;
        }
        self.daemons[daemon].suspended_until = None;
        for (event, learned) in std::mem::take(&mut self.daemons[daemon].inbox) {
            self.take_in(daemon, event, learned);
        }
        if self.setup.seats.is_some() {
            self.tell_licence(daemon);
        }
        let life = self.daemons[daemon].life;
        self.queue(Duration::from_millis(1), Happening::Renew { daemon, life });
    }

    /// The process is gone. What it sent may still take effect.
    pub(crate) fn end(&mut self, daemon: DaemonId, fate: Fate, stored: bool) {
        let life = self.daemons[daemon].life;
        self.daemons[daemon].life += 1;
        self.daemons[daemon].engine = None;
        let lease = self.daemons[daemon].lease.take().filter(|_| stored);
        self.daemons[daemon].draining = false;
        self.daemons[daemon].suspended_until = None;
        self.daemons[daemon].inbox.clear();
        self.oracle.ended(daemon);
        if self.daemons[daemon].wanted {
            self.queue(Duration::from_secs(1), Happening::Ask { daemon });
        }
        let of_this_life = |happening: &Happening| matches!(happening, Happening::Request { daemon: whose, life: when, .. } if (*whose, *when) == (daemon, life));
        let cut: Vec<_> = self
            .queue
            .iter()
            .filter(|(_, what)| of_this_life(what))
            .map(|(key, _)| *key)
            .collect();
        for key in cut {
            if let Some(Happening::Request { step, .. }) = self.queue.remove(&key) {
                self.cut(daemon, step, fate, lease.as_ref());
            }
        }
    }

    pub(crate) fn surrender(&mut self, daemon: DaemonId) {
        if let Some(lease) = &self.daemons[daemon].lease {
            self.ledger.surrender(lease).now_or_never().unwrap().unwrap();
            self.oracle.surrendered(daemon);
        }
    }

    pub(crate) fn holder(&self) -> Option<DaemonId> {
        let holds = |id: &usize| self.daemons[*id].is_awake() && !self.oracle.lease_ran_out(*id);
        [0, 1].into_iter().find(holds)
    }

    pub(crate) fn start_daemon(&mut self, daemon: DaemonId) {
        if !self.daemons[daemon].wanted {
            self.daemons[daemon].wanted = true;
            self.ask_for_lease(daemon);
        }
    }

    pub(crate) fn stop_daemon(&mut self, daemon: DaemonId) {
        self.daemons[daemon].wanted = false;
        if self.daemons[daemon].is_awake() {
            if !self.daemons[daemon].draining {
                self.daemons[daemon].draining = true;
                self.oracle.drains(daemon);
                let life = self.daemons[daemon].life;
                self.queue(DRAIN, Happening::Cut { daemon, life });
                self.step(daemon, Event::Drain);
            }
        } else {
            self.end(daemon, Fate::Lost, false);
        }
    }

    /// The daemons that an operator reaches.
    pub(crate) fn listening(&self) -> Vec<DaemonId> {
        let listens = |id: &DaemonId| self.daemons[*id].is_awake() && !self.daemons[*id].draining;
        [0, 1].into_iter().filter(listens).collect()
    }

    pub(crate) fn command(&mut self, mode: Mode, event: &Event) {
        for daemon in self.listening() {
            self.command_one(daemon, mode, event.clone(), None);
        }
    }

    pub(crate) fn command_one(&mut self, daemon: DaemonId, mode: Mode, event: Event, end: Option<Duration>) {
        let retires = matches!(event, Event::Retire);
        self.oracle.commanded(daemon, mode, retires, end);
        self.step(daemon, event);
    }

    pub(crate) fn set_clock(&mut self, daemon: DaemonId, seconds: i64) {
        self.daemons[daemon].shift += SignedDuration::from_secs(seconds);
        self.oracle.clock_jumped();
    }
}
