//! Which texts have the form of a licence, and which claims a good signature does not help.

use licensing::{LARGEST, Licence, NotALicence, Refusal, Rejected, Unverified};
use serde_json::Value;

use crate::desk::{
    Members, SEED, edited, encoded, header, issuers, key, other_key, parts, payload, set, signed,
    signed_with, terms, verified, with_claims, with_header, without,
};

fn parsed(contents: impl AsRef<[u8]>) -> Result<Unverified, NotALicence> {
    Unverified::parse(contents.as_ref())
}

fn claims_error(text: &str) -> String {
    match verified(text) {
        Err(Refusal::Rejected(Rejected::Claims(which))) => which,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_an_unverified_licence_only_the_key_id_and_the_claimed_issuer_can_be_seen() {
    let unverified = parsed(other_key().issue(&terms()).unwrap()).unwrap();
    assert_eq!(unverified.key_id(), other_key().public().id());
    assert_eq!(unverified.claimed_issuer().unwrap().as_str(), "Test Desk");
}

#[test]
fn a_claimed_issuer_that_could_deceive_a_reader_is_not_shown() {
    let texts = [
        with_claims(set("iss", "Desk\u{202e}ksed")),
        with_claims(set("iss", 1)),
        with_claims(without("iss")),
        signed(&header(), b"\xff"),
        signed(&header(), "[]"),
    ];
    for text in texts {
        assert_eq!(parsed(&text).unwrap().claimed_issuer(), None, "{text}");
    }
}

#[test]
fn a_licence_has_three_parts_in_the_alphabet_of_base64url() {
    let valid = key().issue(&terms()).unwrap();
    let [head, body, signature] = parts(&valid);
    for text in [
        "x".to_owned(),
        "..".to_owned() + signature,
        format!("{head}.{body}"),
        format!("{valid}."),
        format!(".{valid}"),
        format!("{valid}.{body}.{signature}"),
        format!("{head}.{body}=.{signature}"),
        format!("{head}.{body}+.{signature}"),
        format!("{head}.{body}/.{signature}"),
        format!("{head}.{body}\u{a0}.{signature}"),
        format!("{{\"payload\":\"{body}\"}}"),
    ] {
        let error = parsed(&text).unwrap_err();
        assert!(
            matches!(error, NotALicence::Form | NotALicence::Header),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_licence_has_at_most_8192_bytes_blanks_not_counted() {
    let of_length = |length: usize| {
        let good = format!("{}.{}.", encoded(header()), encoded(payload()));
        good.clone() + &"A".repeat(length - good.len())
    };
    let most = of_length(LARGEST);
    assert!(parsed(&most).is_ok());
    assert!(parsed(format!("{most}\r\n{}", " ".repeat(LARGEST - 2))).is_ok());
    let too_long = Err(NotALicence::TooLong { most: LARGEST });
    assert_eq!(parsed(format!("{most}{}", " ".repeat(LARGEST + 1))), too_long);
    assert_eq!(parsed(of_length(LARGEST + 1)), too_long);
}

#[test]
fn a_file_of_blanks_is_empty() {
    for text in ["", " ", "\r\n\r\n", "\t", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(parsed(text), Err(NotALicence::Empty), "{text:?}");
    }
}

#[test]
fn any_key_in_pem_form_is_recognised_as_a_key() {
    for tag in ["PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE"] {
        let text =
            format!("\u{feff}from the desk:\r\n-----BEGIN {tag}-----\r\nAA==\r\n-----END {tag}-----\r\n");
        assert_eq!(parsed(text), Err(NotALicence::Key), "{tag}");
    }
}

#[test]
fn the_members_of_the_header_may_stand_in_any_order() {
    let kid = key().public().id().to_string();
    let text = signed(
        &format!(r#"{{"kid":"{kid}", "typ":"licence+jwt", "alg":"EdDSA"}}"#),
        payload(),
    );
    assert_eq!(verified(&text).unwrap().terms(), &terms());
}

#[test]
fn a_header_has_alg_kid_and_typ_each_once_and_nothing_else() {
    let kid = key().public().id().to_string();
    let alike = |edit: &dyn Fn(&str) -> String| signed(&edit(&header()), payload());
    for text in [
        with_header(without("typ")),
        with_header(without("kid")),
        with_header(without("alg")),
        with_header(set("typ", "licence+JWT")),
        with_header(set("typ", Value::Null)),
        with_header(set("kid", "the first key")),
        with_header(set("kid", kid.clone() + "A")),
        with_header(set("kid", kid[..42].to_owned())),
        with_header(set("alg", Value::Null)),
        with_header(set("crit", vec!["exp"])),
        with_header(set("jku", "https://example.com/keys")),
        with_header(set("x5c", vec!["AA=="])),
        with_header(set("b64", false)),
        with_header(set("zip", "DEF")),
        alike(&|header| header.replace('}', ",\"alg\":\"EdDSA\"}")),
        alike(&|header| header.replace('}', ",\"typ\":\"licence+jwt\"}")),
        alike(&|header| header.replace('}', &format!(",\"kid\":\"{kid}\"}}"))),
        alike(&|header| format!("[{header}]")),
        alike(&|_| format!(r#"["EdDSA","{kid}","licence+jwt"]"#)),
        alike(&|header| header.to_owned() + "{}"),
        alike(&|header| format!("\u{feff}{header}")),
        alike(&|_| String::new()),
    ] {
        assert_eq!(verified(&text), Err(NotALicence::Header.into()), "{text}");
    }
}

#[test]
fn every_other_algorithm_is_named_and_refused() {
    for name in [
        "none", "None", "HS256", "ES256", "RS256", "eddsa", "EDDSA", "Ed25519", "EdDSA2",
    ] {
        let refused = Err(NotALicence::Algorithm(name.to_owned()).into());
        assert_eq!(verified(&with_header(set("alg", name))), refused);
    }
}

#[test]
fn the_name_of_an_algorithm_is_shortened_and_cannot_deceive_a_reader() {
    let text = with_header(set("alg", "\u{1b}[2J\u{202e}".to_owned() + &"x".repeat(100)));
    let shown = "[2J".to_owned() + &"x".repeat(17);
    assert_eq!(parsed(text), Err(NotALicence::Algorithm(shown)));
}

#[test]
fn a_signature_of_another_length_is_wrong() {
    let valid = key().issue(&terms()).unwrap();
    let (message, signature) = valid.rsplit_once('.').unwrap();
    let signature = crate::desk::decoded(signature);
    let longer = [signature.as_slice(), &[0]].concat();
    for bytes in [&[], &signature[..63], &longer, &[0; 64]] {
        let text = format!("{message}.{}", encoded(bytes));
        assert_eq!(verified(&text), Err(Rejected::Signature.into()));
    }
}

#[test]
fn every_claim_but_issuer_grace_and_pbx_has_to_be_there() {
    for claim in ["ver", "jti", "sub", "mode", "seats", "iat", "nbf", "exp"] {
        let error = claims_error(&with_claims(without(claim)));
        assert!(error.starts_with(&format!("missing field `{claim}`")), "{error}");
    }
    let text = with_claims(without("iss"));
    let licence = Licence::verified(text.as_bytes(), &issuers()).unwrap();
    assert_eq!(licence.terms().issuer, None);
    assert_eq!(licence.terms().grace_days, 0);
    assert_eq!(licence.terms().pbx, None);
}

#[test]
fn a_claim_that_makes_no_sense_is_refused_however_well_it_is_signed() {
    let cases: [(&str, Value); 16] = [
        ("jti", "".into()),
        ("sub", " Example GmbH".into()),
        ("iss", "A\nB".into()),
        ("pbx", "pbx\u{202e}".into()),
        ("mode", "everything".into()),
        ("mode", "Presence-Sync".into()),
        ("seats", 0.into()),
        ("seats", (-1).into()),
        ("seats", 4_294_967_296_u64.into()),
        ("seats", 50.0.into()),
        ("grace_days", 367.into()),
        ("grace_days", Value::Null),
        ("iat", i64::MAX.into()),
        ("nbf", i64::MIN.into()),
        ("exp", 253_402_300_800_i64.into()),
        ("exp", "2027-01-01".into()),
    ];
    for (claim, value) in cases {
        claims_error(&with_claims(set(claim, value)));
    }
    for payload in [
        "",
        "[]",
        "null",
        "{}",
        &format!("[{}]", payload()),
        &(payload() + " 1"),
    ] {
        claims_error(&signed(&header(), payload));
    }
}

#[test]
fn a_message_about_claims_can_be_printed_on_a_terminal() {
    let error = claims_error(&with_claims(set("\u{1b}[31mregion\u{202e}", 1)));
    assert!(error.starts_with("unknown field `[31mregion`"), "{error:?}");
}

#[test]
fn a_later_version_is_named_even_if_nothing_else_of_it_is_understood() {
    let later = |members: &mut Members| {
        members.clear();
        members.insert("ver".to_owned(), 7.into());
        members.insert("modes".to_owned(), vec!["all"].into());
    };
    let refused = Err(Rejected::Version { found: 7, known: 1 }.into());
    assert_eq!(verified(&with_claims(later)), refused);
}

#[test]
fn claims_are_looked_at_only_after_the_signature() {
    let [head, signature] = [header(), "A".repeat(86)];
    for body in [edited(&payload(), set("ver", 2)), "no JSON".to_owned()] {
        let text = format!("{}.{}.{signature}", encoded(&head), encoded(body));
        assert_eq!(verified(&text), Err(Rejected::Signature.into()));
    }
    assert!(verified(&signed_with(&SEED, &head, payload())).is_ok());
}
