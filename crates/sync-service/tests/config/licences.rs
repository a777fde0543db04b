//! `[license]`: which licence an instance has, and what is said about one that is not good.

use licensing::{OperatingMode, SigningKey, Terms};
use sync_core::{Holding, InstanceName};
use sync_service::config::{Licence, Loaded};

use crate::support::{Files, INSTANCE, read_with, refusal_with};

fn desk() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

fn licence(number: &str) -> String {
    let terms = Terms {
        number: number.parse().unwrap(),
        issuer: None,
        customer: "Example GmbH".parse().unwrap(),
        mode: OperatingMode::PresenceSync,
        seats: 10,
        issued: "2026-01-01T00:00:00Z".parse().unwrap(),
        from: "2026-01-01T00:00:00Z".parse().unwrap(),
        until: "2027-01-01T00:00:00Z".parse().unwrap(),
        grace_days: 0,
        pbx: None,
    };
    desk().issue(&terms).unwrap()
}

/// Files with a licence and the public key of its desk.
fn files() -> Files {
    Files::good()
        .with("/etc/presence-sync/license.key", licence("shared"), 0o644)
        .with("/etc/presence-sync/issuer.pub", desk().public().to_pem(), 0o644)
}

const LICENSE: &str = "[license]\nkey_file = \"license.key\"\nissuer_keys_file = \"issuer.pub\"\n";

fn file(license: &str) -> String {
    format!("version = 1\n{license}{INSTANCE}")
}

fn of_main(loaded: &Loaded) -> &Licence {
    &loaded.settings.licences[&InstanceName("main".into())]
}

fn number(licence: &Licence) -> Option<&str> {
    match &licence.holding {
        Holding::Verified(licence) => Some(licence.terms().number.as_str()),
        _ => None,
    }
}

fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded
        .warnings
        .iter()
        .map(|warning| warning.what.clone())
        .collect()
}

#[test]
fn a_licence_of_an_accepted_issuer_is_verified() {
    let loaded = read_with(&file(LICENSE), &files()).unwrap();
    assert_eq!(number(of_main(&loaded)), Some("shared"));
    assert_eq!(warnings(&loaded), Vec::<String>::new());
    let path = Some("/etc/presence-sync/license.key".into());
    assert_eq!(
        (&of_main(&loaded).path, &loaded.settings.license_file),
        (&path, &path)
    );
}

#[test]
fn an_instances_own_licence_goes_before_the_shared_one() {
    let own = "[instances.main]\nlicense_file = \"main.license\"\n";
    let files = files().with("/etc/presence-sync/main.license", licence("own"), 0o644);
    let loaded = read_with(&file(&format!("{LICENSE}{own}")), &files).unwrap();
    assert_eq!(number(of_main(&loaded)), Some("own"));
    let alone = LICENSE.replace("key_file = \"license.key\"\n", "");
    let loaded = read_with(&file(&format!("{alone}{own}")), &files).unwrap();
    assert_eq!(number(of_main(&loaded)), Some("own"));
    assert_eq!(loaded.settings.license_file, None);
}

#[test]
fn a_licence_that_is_absent_or_not_good_is_a_warning_and_no_fault() {
    let missing = files().without("/etc/presence-sync/license.key");
    let scribble = files().with("/etc/presence-sync/license.key", "scribble", 0o644);
    let foreign = LICENSE.replace("issuer_keys_file = \"issuer.pub\"\n", "");
    for (text, files, expected) in [
        (String::new(), files(), "there is no licence"),
        (
            LICENSE.to_owned(),
            missing,
            "there is no file `/etc/presence-sync/license.key`",
        ),
        (LICENSE.to_owned(), scribble, "this is no licence"),
        (foreign, files(), "which is not accepted here"),
    ] {
        let loaded = read_with(&file(&text), &files).unwrap();
        let warnings = warnings(&loaded);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains(expected), "{warnings:?}");
        assert_eq!(number(of_main(&loaded)), None);
    }
}

#[test]
fn an_instance_that_is_turned_off_needs_no_licence() {
    let loaded = read_with(&file("[instances.main]\nenabled = false\n"), &files()).unwrap();
    assert_eq!(warnings(&loaded), Vec::<String>::new());
}

#[test]
fn issuer_keys_that_cannot_be_used_are_a_fault() {
    let private = desk().to_pem();
    let private = secrecy::ExposeSecret::expose_secret(&private).to_owned();
    for (contents, expected) in [
        (private, "has a private key, and public ones belong there"),
        ("nothing".to_owned(), "has no key in PEM form"),
    ] {
        let files = files().with("/etc/presence-sync/issuer.pub", contents.clone(), 0o600);
        let refusal = refusal_with(&file(LICENSE), &files);
        assert!(refusal.contains(expected), "{refusal}");
        assert!(
            !refusal.contains(contents.lines().nth(1).unwrap_or("-----")),
            "{refusal}"
        );
    }
    let refusal = refusal_with(&file(LICENSE), &files().without("/etc/presence-sync/issuer.pub"));
    assert!(refusal.contains("license.issuer_keys_file"), "{refusal}");
}

#[test]
fn a_licence_that_was_remembered_goes_on_where_the_file_is_not_good() {
    let scribble = files().with("/etc/presence-sync/license.key", "scribble", 0o644);
    let loaded = read_with(&file(LICENSE), &scribble).unwrap();
    let before = licence("before");
    let told = of_main(&loaded).at_start(Some(&before));
    assert!(
        matches!(told.as_slice(), [Holding::Verified(licence), Holding::Unusable(_)] if licence.text() == before),
        "{told:?}"
    );
    assert_eq!(of_main(&loaded).at_start(Some("no licence")).len(), 1);
    assert_eq!(of_main(&loaded).at_start(None).len(), 1);

    // A good file is told after it, so that one that begins later does not end it.
    let loaded = read_with(&file(LICENSE), &files()).unwrap();
    let told = of_main(&loaded).at_start(Some(&before));
    assert!(
        matches!(told.as_slice(), [Holding::Verified(_), Holding::Verified(_)]),
        "{told:?}"
    );

    let missing = files().without("/etc/presence-sync/license.key");
    let loaded = read_with(&file(LICENSE), &missing).unwrap();
    assert_eq!(
        of_main(&loaded).at_start(Some(&before)),
        [Holding::Missing],
        "one that was taken away is gone"
    );
}
