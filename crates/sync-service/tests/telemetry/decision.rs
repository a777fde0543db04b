//! At trace the log shows the way of a member from a presence to a change.

use std::sync::Arc;
use std::time::Duration;

use sync_core::fakes::{FakePbx, FakeTenant, MemoryLedger, TokioClock};
use sync_core::{
    Acquired, Claim, Clock, Driver, Engine, Handle, InstanceName, LedgerPort, PbxName, Ports, Settings,
};
use sync_service::config::LogLevel;
use sync_service::telemetry::{LogQuery, Metrics, Watch};

use crate::support::Log;

const PERSON: &str = "fa8bf3dc";

struct World {
    tenant: Arc<FakeTenant>,
    _handle: Handle,
}

impl World {
    /// A PBX with one member, who is available.
    async fn begin() -> Self {
        let (pbx, tenant) = (Arc::new(FakePbx::new()), Arc::new(FakeTenant::new()));
        pbx.add_user(1004, "anna@example.com", true);
        tenant.add_person(PERSON, "anna@example.com");
        tenant.set_presence(PERSON, "Available/Available".parse().ok());
        let instance = InstanceName("main".into());
        let mut settings = Settings::new(instance.clone(), PbxName("pbx.example:443".into()));
        settings.readback_interval = Duration::ZERO;
        settings.chat_reassert = Duration::ZERO;
        let clock = TokioClock::starting_at("2026-11-23T09:00:00Z".parse().unwrap());
        let ledger = Arc::new(MemoryLedger::new());
        let claim = Claim {
            instance: instance.clone(),
            pbx: settings.pbx.clone(),
            holder: "test".to_owned(),
            settings: None,
        };
        let Acquired::Granted(lease) = ledger.acquire(&claim, clock.now().wall).await.unwrap() else {
            panic!("the lease is free")
        };
        let memory = ledger.load(&claim).await.unwrap();
        let engine = Engine::new(settings, memory, clock.now(), 1);
        let ports = Ports {
            presence: tenant.clone(),
            directory: tenant.clone(),
            pbx: pbx.clone(),
            chat: Some(pbx),
            ledger,
        };
        let watch = Watch::new(instance, Arc::new(Metrics::new("0.0.0-test")));
        let (driver, handle) = Driver::new(engine, ports, lease, Arc::new(clock), Arc::new(watch));
        tokio::spawn(driver.run());
        let world = Self {
            tenant,
            _handle: handle,
        };
        world.settle().await;
        world
    }

    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    async fn say(&self, presence: &str) {
        self.tenant.set_presence(PERSON, presence.parse().ok());
        self.settle().await;
    }
}

/// The steps of the member since this line.
fn steps(log: &Log, after: u64) -> String {
    let query = LogQuery {
        after: Some(after),
        ..LogQuery::default()
    };
    let lines = log.logging.recent(&query);
    let steps = lines
        .iter()
        .filter(|line| line.target == "sync_service::decision");
    // The time is the same in all, and the test of the text has it.
    let steps = steps.map(|line| line.text().split_once(' ').unwrap().1.to_owned());
    steps.collect::<Vec<_>>().join("\n")
}

fn newest(log: &Log) -> u64 {
    *log.logging.follow().borrow()
}

#[tokio::test(start_paused = true)]
async fn each_step_of_a_member_is_a_line() {
    let log = Log::at(LogLevel::Trace);
    let world = World::begin().await;
    let before = newest(&log);
    world.say("Busy/InACall").await;
    insta::assert_snapshot!("into_a_call", steps(&log, before));
    let before = newest(&log);
    world.tenant.set_presence(PERSON, None);
    world.settle().await;
    insta::assert_snapshot!("silence", steps(&log, before));
}

#[tokio::test(start_paused = true)]
async fn a_presence_that_stays_the_same_is_no_step() {
    let log = Log::at(LogLevel::Trace);
    let world = World::begin().await;
    let before = newest(&log);
    world.settle().await;
    assert_eq!(steps(&log, before), "");
}

#[tokio::test(start_paused = true)]
async fn no_step_is_told_below_trace_and_no_address_below_debug() {
    let log = Log::at(LogLevel::Debug);
    let world = World::begin().await;
    world.say("Busy/InACall").await;
    assert_eq!(steps(&log, 0), "");
    let addressed = log.logging.recent(&LogQuery {
        search: Some("anna@".to_owned()),
        ..LogQuery::default()
    });
    assert!(!addressed.is_empty());
    assert!(
        addressed.iter().all(|line| line.level == LogLevel::Debug),
        "{addressed:?}"
    );
}
