//! Any bytes as the contents of a licence file: nothing panics, and only what the test desk issued verifies.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use licensing::{Issuers, LARGEST, Unverified};

/// The golden vectors that the desk signed and whose claims are good: all that may ever verify.
const ISSUED: [&str; 10] = [
    include_str!("../../crates/licensing/tests/vectors/valid.license"),
    include_str!("../../crates/licensing/tests/vectors/full-integration.license"),
    include_str!("../../crates/licensing/tests/vectors/bound-to-a-pbx.license"),
    include_str!("../../crates/licensing/tests/vectors/bound-to-another-pbx.license"),
    include_str!("../../crates/licensing/tests/vectors/few-seats.license"),
    include_str!("../../crates/licensing/tests/vectors/not-yet-valid.license"),
    include_str!("../../crates/licensing/tests/vectors/ends-soon.license"),
    include_str!("../../crates/licensing/tests/vectors/expired.license"),
    include_str!("../../crates/licensing/tests/vectors/with-grace.license"),
    include_str!("../../crates/licensing/tests/vectors/grace-is-over.license"),
];

static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/licensing/tests/vectors/issuer.pub");
    Issuers::from_pem(file).expect("the test issuer's key is good")
});

fuzz_target!(|contents: &[u8]| {
    let Ok(unverified) = Unverified::parse(contents) else {
        return;
    };
    assert_eq!(unverified.key_id().as_str().len(), 43);
    let claimed = unverified.claimed_issuer();
    assert!(claimed.is_none_or(|name| !name.as_str().contains(char::is_control)));

    let Ok(licence) = unverified.verify(&ISSUERS) else {
        return;
    };
    assert!(licence.text().len() <= LARGEST);
    assert!(ISSUED.iter().any(|text| text.trim_end() == licence.text()));
    // What it verified is what was there, but for blanks, line breaks and the mark that may stand at the start.
    let contents = std::str::from_utf8(contents).expect("it is a text");
    let dense: String = contents.split_ascii_whitespace().collect();
    assert_eq!(dense.trim_start_matches('\u{feff}'), licence.text());
});
