//! Where the daemon listens, and what guards it there.

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use sync_adapters::http::Fingerprint;
use sync_service::config::{Environment, FaultKind, Loaded, parse};

use crate::support::{Files, INSTANCE, read, read_with, refusal, refusal_with, warnings};

const FILE: &str = "/etc/presence-sync/page.pem";

fn file(daemon: &str) -> String {
    format!("version = 1\n[daemon]\n{daemon}\n{INSTANCE}")
}

/// A certificate until the end of 2029, and its key.
fn pair() -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["page.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    (params.self_signed(&key).unwrap(), key)
}

fn with_certificate(daemon: &str, mode: u32) -> (String, Files, Fingerprint) {
    let (certificate, key) = pair();
    let text = format!("{}{}", certificate.pem(), key.serialize_pem());
    let files = Files::good().with(FILE, text, mode);
    let daemon = format!("{daemon}\ntls_certificate_file = \"page.pem\"");
    (file(&daemon), files, Fingerprint::of(certificate.der()))
}

#[test]
fn beyond_loopback_something_has_to_guard_the_daemon() {
    for address in ["0.0.0.0:8480", "192.0.2.7:80", "[::]:8480", "[2001:db8::1]:1"] {
        let listen = format!("listen = \"{address}\"");
        let error = read(&file(&listen)).expect_err("nothing guards it");
        let [fault] = error.faults() else {
            panic!("{error}")
        };
        assert_eq!(fault.kind, FaultKind::Contradiction);
        assert_eq!(
            fault.what,
            format!("`{address}` is beyond loopback, and nothing guards it there")
        );
        let hint = fault.hint.as_deref().unwrap_or_default();
        assert!(
            hint.contains("`tls_certificate_file`") && hint.contains("`behind_proxy = true`"),
            "{hint}"
        );
        assert!(read(&file(&format!("{listen}\nbehind_proxy = false"))).is_err());

        let loaded = read(&file(&format!("{listen}\nbehind_proxy = true"))).expect("a proxy guards it");
        let daemon = &loaded.settings.daemon;
        assert_eq!(
            (daemon.listen.to_string().as_str(), daemon.behind_proxy),
            (address, true)
        );
        assert_eq!(daemon.tls, None);

        let (text, files, fingerprint) = with_certificate(&listen, 0o600);
        let loaded = read_with(&text, &files).expect("TLS guards it");
        let tls = loaded.settings.daemon.tls.expect("there is a certificate");
        assert_eq!(
            (tls.identity.fingerprint(), tls.path.to_str()),
            (fingerprint, Some(FILE))
        );
    }
}

#[test]
fn on_this_machine_nothing_has_to_guard_it_and_tls_is_possible() {
    for address in ["127.0.0.1:8480", "[::1]:0"] {
        let listen = format!("listen = \"{address}\"");
        assert_eq!(
            read(&file(&listen)).expect("a good text").settings.daemon.tls,
            None
        );
        let (text, files, _) = with_certificate(&listen, 0o600);
        assert!(
            read_with(&text, &files)
                .expect("a good text")
                .settings
                .daemon
                .tls
                .is_some()
        );
    }
}

#[test]
fn a_certificate_with_its_key_is_guarded_like_other_secrets() {
    let (text, files, _) = with_certificate("listen = \"0.0.0.0:8480\"", 0o644);
    let printed = refusal_with(&text, &files);
    assert!(
        printed.contains("`page.pem` may be read by others (mode 0644)"),
        "{printed}"
    );
    assert!(
        !printed.contains("beyond loopback"),
        "it is guarded, only not well: {printed}"
    );
    let missing = refusal(&file("tls_certificate_file = \"page.pem\""));
    assert!(
        missing.contains("`daemon.tls_certificate_file`: there is no file"),
        "{missing}"
    );
}

#[test]
fn a_file_that_is_no_certificate_with_its_key_is_said_with_what_to_do() {
    let (certificate, key) = pair();
    let (other, _) = pair();
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    let text = file("tls_certificate_file = \"page.pem\"");
    for (contents, what, advice) in [
        (
            "SAMPLE".to_owned(),
            "holds no certificate",
            "put the certificate into it",
        ),
        (certificate.clone(), "holds no private key", "add the private key"),
        (
            format!("{}{key}", other.pem()),
            "does not belong to its first certificate",
            "put the daemon's own certificate first",
        ),
    ] {
        let printed = refusal_with(&text, &Files::good().with(FILE, contents, 0o600));
        assert!(
            printed.contains("`daemon.tls_certificate_file`: `page.pem` cannot be used: it")
                && printed.contains(what),
            "{printed}"
        );
        assert!(printed.contains(&format!("hint: {advice}")), "{printed}");
        let secret = key.lines().nth(1).unwrap();
        assert!(
            !printed.contains(secret) && !printed.contains("SAMPLE"),
            "{printed}"
        );
    }
}

#[test]
fn its_end_is_warned_about_a_month_before() {
    let (text, files, _) = with_certificate("", 0o600);
    let warned = |now: fn() -> Timestamp| {
        let environment = Environment::default().with_clock(now);
        let path = std::path::Path::new("/etc/presence-sync/presence-sync.toml");
        let loaded: Loaded = parse(&text, path, &environment, &files).expect("it is usable all the same");
        let found = warnings(&loaded);
        found
            .iter()
            .map(|warning| warning.what.clone())
            .collect::<Vec<_>>()
    };
    assert!(warned(|| "2029-11-30T00:00:00Z".parse().unwrap()).is_empty());
    let soon = warned(|| "2029-12-03T00:00:00Z".parse().unwrap());
    assert!(
        soon.len() == 1 && soon[0].contains("ends at 2030-01-01T00:00:00Z"),
        "{soon:?}"
    );
    let over = warned(|| "2030-01-02T00:00:00Z".parse().unwrap());
    assert!(
        over.len() == 1 && over[0].contains("expired at 2030-01-01T00:00:00Z"),
        "{over:?}"
    );
}
