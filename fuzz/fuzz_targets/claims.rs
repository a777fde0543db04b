//! Any bytes as the claims of a licence that is signed well: nothing panics, and what is read can be issued again and says
//! the same. Fuzzing the text as a whole never gets behind the signature.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use licensing::{Issuers, Licence, NotALicence, Refusal, Rejected, SigningKey};

/// The seed of the desk that made the golden vectors.
const SEED: [u8; 32] = [0x11; 32];

struct Desk {
    key: SigningKey,
    pair: Ed25519KeyPair,
    issuers: Issuers,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let key = SigningKey::from_seed(&SEED).expect("the seed is good");
    Desk {
        pair: Ed25519KeyPair::from_seed_unchecked(&SEED).expect("the seed is good"),
        issuers: [key.public().clone()].into_iter().collect(),
        key,
    }
});

fn signed(payload: &[u8]) -> String {
    let kid = DESK.key.public().id();
    let header = format!(r#"{{"typ":"licence+jwt","alg":"EdDSA","kid":"{kid}"}}"#);
    let message = [header.as_bytes(), payload]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let signature = URL_SAFE_NO_PAD.encode(DESK.pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fuzz_target!(|payload: &[u8]| {
    let licence = match Licence::verified(signed(payload).as_bytes(), &DESK.issuers) {
        Ok(licence) => licence,
        Err(
            Refusal::Rejected(Rejected::Claims(_) | Rejected::Version { .. })
            | Refusal::NotALicence(NotALicence::TooLong { .. }),
        ) => return,
        Err(other) => panic!("{other}"),
    };
    let again = DESK
        .key
        .issue(licence.terms())
        .expect("terms that were read can be issued");
    let again = Licence::verified(again.as_bytes(), &DESK.issuers).expect("what was issued verifies");
    assert_eq!(again.terms(), licence.terms());

    let terms = licence.terms();
    for at in [terms.from, terms.until, terms.grace_until()] {
        assert_eq!(
            licence.in_force(at).is_ok(),
            at >= terms.from && at < terms.grace_until()
        );
        assert!(licence.next_change(at).is_none_or(|next| next > at));
    }
});
