//! What is issued is what is read; and nothing that is read makes the reader panic.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use licensing::{
    LARGEST, Licence, MOST_GRACE_DAYS, Name, OperatingMode, Refusal, Rejected, Terms, Unverified,
};

use crate::desk::{encoded, header, issuers, key, licence, payload, signed, terms, verified};

fn name() -> impl Strategy<Value = Name> {
    let text = prop_oneof![
        "[A-Za-z0-9 .:-]{1,40}",
        "\\PC{1,200}",
        "[\"\\\\]{200}",
        "\u{10ffff}{200}"
    ];
    text.prop_filter_map("no name", |text| text.trim().parse().ok())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![
        1_500_000_000..3_000_000_000_i64,
        Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
    ];
    seconds.prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let names = (name(), option::of(name()), name(), option::of(name()));
    let times = (moment(), moment(), moment());
    let mode = select(&OperatingMode::ALL[..]);
    let times = times.prop_filter("begins and ends at once", |(_, from, until)| from != until);
    (names, times, mode, 1..=u32::MAX, 0..=MOST_GRACE_DAYS).prop_map(
        |((number, issuer, customer, pbx), (issued, one, two), mode, seats, grace_days)| Terms {
            number,
            issuer,
            customer,
            mode,
            seats,
            issued,
            from: one.min(two),
            until: one.max(two),
            grace_days,
            pbx,
        },
    )
}

#[test]
fn the_longest_licence_is_short_enough() {
    let name: Name = "\u{10ffff}".repeat(200).parse().unwrap();
    let terms = Terms {
        number: name.clone(),
        issuer: Some(name.clone()),
        customer: name.clone(),
        mode: OperatingMode::FullIntegration,
        seats: u32::MAX,
        issued: Timestamp::MIN,
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        grace_days: MOST_GRACE_DAYS,
        pbx: Some(name),
    };
    let text = key().issue(&terms).unwrap();
    assert!(text.len() <= LARGEST, "{}", text.len());
    assert!(verified(&text).is_ok());
}

#[test]
fn what_a_licence_has_to_say_is_written_as_documented() {
    let mut terms = terms();
    let id = key().public().id().to_string();
    assert_eq!(
        header(),
        format!(r#"{{"typ":"licence+jwt","alg":"EdDSA","kid":"{id}"}}"#)
    );
    let claims = concat!(
        r#"{"ver":1,"jti":"T-0001","iss":"Test Desk","sub":"Example GmbH","#,
        r#""mode":"presence-sync","seats":50,"iat":1765791000,"nbf":1767225600,"exp":1798761600}"#,
    );
    assert_eq!(payload(), claims);

    terms.grace_days = 14;
    terms.pbx = Some("pbx.example".parse().unwrap());
    let all = claims.replace('}', r#","grace_days":14,"pbx":"pbx.example"}"#);
    assert_eq!(key().issue(&terms).unwrap(), signed(&header(), all));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_issued_is_what_is_read(terms in any_terms()) {
        let desk = key();
        let text = desk.issue(&terms).unwrap();
        let read = verified(&text).unwrap();
        prop_assert_eq!(read.terms(), &terms);
        prop_assert_eq!(read.key_id(), desk.public().id());
        prop_assert_eq!(read.text(), text.as_str());
        prop_assert_eq!(&desk.issue(read.terms()).unwrap(), &text);
        let unverified = Unverified::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(unverified.key_id(), read.key_id());
        prop_assert_eq!(unverified.claimed_issuer(), terms.issuer);
    }

    #[test]
    fn any_time_can_be_asked_of_any_licence(terms in any_terms(), at in moment()) {
        let licence = licence(&terms);
        let begun = at >= terms.from;
        let over = at >= terms.grace_until();
        prop_assert_eq!(licence.in_force(at).is_ok(), begun && !over);
        prop_assert!(licence.next_change(at).is_none_or(|next| next > at));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(contents in vec(any::<u8>(), 0..600)) {
        prop_assert!(Licence::verified(&contents, &issuers()).is_err());
    }

    #[test]
    fn no_parts_make_the_reader_panic(head in "\\PC{0,80}", body in vec(any::<u8>(), 0..80), alg in "\\PC{0,30}") {
        let header = serde_json::json!({"alg": alg, "kid": head, "typ": "licence+jwt"}).to_string();
        for head in [&head, &header] {
            let text = format!("{}.{}.{}", encoded(head), encoded(&body), encoded(&body));
            prop_assert!(matches!(verified(&text), Err(Refusal::NotALicence(_))), "{}", text);
        }
    }

    #[test]
    fn no_signed_claims_make_the_reader_panic(
        claims in vec((select(&["ver", "jti", "sub", "mode", "seats", "exp", "pbx", "x"][..]), any_value()), 0..4),
        noise in "\\PC{0,80}",
    ) {
        let edited = crate::desk::edited(&payload(), |members| {
            members.extend(claims.into_iter().map(|(claim, value)| (claim.to_owned(), value)));
        });
        match verified(&signed(&header(), edited)) {
            Ok(read) => prop_assert!(key().issue(read.terms()).is_ok()),
            Err(Refusal::Rejected(Rejected::Claims(_) | Rejected::Version { .. })) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
        prop_assert!(verified(&signed(&header(), noise)).is_err());
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
        Just(serde_json::Value::Null),
        Just(serde_json::json!([{"ver": 1}])),
    ]
}
