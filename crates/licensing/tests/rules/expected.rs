//! What has to be said about each golden vector by a program that is asked for presence of [`USERS`] users of
//! `pbx.example`.

use licensing::{Ending, KeyId, NotALicence, NotCovered, NotInForce, Phase, Refusal, Rejected};

use crate::desk::time;

pub(crate) const USERS: usize = 10;

/// The accepted ones.
pub(crate) fn accepted() -> Vec<(&'static str, Phase)> {
    let grace = Phase::Grace {
        until: time("2026-06-08T00:00:00Z"),
    };
    vec![
        ("valid.license", Phase::Valid),
        ("wrapped-by-mail.license", Phase::Valid),
        ("full-integration.license", Phase::Valid),
        ("bound-to-a-pbx.license", Phase::Valid),
        ("ends-soon.license", Phase::Ending(Ending { within_days: 14 })),
        ("with-grace.license", grace),
    ]
}

/// A refused one: its file, why, the code, the message.
pub(crate) type Row = (&'static str, Refusal, &'static str, String);

pub(crate) fn refused() -> Vec<Row> {
    let mut all = no_licences();
    all.extend(not_accepted());
    all.extend(of_no_use());
    all
}

fn no_licences() -> Vec<Row> {
    let algorithm = |name: &str| NotALicence::Algorithm(name.to_owned());
    let form =
        "it does not have the form of a licence: three parts of letters and digits with dots between them";
    let header = "its header is not that of a licence";
    [
        ("empty.license", NotALicence::Empty, "it is empty"),
        (
            "overlong.license",
            NotALicence::TooLong { most: 8192 },
            "it is longer than the 8192 bytes that a licence has at most",
        ),
        ("not-utf8.license", NotALicence::NotText, "it is no text"),
        (
            "public-key.license",
            NotALicence::Key,
            "it is a key, not a licence",
        ),
        ("two-parts.license", NotALicence::Form, form),
        ("web-page.license", NotALicence::Form, form),
        ("padded.license", NotALicence::Form, form),
        ("trailing-bits.license", NotALicence::Form, form),
        ("other-type.license", NotALicence::Header, header),
        ("no-key-id.license", NotALicence::Header, header),
        ("embedded-jwk.license", NotALicence::Header, header),
        (
            "alg-none.license",
            algorithm("none"),
            "it is signed with `none`, and only `EdDSA` is accepted",
        ),
        (
            "alg-hs256.license",
            algorithm("HS256"),
            "it is signed with `HS256`, and only `EdDSA` is accepted",
        ),
        (
            "alg-ed25519.license",
            algorithm("Ed25519"),
            "it is signed with `Ed25519`, and only `EdDSA` is accepted",
        ),
    ]
    .into_iter()
    .map(|(file, why, which)| {
        let message = format!("this is no licence: {which}");
        (file, why.into(), "not-a-licence", message)
    })
    .collect()
}

fn not_accepted() -> Vec<Row> {
    let other: KeyId = "f3zNtNnYfgmEKsQyyHtmruOfJFzBi1lyb_D_2J9CDPo".parse().unwrap();
    let altered = "its signature is wrong: it was altered after it was issued";
    let all = [
        (
            "wrong-key.license",
            Rejected::UnknownIssuer(other),
            "unknown-issuer",
            "it was signed with the issuer key `f3zNtNnYfgmEKsQyyHtmruOfJFzBi1lyb_D_2J9CDPo`, which is not accepted here",
        ),
        (
            "future-version.license",
            Rejected::Version { found: 2, known: 1 },
            "later-version",
            "it is a licence of version 2, and this program knows version 1",
        ),
        (
            "flipped-bit.license",
            Rejected::Signature,
            "wrong-signature",
            altered,
        ),
        (
            "altered-seats.license",
            Rejected::Signature,
            "wrong-signature",
            altered,
        ),
        (
            "forged-key-id.license",
            Rejected::Signature,
            "wrong-signature",
            altered,
        ),
    ];
    let claims = "it is signed well, but its claims are wrong: ";
    let claims = WRONG_CLAIMS.map(|(file, which)| {
        (
            file,
            Rejected::Claims(which.to_owned()),
            "wrong-claims",
            format!("{claims}{which}"),
        )
    });
    let others = all.map(|(file, why, code, which)| (file, why, code, which.to_owned()));
    others
        .into_iter()
        .chain(claims)
        .map(|(file, why, code, which)| {
            let message = format!("the licence is not accepted: {which}");
            (file, why.into(), code, message)
        })
        .collect()
}

/// Licences that are signed well, and what is wrong with their claims.
const WRONG_CLAIMS: [(&str, &str); 8] = [
    (
        "control-characters.license",
        "a name has 1 to 200 printable characters and no blank at its ends at line 1 column 66",
    ),
    (
        "duplicate-claim.license",
        "duplicate field `seats` at line 1 column 103",
    ),
    ("ends-before-it-begins.license", "a licence ends after it begins"),
    (
        "fraction-of-a-second.license",
        "invalid type: floating point `1767225600.5`, expected i64 at line 1 column 132",
    ),
    (
        "missing-claim.license",
        "missing field `seats` at line 1 column 137",
    ),
    ("no-seats.license", "a licence has at least one seat"),
    (
        "seats-as-text.license",
        "invalid type: string \"50\", expected u32 at line 1 column 98",
    ),
    (
        "unknown-claim.license",
        "unknown field `region`, expected one of `ver`, `jti`, `iss`, `sub`, `mode`, `seats`, \
         `iat`, `nbf`, `exp`, `grace_days`, `pbx` at line 1 column 156",
    ),
];

fn of_no_use() -> Vec<Row> {
    let early = NotInForce::NotYetValid {
        from: time("2026-07-01T00:00:00Z"),
    };
    let expired = |since: &str, grace_days| NotInForce::Expired {
        since: time(since),
        grace_days,
    };
    let elsewhere = NotCovered::OtherPbx {
        licensed: "other.example".parse().unwrap(),
        actual: "pbx.example".to_owned(),
    };
    let few = NotCovered::TooFewSeats {
        needed: USERS,
        licensed: 5,
    };
    let rows: [(&str, Refusal, &str, &str); 5] = [
        (
            "not-yet-valid.license",
            early.into(),
            "not-yet-valid",
            "the licence is not in force: it is not valid before 2026-07-01T00:00:00Z",
        ),
        (
            "expired.license",
            expired("2026-06-01T12:00:00Z", 0).into(),
            "expired",
            "the licence is not in force: it expired at 2026-06-01T12:00:00Z",
        ),
        (
            "grace-is-over.license",
            expired("2026-05-01T00:00:00Z", 14).into(),
            "expired",
            "the licence is not in force: it expired at 2026-05-01T00:00:00Z, and its 14 days of grace are over",
        ),
        (
            "bound-to-another-pbx.license",
            elsewhere.into(),
            "other-pbx",
            "the licence does not suffice: it is for the PBX `other.example`, and this one is `pbx.example`",
        ),
        (
            "few-seats.license",
            few.into(),
            "too-few-seats",
            "the licence does not suffice: it has 5 seats, and 10 are needed: 5 more",
        ),
    ];
    rows.map(|(file, why, code, message)| (file, why, code, message.to_owned()))
        .into()
}
