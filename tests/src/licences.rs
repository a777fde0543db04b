//! Licences of an issuing desk that only tests know.

use jiff::Timestamp;
use licensing::{OperatingMode, SigningKey, Terms};

fn desk() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).expect("every seed makes a key")
}

/// The public key of the desk, as `license.issuer_keys_file` names it.
pub fn issuer_keys() -> String {
    desk().public().to_pem()
}

/// The terms of a licence for so many seats that goes on for ever, as far as a test can tell.
pub fn terms(seats: u32) -> Terms {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    Terms {
        number: "test-1".parse().expect("a name"),
        issuer: None,
        customer: "A simulated office".parse().expect("a name"),
        mode: OperatingMode::PresenceSync,
        seats,
        issued: at("2026-01-01T00:00:00Z"),
        from: at("2026-01-01T00:00:00Z"),
        until: at("2099-01-01T00:00:00Z"),
        grace_days: 0,
        pbx: None,
    }
}

/// The text of a licence with these terms.
pub fn licence(terms: &Terms) -> String {
    desk().issue(terms).expect("good terms")
}
