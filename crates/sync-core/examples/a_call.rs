//! A call from its begin to its end, on a PBX and a tenant in memory: DND goes on and
//! off and on again, and the chat status with it. Time is tokio's paused clock, so that it takes no time at all.
//!
//! ```console
//! $ cargo run -p sync-core --features fakes --example a_call
//! ```
//!
//! With a PBX and a tenant that are real: the example `own_pbx` of `sync-adapters`.
#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sync_core::fakes::{FakePbx, FakeTenant, MemoryLedger, TokioClock};
use sync_core::{
    Acquired, Claim, Clock, Driver, Engine, InstanceName, LedgerPort, Observer, PbxName, Ports, Report,
    Settings,
};

/// Prints what is written, and nothing else.
struct Writes;

impl Observer for Writes {
    fn report(&self, report: &Report) {
        if let Report::Applied { change, .. } = report {
            println!(
                "{} of user {} is {} now, because of {:?}",
                change.field, change.pbx_user, change.to, change.because
            );
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let (pbx, tenant, ledger) = (
        Arc::new(FakePbx::new()),
        Arc::new(FakeTenant::new()),
        Arc::new(MemoryLedger::new()),
    );
    pbx.add_user(1004, "anna@example.com", true);
    tenant.add_person("fa8bf3dc", "anna@example.com");

    let settings = Settings::new(InstanceName("main".into()), PbxName("pbx.example:443".into()));
    let clock = TokioClock::starting_at("2026-11-23T09:00:00Z".parse()?);
    let claim = Claim {
        instance: settings.instance.clone(),
        pbx: settings.pbx.clone(),
        holder: "example".to_owned(),
        settings: None,
    };
    let Acquired::Granted(lease) = ledger.acquire(&claim, clock.now().wall).await? else {
        return Err("somebody else has the instance".into());
    };
    let engine = Engine::new(settings, ledger.load(&claim).await?, clock.now(), 1);
    let ports = Ports {
        presence: tenant.clone(),
        directory: tenant.clone(),
        pbx: pbx.clone(),
        chat: Some(pbx.clone()),
        ledger,
    };
    let (driver, handle) = Driver::new(engine, ports, lease, Arc::new(clock), Arc::new(Writes));
    let driver = tokio::spawn(driver.run());

    for presence in ["Busy/InACall", "Available/Available", "Busy/InAMeeting"] {
        println!("Teams says {presence}");
        tenant.set_presence("fa8bf3dc", presence.parse().ok());
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    handle.stop().await?;
    driver.await?;
    let (dnd, chat) = pbx.values(1004).ok_or("the user is there")?;
    println!("in the end: DND {dnd}, chat {chat}");
    Ok(())
}
