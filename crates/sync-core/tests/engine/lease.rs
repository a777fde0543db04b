//! The driver and its lease, on paused time: where it cannot be renewed, nothing is written that a successor could meet.

use std::sync::Arc;
use std::time::Duration;

use sync_core::fakes::TokioClock;
use sync_core::{Claim, Clock, Driver, Engine, Fault, Lease, Memory, MockLedgerPort, PortError, Ports};

use crate::support::{World, seconds};

/// A ledger that stores everything and renews no lease.
fn ledger_that_renews_nothing() -> MockLedgerPort {
    let mut ledger = MockLedgerPort::new();
    ledger
        .expect_renew()
        .returning(|_, _| Err(PortError::new(Fault::State, "renew the lease")));
    ledger.expect_commit().returning(|_, _| Ok(Vec::new()));
    ledger.expect_surrender().returning(|_| Ok(()));
    ledger
}

#[tokio::test(start_paused = true)]
async fn no_write_starts_when_the_lease_may_have_run_out() {
    let mut world = World::with(2);
    world.settings.chat = false;
    let clock = TokioClock::starting_at("2026-11-23T08:00:00Z".parse().unwrap());
    let engine = Engine::new(world.settings.clone(), Memory::default(), clock.now(), 7);
    let ports = Ports {
        presence: Arc::clone(&world.tenant) as _,
        directory: Arc::clone(&world.tenant) as _,
        pbx: Arc::clone(&world.pbx) as _,
        chat: None,
        ledger: Arc::new(ledger_that_renews_nothing()),
    };
    let lease = Lease {
        claim: Claim {
            instance: world.settings.instance.clone(),
            pbx: world.settings.pbx.clone(),
            holder: "test".to_owned(),
            settings: None,
        },
        fence: 1,
        lasts: Some(seconds(15)),
    };
    let observer = Arc::clone(&world.reports) as _;
    let (driver, handle) = Driver::new(engine, ports, lease, Arc::new(clock), observer);
    let driver = tokio::spawn(driver.run());

    world.teams_says(1, "Busy/InACall");
    world.pass(seconds(10)).await;
    assert!(world.dnd(1), "the lease holds for fifteen seconds");
    // Three seconds before its end nothing may start any more.
    world.pass(Duration::from_millis(2_500)).await;
    world.teams_says(2, "Busy/InACall");
    world.pass(seconds(120)).await;
    assert!(!world.dnd(2));
    assert_eq!(world.writes_of_dnd().len(), 1);
    handle.stop().await.unwrap();
    driver.await.unwrap();
}
