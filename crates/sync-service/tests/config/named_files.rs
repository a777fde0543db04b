//! The files that the configuration names.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use secrecy::ExposeSecret;
use sync_service::config::{Environment, FaultKind, Loaded, TeamsSignIn, load};

use crate::support::{Files, INSTANCE, read_with, refusal_with, warnings};

const SECRET: &str = "/etc/presence-sync/graph.secret";

fn file() -> String {
    format!("version = 1\n{INSTANCE}")
}

fn secret_of(loaded: &Loaded) -> String {
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    match &instance.teams.sign_in {
        TeamsSignIn::ClientSecret(secret) => secret.as_secret().expose_secret().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn line_breaks_at_the_end_are_no_part_of_a_secret() {
    for contents in ["pä ss", "pä ss\n", "pä ss\r\n", "\u{feff}pä ss\n\n"] {
        let loaded = read_with(&file(), &Files::good().with(SECRET, contents, 0o600)).expect("a good text");
        assert_eq!(secret_of(&loaded), "pä ss", "{contents:?}");
        assert!(warnings(&loaded).is_empty(), "{contents:?}");
    }
}

#[test]
fn a_blank_at_the_end_of_a_secret_is_kept_and_warned_about() {
    let loaded = read_with(&file(), &Files::good().with(SECRET, "pass \n", 0o600)).expect("a good text");
    assert_eq!(secret_of(&loaded), "pass ");
    assert_eq!(warnings(&loaded).len(), 1);
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    for mode in [0o600, 0o400, 0o700] {
        assert!(
            read_with(&file(), &Files::good().with(SECRET, "x", mode)).is_ok(),
            "{mode:o}"
        );
    }
    for mode in [0o640, 0o604, 0o620, 0o610, 0o644, 0o777] {
        let printed = refusal_with(&file(), &Files::good().with(SECRET, "SAMPLE", mode));
        assert!(
            printed.contains(&format!("may be read by others (mode {mode:04o})")),
            "{printed}"
        );
        assert!(!printed.contains("SAMPLE"), "{printed}");
    }
}

#[test]
fn a_file_that_holds_no_secret_is_refused_with_what_is_wrong_with_it() {
    for (contents, what) in [
        (&b""[..], "is empty"),
        (b" \n", "is empty"),
        (b"\n\n", "is empty"),
        (b"SAMPLE\nSAMPLE\n", "has more than one line"),
        (b"SAMPLE\xff", "is no UTF-8 text"),
    ] {
        let printed = refusal_with(&file(), &Files::good().with(SECRET, contents, 0o600));
        assert!(printed.contains(what), "{printed}");
        assert!(!printed.contains("SAMPLE"), "{printed}");
    }
}

#[test]
fn a_missing_secret_is_looked_for_among_the_credentials_of_systemd() {
    let elsewhere = Files::good().without(SECRET);
    assert_snapshot!(refusal_with(&file(), &elsewhere), @r#"
    presence-sync.toml:5:22: `instances.main.teams.client_secret_file`: there is no file `graph.secret` nor `/run/credentials/graph.secret`
        hint: a relative name is looked for beside this file, then among systemd's credentials
    "#);
    // systemd's access list for the service's user shows as a readable group.
    for mode in [0o400, 0o440] {
        let files = Files::good()
            .without(SECRET)
            .with("/run/credentials/graph.secret", "lent", mode);
        assert_eq!(
            secret_of(&read_with(&file(), &files).expect("a good text")),
            "lent"
        );
    }
    let open = Files::good()
        .without(SECRET)
        .with("/run/credentials/graph.secret", "lent", 0o444);
    assert!(refusal_with(&file(), &open).contains("may be read by others"));
    let both = Files::good().with("/run/credentials/graph.secret", "lent", 0o400);
    assert_eq!(
        secret_of(&read_with(&file(), &both).expect("a good text")),
        "SAMPLE-graph"
    );
}

#[test]
fn an_absolute_name_is_looked_for_there_alone() {
    let text = file().replace("graph.secret", "/srv/graph.secret");
    let files = Files::good().with("/srv/graph.secret", "there", 0o600);
    assert_eq!(
        secret_of(&read_with(&text, &files).expect("a good text")),
        "there"
    );
    assert!(refusal_with(&text, &Files::good()).contains("there is no file `/srv/graph.secret`\n"));
}

#[test]
fn certificates_have_to_be_pem_and_may_be_read_by_anyone() {
    let text = file().replace("password_file", "ca_file = \"ca.pem\"\npassword_file");
    let loaded = read_with(&text, &Files::good()).expect("a good text");
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    assert!(instance.starface.ca.is_some());
    let der = Files::good().with("/etc/presence-sync/ca.pem", b"0\x82".as_slice(), 0o644);
    assert!(refusal_with(&text, &der).contains("`ca.pem` holds no certificate in PEM form"));
}

#[test]
fn changed_contents_of_a_secret_are_a_change_of_the_settings() {
    let settings = |secret: &str| {
        read_with(&file(), &Files::good().with(SECRET, secret, 0o600))
            .expect("a good text")
            .settings
    };
    assert_eq!(settings("one"), settings("one\n"));
    assert_ne!(settings("one"), settings("two"));
}

fn on_disk(folder: &Path, mode: u32) -> io::Result<PathBuf> {
    for name in ["graph.secret", "pbx.password"] {
        fs::write(folder.join(name), "SAMPLE\n")?;
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode))?;
    }
    let path = folder.join("presence-sync.toml");
    fs::write(&path, file())?;
    Ok(path)
}

#[test]
fn a_file_on_disk_is_read_with_the_secrets_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(&on_disk(folder.path(), 0o600).unwrap(), &Environment::default()).expect("a good file");
    assert_eq!(secret_of(&loaded), "SAMPLE");
}

#[test]
fn permissions_on_disk_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        load(&on_disk(folder.path(), 0o644).unwrap(), &Environment::default()).expect_err("readable secrets");
    let kinds: Vec<FaultKind> = error.faults().iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::NamedFile, FaultKind::NamedFile]);
    assert!(error.to_string().contains("(mode 0644)"), "{error}");
}

#[test]
fn a_folder_or_an_endless_file_is_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = on_disk(folder.path(), 0o600).unwrap();
    fs::remove_file(folder.path().join("graph.secret")).unwrap();
    fs::create_dir(folder.path().join("graph.secret")).unwrap();
    fs::write(folder.path().join("pbx.password"), vec![b'x'; (1 << 20) + 1]).unwrap();
    let printed = load(&path, &Environment::default())
        .expect_err("no secrets")
        .to_string();
    assert!(printed.contains("it is no file"), "{printed}");
    assert!(printed.contains("it is larger than 1 MiB"), "{printed}");
}

#[test]
fn a_file_that_is_not_there_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("presence-sync.toml");
    let error = load(&path, &Environment::default()).expect_err("no file");
    assert!(error.is_absent());
    fs::write(&path, b"version = 1\n# \xff\n").unwrap();
    let error = load(&path, &Environment::default()).expect_err("no text");
    assert!(!error.is_absent());
    assert!(
        error.to_string().contains("line 2 has another encoding"),
        "{error}"
    );
    let error = load(folder.path(), &Environment::default()).expect_err("a folder");
    assert_eq!(error.faults()[0].kind, FaultKind::FileUnreadable);
}
