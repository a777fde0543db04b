//! A small world for tests: a tenant, a PBX and a ledger in memory, and a daemon's life between them on paused time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use presence_mapping::Presence;
use sync_core::fakes::{FakePbx, FakeTenant, MemoryLedger, PbxWrite, TokioClock};
use sync_core::{
    Acquired, Breaker, ChatPresence, Claim, Clock, Driver, Ended, Engine, ExplainView, Handle, Holding,
    InstanceName, InstanceView, LedgerPort, Memory, Moment, Observer, PbxName, PbxUserId, Plan, Ports,
    Report, Settings, Value,
};
use tokio::task::JoinHandle;

#[derive(Default)]
pub(crate) struct Reports(Mutex<Vec<String>>);

impl Observer for Reports {
    fn report(&self, report: &Report) {
        let text = match report {
            Report::LinkDown { link, error, .. } => format!("down {link}: {}", error.chain()),
            Report::LinkUp { link, .. } => format!("up {link}"),
            Report::Held { held, matched } => format!("held {held} of {matched}"),
            Report::RosterHeld { losing, of } => format!("roster held, losing {losing} of {of}"),
            Report::Violation(violation) => format!("violation: {violation}"),
            Report::Drift { user, .. } => format!("drift {user}"),
            Report::Conflict { .. } => "conflict".to_owned(),
            Report::Stopped { user, .. } => format!("stopped {user}"),
            Report::Approved { changes, roster } => format!("approved {changes}, roster {roster}"),
            Report::Released => "released".to_owned(),
            Report::GateShut(shut) => format!("gate shut: {shut}"),
            Report::GateOpened => "gate opened".to_owned(),
            Report::LicenceNotReplaced(refusal) => format!("licence not replaced: {refusal}"),
            Report::LicenceEnding { within_days, .. } => format!("licence ends within {within_days} days"),
            Report::LicenceInGrace { until, .. } => format!("licence in grace until {until}"),
            Report::ClockSetBack { .. } => "clock set back".to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

/// Paused time, with a wall clock that an administrator sets.
pub(crate) struct TestClock {
    inner: TokioClock,
    shift: AtomicI64,
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        let now = self.inner.now();
        let shift = SignedDuration::from_secs(self.shift.load(Ordering::SeqCst));
        Moment {
            wall: now.wall.saturating_add(shift).unwrap_or(Timestamp::MAX),
            ..now
        }
    }
}

pub(crate) struct World {
    pub(crate) pbx: Arc<FakePbx>,
    pub(crate) tenant: Arc<FakeTenant>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) settings: Settings,
    pub(crate) reports: Arc<Reports>,
    /// Handed to the engine at its start.
    pub(crate) licence: Option<Holding>,
    clock: Arc<TestClock>,
    running: Option<(Handle, JoinHandle<Ended>)>,
}

pub(crate) fn presence(text: &str) -> Option<Presence> {
    Some(text.parse().unwrap())
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl World {
    /// People 1 to `people` are members, available in Teams; 900 is in the PBX and in no group.
    pub(crate) fn with(people: i64) -> Self {
        let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx.example:443".into()));
        settings.breaker = Breaker {
            at_least: 1_000_000,
            ..Breaker::default()
        };
        settings.readback_interval = Duration::ZERO;
        settings.chat_reassert = Duration::ZERO;
        let world = Self {
            pbx: Arc::new(FakePbx::new()),
            tenant: Arc::new(FakeTenant::new()),
            ledger: Arc::new(MemoryLedger::new()),
            settings,
            reports: Arc::default(),
            licence: None,
            clock: Arc::new(TestClock {
                inner: TokioClock::starting_at("2026-11-23T08:00:00Z".parse().unwrap()),
                shift: AtomicI64::new(0),
            }),
            running: None,
        };
        for id in (1..=people).chain([900]) {
            world.pbx.add_user(id, &mail(id), id != 900);
            world.tenant.add_person(&teams(id), &mail(id));
            world.teams_says(id, "Available/Available");
        }
        world
    }

    pub(crate) fn teams_says(&self, id: i64, text: &str) {
        self.tenant.set_presence(&teams(id), presence(text));
    }

    pub(crate) fn teams_is_silent_about(&self, id: i64) {
        self.tenant.set_presence(&teams(id), None);
    }

    pub(crate) async fn start(&mut self) {
        self.start_with(|_| {}).await;
    }

    /// Starts with other ports where `change` says so.
    pub(crate) async fn start_with(&mut self, change: impl FnOnce(&mut Ports)) {
        let claim = Claim {
            instance: self.settings.instance.clone(),
            pbx: self.settings.pbx.clone(),
            holder: "test".to_owned(),
            settings: None,
        };
        let now = self.clock.now();
        let Acquired::Granted(lease) = self.ledger.acquire(&claim, now.wall).await.unwrap() else {
            panic!("the lease is free")
        };
        let memory = self.ledger.load(&claim).await.unwrap();
        let engine = Engine::new(self.settings.clone(), memory, now, 7);
        let mut ports = Ports {
            presence: Arc::clone(&self.tenant) as _,
            directory: Arc::clone(&self.tenant) as _,
            pbx: Arc::clone(&self.pbx) as _,
            chat: self.settings.chat.then(|| Arc::clone(&self.pbx) as _),
            ledger: Arc::clone(&self.ledger) as _,
        };
        change(&mut ports);
        let observer = Arc::clone(&self.reports) as _;
        let (driver, handle) = Driver::new(engine, ports, lease, Arc::clone(&self.clock) as _, observer);
        if let Some(holding) = &self.licence {
            handle.licence(holding.clone()).await.unwrap();
        }
        self.running = Some((handle, tokio::spawn(driver.run())));
    }

    /// Sets the wall clock forward, or back where negative.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.shift.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.running.as_ref().unwrap().0
    }

    pub(crate) async fn stop(&mut self) {
        let (handle, task) = self.running.take().unwrap();
        handle.stop().await.unwrap();
        assert_eq!(task.await.unwrap(), Ended::Drained);
    }

    /// Ends the daemon as SIGKILL would: whatever it was doing stays half done.
    pub(crate) async fn kill(&mut self) {
        let (_, task) = self.running.take().unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // A lease of this ledger is given back by hand, as the system does for a lock on a file.
        let claim = Claim {
            instance: self.settings.instance.clone(),
            pbx: self.settings.pbx.clone(),
            holder: "nobody".to_owned(),
            settings: None,
        };
        let fence = |fence| sync_core::Lease {
            claim: claim.clone(),
            fence,
            lasts: None,
        };
        for number in 0..1_000 {
            self.ledger.surrender(&fence(number)).await.unwrap();
        }
    }

    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Time for a sweep and for whatever follows from it.
    pub(crate) async fn settle(&self) {
        self.pass(seconds(5)).await;
    }

    pub(crate) async fn view(&self) -> InstanceView {
        let now = self.clock.now();
        self.handle()
            .ask(move |engine| engine.instance_view(now))
            .await
            .unwrap()
    }

    /// What the ledger remembers.
    pub(crate) async fn memory(&self) -> Memory {
        let claim = Claim {
            instance: self.settings.instance.clone(),
            pbx: self.settings.pbx.clone(),
            holder: "test".to_owned(),
            settings: None,
        };
        self.ledger.load(&claim).await.unwrap()
    }

    /// Gives back the seats of all other instances.
    pub(crate) async fn keep_seats_of(&self, instances: &[InstanceName]) {
        self.ledger.keep_seats_of(instances).await.unwrap();
    }

    pub(crate) async fn plan(&self) -> Plan {
        let now = self.clock.now();
        self.handle().ask(move |engine| engine.plan(now)).await.unwrap()
    }

    /// Why a person is as it is.
    pub(crate) async fn explain(&self, id: i64) -> ExplainView {
        let (address, now) = (mail(id).parse().unwrap(), self.clock.now());
        let found = self.handle().ask(move |engine| engine.explain(&address, now));
        found.await.unwrap().pop().unwrap()
    }

    pub(crate) fn dnd(&self, id: i64) -> bool {
        self.pbx.values(id).unwrap().0
    }

    pub(crate) fn chat(&self, id: i64) -> ChatPresence {
        self.pbx.values(id).unwrap().1
    }

    pub(crate) fn writes_of_dnd(&self) -> Vec<PbxWrite> {
        self.pbx
            .writes()
            .into_iter()
            .filter(|write| matches!(write.to, Value::Dnd(_)))
            .collect()
    }

    pub(crate) fn reported(&self, text: &str) -> bool {
        self.reports
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|report| report.contains(text))
    }

    pub(crate) fn reports(&self) -> Vec<String> {
        self.reports.0.lock().unwrap().clone()
    }
}

pub(crate) const fn user(id: i64) -> PbxUserId {
    PbxUserId(id)
}

fn mail(id: i64) -> String {
    format!("person{id}@example.com")
}

pub(crate) fn teams(id: i64) -> String {
    format!("00000000-0000-0000-0000-{id:012}")
}
