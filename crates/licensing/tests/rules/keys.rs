//! The keys of issuers: their files, several at once, and that nothing secret is printed.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

use licensing::{Issuers, KeyError, KeyId, Licence, Rejected, SigningKey};

use crate::desk::{OTHER_SEED, SEED, decoded, encoded, key, other_key, terms};

/// The examples of <https://www.rfc-editor.org/rfc/rfc8410#section-10>: a key as `openssl genpkey` writes it, and the same
/// key in the later form with its public half in it.
const EXAMPLE_SEED: &str = "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=";
const EXAMPLE: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
const EXAMPLE_WITH_ITS_PUBLIC_HALF: &str = "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
    Z9w7lshQhqowtrbLDFw4rXAxZuE=";
const EXAMPLE_PUBLIC: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
/// The same bytes as a key of X25519.
const ANOTHER_KIND: &str = "MCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

fn block(tag: &str, body: &str) -> String {
    format!("-----BEGIN {tag}-----\n{body}\n-----END {tag}-----\n")
}

fn private(body: &str) -> Result<SigningKey, KeyError> {
    SigningKey::from_pem(&SecretString::from(block("PRIVATE KEY", body)))
}

fn public(contents: &str) -> Result<Issuers, KeyError> {
    Issuers::from_pem(contents.as_bytes())
}

fn ids(issuers: &Issuers) -> Vec<&KeyId> {
    issuers.ids().collect()
}

#[test]
fn while_keys_rotate_licences_of_both_are_accepted_and_after_it_of_the_new_one_alone() {
    let [old, new] = [key(), other_key()];
    let [old_text, new_text] = [&old, &new].map(|desk| desk.issue(&terms()).unwrap());
    let [only_old, only_new] = [&old, &new].map(|desk| public(&desk.public().to_pem()).unwrap());
    let both = only_old.and(only_new.clone());

    let signed_by = |text: &str| {
        Licence::verified(text.as_bytes(), &both)
            .unwrap()
            .key_id()
            .clone()
    };
    assert_eq!(signed_by(&old_text), *old.public().id());
    assert_eq!(signed_by(&new_text), *new.public().id());
    assert!(Licence::verified(new_text.as_bytes(), &only_new).is_ok());
    let refused = Licence::verified(old_text.as_bytes(), &only_new);
    assert_eq!(
        refused,
        Err(Rejected::UnknownIssuer(old.public().id().clone()).into())
    );
}

#[test]
fn a_licence_counts_for_the_key_that_it_names_and_no_other() {
    let both: Issuers = [key(), other_key()]
        .iter()
        .map(|desk| desk.public().clone())
        .collect();
    let crossed = crate::desk::signed_with(&OTHER_SEED, &crate::desk::header(), crate::desk::payload());
    let refused = Licence::verified(crossed.as_bytes(), &both);
    assert_eq!(refused, Err(Rejected::Signature.into()));
}

#[test]
fn without_issuers_nothing_is_accepted() {
    let text = key().issue(&terms()).unwrap();
    let refused = Licence::verified(text.as_bytes(), &Issuers::none());
    assert_eq!(
        refused,
        Err(Rejected::UnknownIssuer(key().public().id().clone()).into())
    );
}

#[test]
fn a_file_may_hold_several_public_keys_with_text_around_them() {
    let [first, second] = [key(), other_key()].map(|desk| desk.public().to_pem());
    let file = format!(
        "\u{feff}of 2026:\r\n{}of 2027:\n{second}the end\n",
        first.replace('\n', "\r\n")
    );
    let issuers = public(&file).unwrap();
    let mut expected = [key().public().id().clone(), other_key().public().id().clone()];
    expected.sort();
    assert_eq!(ids(&issuers), expected.iter().collect::<Vec<_>>());
    assert_eq!(public(&format!("{first}{second}{first}")).unwrap(), issuers);
}

#[test]
fn a_file_with_one_bad_block_is_refused_as_a_whole() {
    let good = key().public().to_pem();
    let cut_off = good.lines().take(2).collect::<Vec<_>>().join("\n");
    for (file, error) in [
        (String::new(), KeyError::Pem),
        ("no key at all".to_owned(), KeyError::Pem),
        (cut_off.clone(), KeyError::Pem),
        (format!("{good}{cut_off}\n"), KeyError::Pem),
        (format!("{cut_off}\n{good}"), KeyError::Pem),
        (good.clone() + &block("PUBLIC KEY", "*"), KeyError::Pem),
        (good.clone() + &block("CERTIFICATE", "AA=="), KeyError::Pem),
        (good.clone() + &block("PUBLIC KEY", "AA=="), KeyError::Kind),
        (good.clone() + &block("PUBLIC KEY", ANOTHER_KIND), KeyError::Kind),
        (good.clone() + &block("PRIVATE KEY", EXAMPLE), KeyError::Private),
    ] {
        assert_eq!(public(&file), Err(error), "{file}");
    }
}

#[test]
fn a_private_key_where_public_ones_belong_is_named_as_such() {
    let own = key().to_pem();
    assert_eq!(public(own.expose_secret()), Err(KeyError::Private));
    for tag in [
        "EC PRIVATE KEY",
        "RSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        assert_eq!(public(&block(tag, "AA==")), Err(KeyError::Private), "{tag}");
    }
}

#[test]
fn a_private_key_that_another_tool_made_can_sign() {
    let public = public(&block("PUBLIC KEY", EXAMPLE_PUBLIC)).unwrap();
    for body in [EXAMPLE, EXAMPLE_WITH_ITS_PUBLIC_HALF] {
        let desk = private(body).unwrap();
        assert_eq!(ids(&public), [desk.public().id()]);
        let text = desk.issue(&terms()).unwrap();
        assert_eq!(
            Licence::verified(text.as_bytes(), &public).unwrap().terms(),
            &terms()
        );
    }
}

#[test]
fn keys_are_written_as_openssl_writes_them() {
    let seed = STANDARD.decode(EXAMPLE_SEED).unwrap().try_into().unwrap();
    let desk = SigningKey::from_seed(&seed).unwrap();
    assert_eq!(desk.to_pem().expose_secret(), block("PRIVATE KEY", EXAMPLE));
    assert_eq!(desk.public().to_pem(), block("PUBLIC KEY", EXAMPLE_PUBLIC));
}

#[test]
fn a_key_that_was_written_is_read_back() {
    let again = SigningKey::from_pem(&key().to_pem()).unwrap();
    assert_eq!(again.public(), key().public());
    assert_eq!(again.issue(&terms()), key().issue(&terms()));
    let issuers = public(&key().public().to_pem()).unwrap();
    assert_eq!(issuers, [key().public().clone()].into_iter().collect::<Issuers>());
}

#[test]
fn what_is_no_private_key_of_this_kind_cannot_sign() {
    let from = |text: String| SigningKey::from_pem(&SecretString::from(text)).unwrap_err();
    assert_eq!(from(String::new()), KeyError::Pem);
    assert_eq!(from(key().issue(&terms()).unwrap()), KeyError::Pem);
    assert_eq!(from(key().public().to_pem()), KeyError::NotPrivate);
    assert_eq!(from(block("ENCRYPTED PRIVATE KEY", "AA==")), KeyError::NotPrivate);
    assert_eq!(from(block("PRIVATE KEY", "AA==")), KeyError::Kind);
    // The same bytes as an X25519 key.
    assert_eq!(
        from(block("PRIVATE KEY", &EXAMPLE.replace("K2Vw", "K2Vu"))),
        KeyError::Kind
    );
}

#[test]
fn an_id_has_43_characters_and_says_whose_key_it_is() {
    let id = key().public().id().clone();
    assert_eq!(id.as_str().len(), 43);
    assert_eq!(id.as_str().parse(), Ok(id.clone()));
    assert_ne!(&id, other_key().public().id());
    assert_eq!(decoded(id.as_str()).len(), 32);
    for text in [
        "",
        "x",
        &(id.to_string() + "A"),
        &format!("{}=", &id.as_str()[..42]),
        &encoded([0; 31]),
    ] {
        assert_eq!(text.parse::<KeyId>(), Err(KeyError::Id), "{text}");
    }
}

#[test]
fn what_is_printed_of_a_signing_key_holds_nothing_secret() {
    let pem = key().to_pem();
    let body: String = pem
        .expose_secret()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let document = STANDARD.decode(&body).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    let secrets = [
        body.clone(),
        // Without the first characters, which are those of every key.
        body[24..].to_owned(),
        hex(&SEED),
        STANDARD.encode(SEED).trim_end_matches('=').to_owned(),
        encoded(SEED),
        list(&SEED),
        hex(&document),
        list(&document),
        "PRIVATE".to_owned(),
    ];
    for printed in [
        format!("{:?}", key()),
        format!("{:#?}", key()),
        format!("{pem:?}"),
    ] {
        let dense: String = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in &secrets {
            assert!(
                !dense.to_lowercase().contains(&secret.to_lowercase()),
                "{printed}"
            );
        }
    }
    assert!(format!("{:?}", key()).contains(key().public().id().as_str()));
}
