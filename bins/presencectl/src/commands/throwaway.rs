//! The throw-away licence of a simulated office: by a key that nobody keeps.

use std::time::Duration;

use licensing::{OperatingMode, SigningKey, Terms};
use sandbox::License;

use super::Context;
use crate::failure::Failure;

/// A simulated office is gone long before its licence ends.
const LASTS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A licence for so many members.
pub(super) fn licence(context: &Context, seats: u32) -> Result<License, Failure> {
    let key = SigningKey::from_seed(&context.random()?).map_err(Failure::new)?;
    let now = context.timestamp();
    let name = |text: &str| text.parse().map_err(Failure::new);
    let terms = Terms {
        number: name("sandbox")?,
        issuer: Some(name("the sandbox")?),
        customer: name("a simulated office")?,
        mode: OperatingMode::PresenceSync,
        seats,
        issued: now,
        // The clocks of two machines may differ a little.
        from: now - Duration::from_secs(60 * 60),
        until: now + LASTS,
        grace_days: 0,
        pbx: None,
    };
    Ok(License {
        key: key.issue(&terms).map_err(Failure::new)?,
        issuer_keys: key.public().to_pem(),
    })
}
