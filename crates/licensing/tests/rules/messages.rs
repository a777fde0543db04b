//! Every message, one by one, with its code; and that each is a fragment that fits behind a colon.

use std::collections::BTreeMap;

use licensing::{
    BadTerms, KeyError, Name, NotALicence, NotCovered, NotInForce, OperatingMode, Refusal, Rejected,
};

use crate::desk::{demand, key, licence, now, other_key, terms, time};

fn refusals() -> Vec<(Refusal, &'static str, String)> {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let id = other_key().public().id().clone();
    let expired = |grace_days| NotInForce::Expired {
        since: time("2026-05-01T00:00:00Z"),
        grace_days,
    };
    let seats = |needed, licensed| NotCovered::TooFewSeats { needed, licensed };
    let no_licence = |error: NotALicence, said: &str| {
        (
            error.into(),
            "not-a-licence",
            format!("this is no licence: {said}"),
        )
    };
    let rejected = |error: Rejected, code, said: &str| {
        (error.into(), code, format!("the licence is not accepted: {said}"))
    };
    let not_in_force = |error: NotInForce, code, said: &str| {
        (error.into(), code, format!("the licence is not in force: {said}"))
    };
    let not_covered = |error: NotCovered, code, said: &str| {
        (
            error.into(),
            code,
            format!("the licence does not suffice: {said}"),
        )
    };
    vec![
        no_licence(NotALicence::Empty, "it is empty"),
        no_licence(
            NotALicence::TooLong { most: 8192 },
            "it is longer than the 8192 bytes that a licence has at most",
        ),
        no_licence(NotALicence::NotText, "it is no text"),
        no_licence(NotALicence::Key, "it is a key, not a licence"),
        no_licence(
            NotALicence::Form,
            "it does not have the form of a licence: three parts of letters and digits with dots between them",
        ),
        no_licence(NotALicence::Header, "its header is not that of a licence"),
        no_licence(
            NotALicence::Algorithm("none".to_owned()),
            "it is signed with `none`, and only `EdDSA` is accepted",
        ),
        rejected(
            Rejected::UnknownIssuer(id.clone()),
            "unknown-issuer",
            &format!("it was signed with the issuer key `{id}`, which is not accepted here"),
        ),
        rejected(
            Rejected::Signature,
            "wrong-signature",
            "its signature is wrong: it was altered after it was issued",
        ),
        rejected(
            Rejected::Version { found: 2, known: 1 },
            "later-version",
            "it is a licence of version 2, and this program knows version 1",
        ),
        rejected(
            Rejected::Claims("missing field `seats`".to_owned()),
            "wrong-claims",
            "it is signed well, but its claims are wrong: missing field `seats`",
        ),
        not_in_force(
            NotInForce::NotYetValid {
                from: time("2026-07-01T00:00:00Z"),
            },
            "not-yet-valid",
            "it is not valid before 2026-07-01T00:00:00Z",
        ),
        not_in_force(expired(0), "expired", "it expired at 2026-05-01T00:00:00Z"),
        not_in_force(
            expired(1),
            "expired",
            "it expired at 2026-05-01T00:00:00Z, and its day of grace is over",
        ),
        not_in_force(
            expired(14),
            "expired",
            "it expired at 2026-05-01T00:00:00Z, and its 14 days of grace are over",
        ),
        not_covered(
            NotCovered::WrongMode {
                licensed: OperatingMode::PresenceSync,
                needed: OperatingMode::FullIntegration,
            },
            "wrong-mode",
            "it is for the mode `presence-sync`, and `full-integration` is needed",
        ),
        not_covered(
            NotCovered::OtherPbx {
                licensed: name("other.example"),
                actual: "pbx.example".to_owned(),
            },
            "other-pbx",
            "it is for the PBX `other.example`, and this one is `pbx.example`",
        ),
        not_covered(
            seats(51, 50),
            "too-few-seats",
            "it has 50 seats, and 51 are needed: 1 more",
        ),
        not_covered(
            seats(5_000_000_000, u32::MAX),
            "too-few-seats",
            "it has 4294967295 seats, and 5000000000 are needed: 705032705 more",
        ),
    ]
}

#[test]
fn every_refusal_says_what_is_wrong_and_has_its_code() {
    for (refusal, code, message) in refusals() {
        assert_eq!(refusal.to_string(), message);
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn every_refusal_has_an_advice_that_is_a_fragment_like_its_message() {
    for (refusal, ..) in refusals() {
        for text in [refusal.to_string(), refusal.advice().to_owned()] {
            assert!(text.starts_with(char::is_lowercase), "{text}");
            assert!(
                !text.ends_with('.') && !text.contains("  ") && !text.contains('\n'),
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_to_be_done_follows_from_the_reason() {
    let mut advices: BTreeMap<&str, &str> = BTreeMap::new();
    for (refusal, code, _) in refusals() {
        if refusal != NotALicence::Key.into() {
            let before = advices.insert(code, refusal.advice());
            assert!(before.is_none_or(|advice| advice == refusal.advice()), "{code}");
        }
    }
    let [key, other] = [NotALicence::Key, NotALicence::Form].map(|error| Refusal::from(error).advice());
    assert_eq!(key, "take the licence file, not a file with a key");
    assert_ne!(key, other);
    for (code, word) in [
        ("unknown-issuer", "license.issuer_keys_file"),
        ("later-version", "update"),
        ("not-yet-valid", "clock"),
        ("expired", "presencectl license install"),
        ("wrong-mode", "mode = \"presence-sync\""),
        ("other-pbx", "starface.pbx_id"),
        ("too-few-seats", "more seats"),
    ] {
        assert!(advices[code].contains(word), "{code}: {}", advices[code]);
    }
}

#[test]
fn mode_is_looked_at_before_the_pbx_and_the_pbx_before_the_seats() {
    let mut terms = terms();
    terms.pbx = Some("other.example".parse().unwrap());
    let licence = licence(&terms);
    let in_force = licence.in_force(now()).unwrap();
    let code = |mode, pbx: &str, users| {
        let mut demand = demand();
        demand.mode = mode;
        demand.pbx.push(pbx.to_owned());
        in_force
            .covers(&demand, users)
            .map_err(|error| Refusal::from(error).code())
    };
    use OperatingMode::{FullIntegration, PresenceSync};
    assert_eq!(code(FullIntegration, "x", 51), Err("wrong-mode"));
    assert_eq!(code(PresenceSync, "x", 51), Err("other-pbx"));
    assert_eq!(code(PresenceSync, "OTHER.example", 51), Err("too-few-seats"));
    assert_eq!(code(PresenceSync, "OTHER.example", 50), Ok(()));
}

#[test]
fn the_pbx_is_named_by_the_name_that_people_know_first() {
    let mut terms = terms();
    terms.pbx = Some("other.example".parse().unwrap());
    let licence = licence(&terms);
    let error = licence.in_force(now()).unwrap().covers(&demand(), 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is for the PBX `other.example`, and this one is `pbx.example`"
    );
}

#[test]
fn every_fault_of_a_key_file_says_what_it_is() {
    for (error, message) in [
        (KeyError::Pem, "it has no key in PEM form"),
        (
            KeyError::Private,
            "it has a private key, and public ones belong there",
        ),
        (KeyError::NotPrivate, "it has no private key"),
        (KeyError::Kind, "it is not an Ed25519 key"),
        (KeyError::Id, "it is not the id of a key"),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn terms_that_no_licence_may_have_are_not_issued() {
    let refused = |change: &dyn Fn(&mut licensing::Terms)| {
        let mut terms = terms();
        change(&mut terms);
        let error = key().issue(&terms).unwrap_err();
        (error, error.to_string())
    };
    let ends_early = (
        BadTerms::EndsBeforeItBegins,
        "a licence ends after it begins".to_owned(),
    );
    assert_eq!(
        refused(&|terms| terms.seats = 0),
        (BadTerms::NoSeats, "a licence has at least one seat".to_owned())
    );
    assert_eq!(refused(&|terms| terms.until = terms.from), ends_early);
    // Within one second: as licences have whole seconds, it would end when it begins.
    assert_eq!(
        refused(&|terms| {
            terms.from = time("2026-01-01T00:00:00.2Z");
            terms.until = time("2026-01-01T00:00:00.7Z");
        }),
        ends_early
    );
    assert_eq!(
        refused(&|terms| terms.grace_days = 367),
        (
            BadTerms::TooMuchGrace,
            "a licence has at most 366 days of grace".to_owned()
        )
    );
}
