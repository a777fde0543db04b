//! Two issuing desks. Their keys follow from fixed seeds, so that they sign the same on every run and no file holds a
//! private key. Programs accept the one and do not know the other.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use licensing::{Demand, Issuers, Licence, OperatingMode, Refusal, SigningKey, Terms};

pub(crate) const SEED: [u8; 32] = [0x11; 32];
pub(crate) const OTHER_SEED: [u8; 32] = [0x22; 32];

pub(crate) type Members = Map<String, Value>;

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&SEED).unwrap()
}

pub(crate) fn other_key() -> SigningKey {
    SigningKey::from_seed(&OTHER_SEED).unwrap()
}

pub(crate) fn issuers() -> Issuers {
    [key().public().clone()].into_iter().collect()
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The moment at which the tests look at a licence.
pub(crate) fn now() -> Timestamp {
    time("2026-06-01T12:00:00Z")
}

/// The terms of a licence that does.
pub(crate) fn terms() -> Terms {
    Terms {
        number: "T-0001".parse().unwrap(),
        issuer: Some("Test Desk".parse().unwrap()),
        customer: "Example GmbH".parse().unwrap(),
        mode: OperatingMode::PresenceSync,
        seats: 50,
        issued: time("2025-12-15T09:30:00Z"),
        from: time("2026-01-01T00:00:00Z"),
        until: time("2027-01-01T00:00:00Z"),
        grace_days: 0,
        pbx: None,
    }
}

/// A licence with these terms, as a program has it.
pub(crate) fn licence(terms: &Terms) -> Licence {
    verified(&key().issue(terms).unwrap()).unwrap()
}

pub(crate) fn verified(text: &str) -> Result<Licence, Refusal> {
    Licence::verified(text.as_bytes(), &issuers())
}

/// What the tests ask of a licence.
pub(crate) fn demand() -> Demand {
    Demand {
        mode: OperatingMode::PresenceSync,
        pbx: vec!["pbx.example".to_owned(), "pbx.example:443".to_owned()],
    }
}

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

pub(crate) fn parts(text: &str) -> [&str; 3] {
    text.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// Signs any header and payload with the key of this seed: what `SigningKey::issue` would never write.
pub(crate) fn signed_with(seed: &[u8; 32], header: &str, payload: impl AsRef<[u8]>) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    let signature = encoded(pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

pub(crate) fn signed(header: &str, payload: impl AsRef<[u8]>) -> String {
    signed_with(&SEED, header, payload)
}

/// The header of a good licence.
pub(crate) fn header() -> String {
    part_of_a_good_licence(0)
}

/// The claims of a good licence.
pub(crate) fn payload() -> String {
    part_of_a_good_licence(1)
}

fn part_of_a_good_licence(index: usize) -> String {
    let text = key().issue(&terms()).unwrap();
    String::from_utf8(decoded(parts(&text)[index])).unwrap()
}

/// A good licence but for its header, with a signature that is right for it.
pub(crate) fn with_header(edit: impl FnOnce(&mut Members)) -> String {
    signed(&edited(&header(), edit), payload())
}

/// A good licence but for its claims, with a signature that is right for them.
pub(crate) fn with_claims(edit: impl FnOnce(&mut Members)) -> String {
    signed(&header(), edited(&payload(), edit))
}

pub(crate) fn edited(json: &str, edit: impl FnOnce(&mut Members)) -> String {
    let mut members: Members = serde_json::from_str(json).unwrap();
    edit(&mut members);
    serde_json::to_string(&members).unwrap()
}

/// Sets one member.
pub(crate) fn set(name: &str, value: impl Into<Value>) -> impl FnOnce(&mut Members) {
    move |members| {
        members.insert(name.to_owned(), value.into());
    }
}

/// Takes one member out, and the others keep their places.
pub(crate) fn without(name: &str) -> impl FnOnce(&mut Members) {
    move |members| {
        members.shift_remove(name).unwrap();
    }
}
