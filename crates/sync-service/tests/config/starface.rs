//! How to reach the PBX and how to sign in to it.

use std::fs;
use std::path::Path;

use sync_service::config::{FaultKind, Proxy, Starface, StarfaceAuth};

use crate::support::{Files, INSTANCE, PEM, read, read_with, refusal_with};

const PIN: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET: &str = "SAMPLE-oauth";

fn files() -> Files {
    Files::good()
        .with(
            "/etc/presence-sync/pbx-oauth.secret",
            format!("{SECRET}\n"),
            0o600,
        )
        .with("/etc/presence-sync/pbx-ca.pem", PEM, 0o644)
}

/// The instance with these lines at the end of `[instances.main.starface]`.
fn text(lines: &str) -> String {
    format!("version = 1\n{INSTANCE}{lines}\n")
}

fn starface(lines: &str) -> Starface {
    let loaded = read_with(&text(lines), &files()).expect("a good text");
    assert!(!format!("{loaded:?}").contains(SECRET));
    let (_, instance) = loaded
        .settings
        .instances
        .into_iter()
        .next()
        .expect("one instance");
    instance.starface
}

#[test]
fn a_pbx_of_version_10_is_prepared_for_by_the_clients_secret_alone() {
    let bare = starface("");
    assert_eq!(bare.auth, StarfaceAuth::Auto);
    assert_eq!((bare.oauth_client, bare.oauth_scope), (None, None));
    for (lines, auth) in [
        (
            "oauth_client_secret_file = \"pbx-oauth.secret\"",
            StarfaceAuth::Auto,
        ),
        (
            "auth = \"oauth\"\noauth_client_secret_file = \"pbx-oauth.secret\"",
            StarfaceAuth::OAuth,
        ),
    ] {
        let pbx = starface(lines);
        let client = pbx.oauth_client.expect("a client");
        assert_eq!((pbx.auth, client.id.as_str()), (auth, "rest-client-headless"));
        assert!(client.secret.is_some());
    }
}

#[test]
fn a_public_client_needs_no_secret() {
    for auth in ["auto", "oauth"] {
        let pbx = starface(&format!("auth = \"{auth}\"\noauth_client_id = \"windows-app\""));
        let client = pbx.oauth_client.expect("a client");
        assert_eq!((client.id.as_str(), client.secret), ("windows-app", None));
    }
}

#[test]
fn scopes_have_blanks_between_them() {
    for (written, read) in [
        ("login", "login"),
        ("pbx-login  pbx-admin", "pbx-login pbx-admin"),
        ("a:b/c.d", "a:b/c.d"),
    ] {
        let pbx = starface(&format!("oauth_scope = \"{written}\""));
        assert_eq!(pbx.oauth_scope.as_deref(), Some(read));
    }
}

#[test]
fn a_pin_is_read_with_colons_or_without() {
    let colons: Vec<String> = PIN
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
        .collect();
    let plain = starface(&format!("certificate_sha256 = \"{PIN}\"")).certificate_sha256;
    let shown = colons.join(":");
    assert_eq!(plain.expect("a pin").to_string(), shown);
    assert_eq!(
        starface(&format!("certificate_sha256 = \"{shown}\"")).certificate_sha256,
        plain
    );
    assert_eq!(starface("").certificate_sha256, None);
}

#[test]
fn each_side_has_its_own_way_out() {
    let url = "http://proxy.example:3128";
    for (line, expected) in [
        ("".to_owned(), Proxy::Environment),
        ("proxy = \"\"".to_owned(), Proxy::Direct),
        (
            format!("proxy = \"{url}\""),
            Proxy::At(url.parse().expect("an address")),
        ),
    ] {
        assert_eq!(starface(&line).proxy, expected);
        let teams = text("").replace(
            "[instances.main.starface]",
            &format!("{line}\n[instances.main.starface]"),
        );
        let settings = read(&teams).expect("a good text").settings;
        let (_, instance) = settings.instances.into_iter().next().expect("one instance");
        assert_eq!(
            (instance.teams.proxy, instance.starface.proxy),
            (expected, Proxy::Environment)
        );
    }
}

#[test]
fn what_contradicts_itself_or_is_missing_is_said_with_what_to_write() {
    let pin = format!("certificate_sha256 = \"{PIN}\"");
    for (lines, key, kind, hint) in [
        (
            "auth = \"nonce\"\noauth_client_id = \"x\"".to_owned(),
            "oauth_client_id",
            FaultKind::Contradiction,
            "`auth = \"auto\"`",
        ),
        (
            "auth = \"nonce\"\noauth_client_secret_file = \"pbx-oauth.secret\"".to_owned(),
            "oauth_client_secret_file",
            FaultKind::Contradiction,
            "remove it",
        ),
        (
            "auth = \"nonce\"\noauth_scope = \"login\"".to_owned(),
            "oauth_scope",
            FaultKind::Contradiction,
            "remove it",
        ),
        (
            "auth = \"oauth\"".to_owned(),
            "oauth_client_secret_file",
            FaultKind::Missing,
            "Server, Status, REST API",
        ),
        (
            "auth = \"oauth\"\noauth_client_id = \"rest-client-headless\"".to_owned(),
            "oauth_client_secret_file",
            FaultKind::Missing,
            "pbx-oauth.secret",
        ),
        (
            "oauth_client_secret_file = \"absent\"".to_owned(),
            "oauth_client_secret_file",
            FaultKind::NamedFile,
            "beside this file",
        ),
        (
            "oauth_scope = \"a\\\"b\"".to_owned(),
            "oauth_scope",
            FaultKind::BadValue,
            "blanks between them",
        ),
        (
            "certificate_sha256 = \"ab:cd\"".to_owned(),
            "certificate_sha256",
            FaultKind::BadValue,
            "openssl x509",
        ),
        (
            format!("{pin}\nca_file = \"pbx-ca.pem\""),
            "certificate_sha256",
            FaultKind::Contradiction,
            "keep one of them",
        ),
        (
            format!("{pin}\nproxy = \"https://proxy.example\""),
            "certificate_sha256",
            FaultKind::Contradiction,
            "`http://` proxy",
        ),
        (
            "proxy = \"socks5://proxy.example\"".to_owned(),
            "proxy",
            FaultKind::BadValue,
            "http://proxy.example:3128",
        ),
        (
            "proxy = \"http://agent:SAMPLE@proxy.example\"".to_owned(),
            "proxy",
            FaultKind::BadValue,
            "`HTTPS_PROXY`",
        ),
    ] {
        let error = read_with(&text(&lines), &files()).expect_err("a fault");
        let [fault] = error.faults() else {
            panic!("{lines}: {error}");
        };
        let expected = format!("instances.main.starface.{key}");
        assert_eq!(
            (fault.key.as_deref(), fault.kind),
            (Some(expected.as_str()), kind)
        );
        assert!(
            fault.hint.as_deref().is_some_and(|text| text.contains(hint)),
            "{error}"
        );
        assert!(!error.to_string().contains("SAMPLE"), "{error}");
    }
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    let open = files().with("/etc/presence-sync/pbx-oauth.secret", SECRET, 0o644);
    let printed = refusal_with(&text("oauth_client_secret_file = \"pbx-oauth.secret\""), &open);
    assert!(
        printed.contains("may be read by others") && !printed.contains(SECRET),
        "{printed}"
    );
}

#[test]
fn the_examples_of_the_pages_about_the_pbx_are_good() {
    for page in ["starface.md", "starface.de.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(page);
        let text = fs::read_to_string(path).expect("the page is there");
        let examples = text
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next());
        let teams = INSTANCE
            .split("[instances.main.starface]")
            .next()
            .expect("a table before it");
        let mut seen = 0;
        for example in examples {
            let answer = read_with(&format!("version = 1\n{teams}{example}"), &files());
            assert!(answer.is_ok(), "docs/{page}:\n{example}\n{answer:?}");
            seen += 1;
        }
        assert_eq!(seen, 3, "docs/{page}");
    }
}
