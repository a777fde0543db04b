//! An issuing desk: makes a key, issues a licence, and reads it as the product does.
//!
//! ```console
//! $ cargo run -p licensing --example issuing_desk
//! ```

#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use aws_lc_rs::rand;
use jiff::Timestamp;
use licensing::{Demand, Issuers, Licence, OperatingMode, SigningKey, Terms};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A desk makes its key once and keeps `key.to_pem()` in a file that nobody else may read.
    let mut seed = [0; 32];
    rand::fill(&mut seed)?;
    let key = SigningKey::from_seed(&seed)?;
    println!("{}", key.public().to_pem());

    let from: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let terms = Terms {
        number: "2026-0001".parse()?,
        issuer: Some("Example Desk".parse()?),
        customer: "Example GmbH".parse()?,
        mode: OperatingMode::PresenceSync,
        seats: 50,
        issued: from,
        from,
        until: "2027-01-01T00:00:00Z".parse()?,
        grace_days: 14,
        pbx: Some("pbx.example".parse()?),
    };
    let text = key.issue(&terms)?;
    println!("{text}\n");

    // The product has the public half alone.
    let issuers = Issuers::from_pem(key.public().to_pem().as_bytes())?;
    let licence = Licence::verified(text.as_bytes(), &issuers)?;
    let terms = licence.terms();
    println!(
        "{} for {}: {} seats until {}",
        terms.number, terms.customer, terms.seats, terms.until
    );

    let demand = Demand {
        mode: OperatingMode::PresenceSync,
        pbx: vec!["pbx.example".to_owned()],
    };
    for (at, users) in [
        ("2026-06-01T00:00:00Z", 50),
        ("2026-06-01T00:00:00Z", 51),
        ("2027-02-01T00:00:00Z", 50),
    ] {
        match licence
            .in_force(at.parse()?)
            .map(|in_force| in_force.covers(&demand, users))
        {
            Ok(Ok(())) => println!("{users} users at {at}: yes"),
            Ok(Err(why)) => println!("{users} users at {at}: no, {why}"),
            Err(why) => println!("{users} users at {at}: no, {why}"),
        }
    }
    Ok(())
}
