//! How the daemon signs in to the tenant, and the key that seals what it remembers of that.

use std::path::Path;

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use sync_service::config::{Environment, Loaded, TeamsSignIn, parse};

use crate::support::{Files, INSTANCE, read, read_with, refusal, refusal_with, warnings};

const PEM: &str = "/etc/presence-sync/graph.pem";

/// A file whose `[instances.main.teams]` signs in by these lines.
fn file(lines: &str) -> String {
    format!(
        "version = 1\n{}",
        INSTANCE.replace("client_secret_file = \"graph.secret\"", lines)
    )
}

fn with_certificate() -> String {
    file("auth = \"client-certificate\"\nclient_certificate_file = \"graph.pem\"")
}

/// A certificate that is good in the years 2020 to 2030, with its key.
fn certificate() -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    format!("{certificate}{}", key.serialize_pem())
}

fn sign_in(loaded: &Loaded) -> &TeamsSignIn {
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    &instance.teams.sign_in
}

#[test]
fn browser_and_device_code_need_nothing_else() {
    for (word, delegated) in [
        ("browser", TeamsSignIn::Browser),
        ("device-code", TeamsSignIn::DeviceCode),
    ] {
        let loaded = read(&file(&format!("auth = \"{word}\""))).expect("a good text");
        assert_eq!(*sign_in(&loaded), delegated);
        assert_eq!((delegated.as_str(), delegated.is_delegated()), (word, true));
    }
}

#[test]
fn a_certificate_is_read_with_its_key_and_signs_as_it_is_told() {
    let pem = certificate();
    let files = || Files::good().with(PEM, pem.clone(), 0o600);
    for (line, algorithm) in [
        ("", "Ps256"),
        ("\nassertion_algorithm = \"PS256\"", "Ps256"),
        ("\nassertion_algorithm = \"RS256\"", "Rs256"),
    ] {
        let text = file(&format!(
            "auth = \"client-certificate\"\nclient_certificate_file = \"graph.pem\"{line}"
        ));
        let loaded = read_with(&text, &files()).expect("a good text");
        let TeamsSignIn::ClientCertificate(read) = sign_in(&loaded) else {
            panic!("{:?}", sign_in(&loaded))
        };
        assert_eq!(format!("{:?}", read.algorithm), algorithm);
        assert_eq!(read.certificate.valid_until().to_string(), "2030-01-01T00:00:00Z");
        assert!(!sign_in(&loaded).is_delegated());
    }
    let other = read_with(
        &with_certificate(),
        &Files::good().with(PEM, certificate(), 0o600),
    )
    .unwrap();
    let same = read_with(&with_certificate(), &files()).unwrap();
    assert_ne!(
        same.settings, other.settings,
        "another certificate is a change of the settings"
    );
    assert_eq!(
        same.settings,
        read_with(&with_certificate(), &files()).unwrap().settings
    );
}

#[test]
fn a_certificate_file_that_cannot_be_used_is_refused_with_what_is_wrong_with_it() {
    let pem = certificate();
    let (certificate, key) = pem.split_at(pem.find("-----BEGIN PRIVATE").unwrap());
    for (contents, mode, what) in [
        (pem.as_str(), 0o640, "may be read by others (mode 0640)"),
        (
            certificate,
            0o600,
            "it holds no private key\n    hint: put the private key into the same file",
        ),
        (key, 0o600, "it holds no certificate"),
        ("SAMPLE", 0o600, "it holds no private key"),
    ] {
        let printed = refusal_with(&with_certificate(), &Files::good().with(PEM, contents, mode));
        assert!(printed.contains(what), "{printed}");
        assert!(
            !printed.contains("SAMPLE") && !printed.contains("MII"),
            "{printed}"
        );
    }
    assert!(refusal_with(&with_certificate(), &Files::good()).contains("there is no file `graph.pem`"));
}

fn read_at(now: fn() -> Timestamp) -> Loaded {
    let environment = Environment::default().with_clock(now);
    let files = Files::good().with(PEM, certificate(), 0o600);
    let path = Path::new("/etc/presence-sync/presence-sync.toml");
    parse(&with_certificate(), path, &environment, &files).expect("a good text")
}

#[test]
fn the_end_of_a_certificate_is_warned_about_a_month_before_and_ends_no_other_instance() {
    let said = |now: fn() -> Timestamp| {
        let loaded = read_at(now);
        let said: Vec<String> = warnings(&loaded)
            .into_iter()
            .map(|warning| format!("{}: {}", warning.key.as_deref().unwrap_or_default(), warning.what))
            .collect();
        said.join("\n").replace("/etc/presence-sync/", "")
    };
    assert_eq!(said(|| "2029-12-01T23:59:59Z".parse().unwrap()), "");
    let key = "instances.main.teams.client_certificate_file: the certificate in `graph.pem`";
    let renew = "make a new one, upload it to the app registration and put it into the file with its key";
    assert_eq!(
        said(|| "2029-12-02T00:00:00Z".parse().unwrap()),
        format!("{key} ends at 2030-01-01T00:00:00Z; {renew}")
    );
    assert_eq!(
        said(|| "2030-01-01T00:00:00Z".parse().unwrap()),
        format!("{key} expired at 2030-01-01T00:00:00Z, and nobody can sign in with it; {renew}")
    );
    assert_eq!(
        said(|| "2019-12-31T23:59:59Z".parse().unwrap()),
        format!("{key} is good from 2020-01-01T00:00:00Z on; check the clock of this machine")
    );
}

#[test]
fn keys_of_another_way_to_sign_in_are_contradictions() {
    let contradiction = |key: &str, of: &str, auth: &str| {
        format!(
            "`instances.main.teams.{key}`: is for `auth = \"{of}\"` alone, and it is `{auth}`\n    hint: remove it, or write `auth = \"{of}\"`"
        )
    };
    let lines = "auth = \"browser\"\nclient_secret_file = \"graph.secret\"\nassertion_algorithm = \"PS256\"";
    let printed = refusal(&file(lines));
    assert!(
        printed.contains(&contradiction("client_secret_file", "client-secret", "browser")),
        "{printed}"
    );
    let algorithm = contradiction("assertion_algorithm", "client-certificate", "browser");
    assert!(printed.contains(&algorithm), "{printed}");
    let lines = "client_secret_file = \"graph.secret\"\nclient_certificate_file = \"graph.pem\"";
    let printed = refusal(&file(lines));
    let file_of = contradiction("client_certificate_file", "client-certificate", "client-secret");
    assert!(printed.contains(&file_of), "{printed}");
    let printed = refusal(&file("auth = \"client-certificate\""));
    let missing = "`instances.main.teams.client_certificate_file`: is missing\n    hint: write `client_certificate_file = \"graph.pem\"`";
    assert!(printed.contains(missing), "{printed}");
}

fn key_file(loaded: &Loaded) -> (&Path, bool) {
    let key = &loaded.settings.daemon.state_key;
    (&key.path, key.lent)
}

#[test]
fn the_key_of_the_state_is_beside_it_or_where_it_is_named_and_need_not_be_there() {
    let text = |daemon: &str| format!("version = 1\n[daemon]\n{daemon}\n{INSTANCE}");
    for (daemon, path) in [
        ("", "/etc/presence-sync/state.key"),
        (
            "state = \"sqlite:/var/lib/presence-sync/state.db\"",
            "/var/lib/presence-sync/state.key",
        ),
        ("state_key_file = \"own.key\"", "/etc/presence-sync/own.key"),
        ("state_key_file = \"/srv/own.key\"", "/srv/own.key"),
    ] {
        let loaded = read(&text(daemon)).expect("a good text");
        assert_eq!(key_file(&loaded), (Path::new(path), false), "{daemon}");
    }
    for (config, path) in [
        ("presence-sync.toml", "state.key"),
        ("conf/presence-sync.toml", "conf/state.key"),
    ] {
        let files = Files::good()
            .with(
                &config.replace("presence-sync.toml", "graph.secret"),
                "SAMPLE",
                0o600,
            )
            .with(
                &config.replace("presence-sync.toml", "pbx.password"),
                "SAMPLE",
                0o600,
            );
        let loaded =
            parse(&text(""), Path::new(config), &Environment::default(), &files).expect("a good text");
        assert_eq!(key_file(&loaded), (Path::new(path), false), "{config}");
    }
    let named = text("state_key_file = \"own.key\"");
    let lent = Files::good().with("/run/credentials/own.key", [1; 32], 0o440);
    let loaded = read_with(&named, &lent).expect("a good text");
    assert_eq!(key_file(&loaded), (Path::new("/run/credentials/own.key"), true));
    let open = Files::good().with("/etc/presence-sync/own.key", [1; 32], 0o644);
    assert!(refusal_with(&named, &open).contains("`daemon.state_key_file`: `own.key` may be read by others"));
    let open = Files::good().with("/etc/presence-sync/state.key", [1; 32], 0o604);
    assert!(refusal_with(&text(""), &open).contains("`state.key` may be read by others"));
}
