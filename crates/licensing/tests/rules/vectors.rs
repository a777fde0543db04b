//! The golden vectors: every file of `tests/vectors` is made anew and compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;

use licensing::{OperatingMode, Terms};

use crate::desk::{
    OTHER_SEED, edited, encoded, header, key, other_key, parts, payload, set, signed, signed_with, terms,
    time, with_claims, with_header, without,
};

pub(crate) const ISSUER: &str = "issuer.pub";
pub(crate) const README: &str = "README.md";
/// Keeps git from changing line ends.
const ATTRIBUTES: &str = ".gitattributes";

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// Every licence by the name of its file.
pub(crate) fn licences() -> BTreeMap<&'static str, Vec<u8>> {
    let mut all: BTreeMap<_, Vec<u8>> = BTreeMap::from([
        ("wrapped-by-mail.license", wrapped_by_mail().into_bytes()),
        ("public-key.license", key().public().to_pem().into_bytes()),
        ("empty.license", Vec::new()),
        ("not-utf8.license", b"\xff\xfel\0i\0c\0e\0n\0c\0e\0".to_vec()),
    ]);
    let lines = issued().into_iter().chain(forged()).chain(odd());
    all.extend(lines.map(|(file, text)| (file, format!("{text}\n").into_bytes())));
    all
}

/// What a desk issues.
fn issued() -> Vec<(&'static str, String)> {
    let with = |change: fn(&mut Terms)| {
        let mut terms = terms();
        change(&mut terms);
        key().issue(&terms).unwrap()
    };
    vec![
        ("valid.license", with(|_| {})),
        (
            "full-integration.license",
            with(|terms| terms.mode = OperatingMode::FullIntegration),
        ),
        (
            "bound-to-a-pbx.license",
            with(|terms| terms.pbx = Some("PBX.example".parse().unwrap())),
        ),
        (
            "bound-to-another-pbx.license",
            with(|terms| terms.pbx = Some("other.example".parse().unwrap())),
        ),
        ("few-seats.license", with(|terms| terms.seats = 5)),
        (
            "not-yet-valid.license",
            with(|terms| terms.from = time("2026-07-01T00:00:00Z")),
        ),
        (
            "ends-soon.license",
            with(|terms| terms.until = time("2026-06-10T00:00:00Z")),
        ),
        (
            "expired.license",
            with(|terms| terms.until = time("2026-06-01T12:00:00Z")),
        ),
        (
            "with-grace.license",
            with(|terms| {
                terms.until = time("2026-05-25T00:00:00Z");
                terms.grace_days = 14;
            }),
        ),
        (
            "grace-is-over.license",
            with(|terms| {
                terms.until = time("2026-05-01T00:00:00Z");
                terms.grace_days = 14;
            }),
        ),
        ("wrong-key.license", other_key().issue(&terms()).unwrap()),
    ]
}

/// What nobody issued.
fn forged() -> Vec<(&'static str, String)> {
    let valid = key().issue(&terms()).unwrap();
    let [head, body, signature] = parts(&valid);
    let more_seats = encoded(edited(&payload(), set("seats", 500)));
    let none = encoded(edited(&header(), set("alg", "none")));
    let hs256 = format!("{}.{body}", encoded(edited(&header(), set("alg", "HS256"))));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key().public().to_pem().as_bytes());
    let tag = encoded(hmac::sign(&secret, hs256.as_bytes()));
    vec![
        (
            "flipped-bit.license",
            format!("{head}.{}.{signature}", with_a_flipped_bit(body)),
        ),
        (
            "altered-seats.license",
            format!("{head}.{more_seats}.{signature}"),
        ),
        (
            "forged-key-id.license",
            signed_with(&OTHER_SEED, &header(), payload()),
        ),
        ("alg-none.license", format!("{none}.{body}.")),
        ("alg-hs256.license", format!("{hs256}.{tag}")),
        ("padded.license", format!("{valid}==")),
        (
            "trailing-bits.license",
            format!("{head}.{body}.{}", with_trailing_bits(signature)),
        ),
        ("two-parts.license", format!("{head}.{body}")),
        (
            "web-page.license",
            "<!doctype html><title>404 Not Found</title>".to_owned(),
        ),
    ]
}

/// What a desk with another idea of a licence might sign.
fn odd() -> Vec<(&'static str, String)> {
    let jwk = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": encoded([0x33; 32])});
    let twice = payload().replace("\"seats\":50", "\"seats\":5,\"seats\":50");
    let long = format!("https://example.com/{}", "x".repeat(8 * 1024));
    vec![
        ("alg-ed25519.license", with_header(set("alg", "Ed25519"))),
        ("other-type.license", with_header(set("typ", "JWT"))),
        ("no-key-id.license", with_header(without("kid"))),
        ("embedded-jwk.license", with_header(set("jwk", jwk))),
        ("future-version.license", with_claims(set("ver", 2))),
        ("missing-claim.license", with_claims(without("seats"))),
        ("unknown-claim.license", with_claims(set("region", "eu"))),
        ("duplicate-claim.license", signed(&header(), twice)),
        ("seats-as-text.license", with_claims(set("seats", "50"))),
        (
            "fraction-of-a-second.license",
            with_claims(set("nbf", 1_767_225_600.5)),
        ),
        ("no-seats.license", with_claims(set("seats", 0))),
        (
            "ends-before-it-begins.license",
            with_claims(set("exp", 1_767_225_600)),
        ),
        (
            "control-characters.license",
            with_claims(set("sub", "\u{1b}[2JExample")),
        ),
        ("overlong.license", with_claims(set("aud", long))),
    ]
}

/// The licence as a mail program might deliver it: with a byte order mark, in lines that end as on Windows.
fn wrapped_by_mail() -> String {
    let valid = key().issue(&terms()).unwrap();
    let lines: Vec<_> = valid.as_bytes().chunks(76).map(str::from_utf8).collect();
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| line.unwrap().to_owned() + "\r\n")
        .collect();
    format!("\u{feff}{}", lines.concat())
}

/// Flips the lowest bit of a byte in the middle of what is encoded.
fn with_a_flipped_bit(part: &str) -> String {
    let mut bytes = crate::desk::decoded(part);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    encoded(bytes)
}

/// The last of the 86 characters of a signature carries two bits; the other four have to be zero, and one is set here.
fn with_trailing_bits(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    let last = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        "w" => "x",
        other => unreachable!("{other} has trailing bits already"),
    };
    format!("{rest}{last}")
}

fn files() -> BTreeMap<&'static str, Vec<u8>> {
    let mut files = licences();
    files.insert(ISSUER, key().public().to_pem().into_bytes());
    files
}

#[test]
fn every_vector_can_be_made_anew_byte_by_byte() {
    for (file, made) in files() {
        let stored = fs::read(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(
            String::from_utf8_lossy(&stored),
            String::from_utf8_lossy(&made),
            "{file}"
        );
        assert_eq!(stored, made, "{file}");
    }
}

#[test]
fn the_folder_holds_the_vectors_and_nothing_else() {
    let mut stored: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    stored.sort();
    let mut made: Vec<_> = files().into_keys().chain([README, ATTRIBUTES]).collect();
    made.sort_unstable();
    assert_eq!(stored, made);
}

#[test]
#[ignore = "writes the vectors: cargo test -p licensing --test rules -- --ignored write_the_vectors"]
fn write_the_vectors() {
    for (file, made) in files() {
        fs::write(folder().join(file), made).unwrap();
    }
}
