//! Starts a simulated tenant and PBX, lets a day at the office pass in a moment, and says what whoever keeps the PBX in line
//! with it would have had to do.
//!
//! ```console
//! $ cargo run -p sandbox --example office
//! ```
//!
//! With `SANDBOX_TENANT_LISTEN` and `SANDBOX_PBX_LISTEN` (such as `127.0.0.1:9001`) it stays there until Ctrl-C, for a client of
//! yours.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program of its own"
)]

use std::env::var;
use std::error::Error;

use sandbox::{CLIENT, Day, Except, LOGIN, Office, Sandbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let office = Office::new(30, 1);
    let day = Day::new(&office, 1);
    let mut builder = Sandbox::builder().office(office);
    let stays = match (var("SANDBOX_TENANT_LISTEN"), var("SANDBOX_PBX_LISTEN")) {
        (Ok(tenant), Ok(pbx)) => {
            builder = builder.listen(tenant.parse()?, pbx.parse()?);
            true
        }
        _ => false,
    };
    let sandbox = builder.start().await?;
    println!(
        "tenant {} at {}, app {CLIENT}",
        sandbox.tenant_id(),
        sandbox.tenant_url()
    );
    println!("PBX at {}, login {LOGIN}", sandbox.pbx_url());

    for event in day.events() {
        sandbox
            .tenant()
            .set_presence(&event.person, event.presence.clone());
    }
    let verdict = sandbox.judge(&Except::default());
    println!(
        "{} changes of presence, and nobody set anything:",
        day.events().len()
    );
    for difference in &verdict.differences {
        println!(
            "{}: expected {}, found {}",
            difference.user, difference.expected, difference.found
        );
    }
    if stays {
        tokio::signal::ctrl_c().await?;
    }
    sandbox.stop().await;
    Ok(())
}
