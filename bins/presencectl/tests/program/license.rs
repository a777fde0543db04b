//! The issuing desk's commands, and an operator's look at a licence.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::support::{CONFIGURATION, Ended, Folder};

const TERMS: [&str; 12] = [
    "--customer",
    "Müller & Söhne GmbH",
    "--mode",
    "presence-sync",
    "--seats",
    "25",
    "--from",
    "2026-01-01",
    "--until",
    "2098-12-31",
    "--grace-days",
    "14",
];

/// A folder with the keys of a desk.
fn desk() -> Folder {
    let folder = Folder::empty();
    let made = folder.run(&["license", "keygen", "--out", "desk"]);
    assert_eq!(made.code, Some(0), "{}", made.everything());
    folder
}

fn issue(folder: &Folder, key: &str, out: &str, more: &[&str]) -> Ended {
    let mut arguments = vec!["license", "issue", "--key", key, "--out", out];
    arguments.extend(TERMS);
    arguments.extend(more);
    folder.run(&arguments)
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_is_never_printed_nor_overwritten() {
    let folder = desk();
    let key = folder.path().join("desk/issuer.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&key).unwrap();
    let body = text.lines().nth(1).unwrap();

    let again = folder.run(&["license", "keygen", "--out", "desk"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("stays as it is") && again.stderr.contains("hint: "),
        "{}",
        again.stderr
    );
    assert_eq!(fs::read_to_string(&key).unwrap(), text);

    let issued = issue(&folder, "desk/issuer.key", "a.license", &[]);
    assert_eq!(issued.code, Some(0), "{}", issued.everything());
    for ended in [&again, &issued] {
        assert!(!ended.everything().contains(body));
    }
    assert!(
        !fs::read_to_string(folder.path().join("a.license"))
            .unwrap()
            .contains(body)
    );
}

#[test]
fn what_was_issued_is_inspected_in_both_languages() {
    let folder = desk();
    let more = [
        "--number",
        "2026-0001",
        "--issuer",
        "Example Desk",
        "--pbx",
        "pbx.example",
    ];
    assert_eq!(
        issue(&folder, "desk/issuer.key", "a.license", &more).code,
        Some(0)
    );
    let inspect = |language| {
        let keys = ["--issuer-keys", "desk/issuer.pub", "--language", language];
        folder.run(&[&["license", "inspect", "a.license"][..], &keys].concat())
    };
    insta::assert_snapshot!("inspected_de", inspect("de").everything());
    insta::assert_snapshot!("inspected_en", inspect("en").everything());
    let form = folder
        .run(&[
            "license",
            "inspect",
            "a.license",
            "--issuer-keys",
            "desk/issuer.pub",
            "--output",
            "json",
        ])
        .json();
    assert_eq!(
        (&form["good"], &form["reason"], &form["claimed"]),
        (&json!(true), &json!(null), &json!(null))
    );
    assert_eq!(
        (&form["licence"]["until"], &form["licence"]["grace_until"]),
        (&json!("2099-01-01T00:00:00Z"), &json!("2099-01-15T00:00:00Z")),
        "the last day is whole"
    );
}

#[test]
fn of_a_licence_that_is_not_accepted_only_key_and_claimed_issuer_are_seen() {
    let folder = desk();
    assert_eq!(
        issue(
            &folder,
            "desk/issuer.key",
            "a.license",
            &["--issuer", "Example Desk"]
        )
        .code,
        Some(0)
    );
    let unknown = folder.run(&["license", "inspect", "a.license"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stdout.contains("Example Desk (not verified), key ") && !unknown.stdout.contains("Müller"),
        "{}",
        unknown.stdout
    );
    assert!(
        unknown.stderr.contains("`--issuer-keys FILE` names others"),
        "{}",
        unknown.stderr
    );

    fs::write(folder.path().join("scribble"), "scribble").unwrap();
    let scribble = folder.run(&["license", "inspect", "scribble", "--output", "json"]);
    assert_eq!(
        (scribble.code, &scribble.json()["reason"]),
        (Some(1), &json!("not-a-licence"))
    );
    assert_eq!(folder.run(&["license", "inspect", "nowhere"]).code, Some(1));
}

#[test]
fn a_desk_is_told_what_is_wrong_and_nothing_is_overwritten() {
    let folder = desk();
    assert_eq!(issue(&folder, "desk/issuer.key", "a.license", &[]).code, Some(0));
    let text = fs::read_to_string(folder.path().join("a.license")).unwrap();
    let twice = issue(&folder, "desk/issuer.key", "a.license", &[]);
    assert_eq!(twice.code, Some(1));
    assert!(twice.stderr.contains("never overwritten"), "{}", twice.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("a.license")).unwrap(), text);

    let public = issue(&folder, "desk/issuer.pub", "b.license", &[]);
    assert!(
        public.stderr.contains("it has no private key"),
        "{}",
        public.stderr
    );
    let key = folder.path().join("desk/issuer.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let readable = issue(&folder, "desk/issuer.key", "b.license", &[]);
    assert_eq!(readable.code, Some(1));
    assert!(readable.stderr.contains("chmod 600"), "{}", readable.stderr);
    assert!(!folder.path().join("b.license").exists());
    for wrong in [
        ["--seats", "0"],
        ["--mode", "everything"],
        ["--from", "soon"],
        ["--grace-days", "-1"],
    ] {
        let mut arguments = vec![
            "license",
            "issue",
            "--key",
            "desk/issuer.key",
            "--out",
            "b.license",
        ];
        let kept = TERMS.chunks(2).filter(|pair| pair[0] != wrong[0]);
        arguments.extend(kept.flatten());
        arguments.extend(wrong);
        assert_eq!(folder.run(&arguments).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn a_configuration_that_names_no_licence_says_where_to_write_one() {
    let folder = Folder::with(CONFIGURATION);
    fs::write(folder.path().join("a.license"), "scribble").unwrap();
    let installed = folder.run(&["license", "install", "a.license"]);
    assert_eq!(installed.code, Some(1));
    assert!(
        installed.stderr.contains("`license.key_file`")
            && installed.stderr.contains("hint: write `[license]`"),
        "{}",
        installed.stderr
    );
    let own = folder.run(&["license", "install", "a.license", "--instance", "main"]);
    assert!(
        own.stderr.contains("license_file = \"main.license\""),
        "{}",
        own.stderr
    );
    let shown = folder.run(&["license", "show", "--language", "de"]);
    assert_eq!(shown.code, Some(1));
    assert!(
        shown.stdout.contains("keine Lizenz vorhanden"),
        "{}",
        shown.stdout
    );
}
