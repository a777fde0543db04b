//! A state in PostgreSQL, shared by several daemons.

use std::path::Path;

use sync_service::config::{FaultKind, State};

use crate::support::{Files, INSTANCE, read, read_with, refusal, refusal_with, warnings};

const PASSWORD: &str = "SAMPLE-of-the-database";

fn file(daemon: &str) -> String {
    format!("version = 1\n[daemon]\n{daemon}\n{INSTANCE}")
}

fn files() -> Files {
    Files::good().with("/etc/presence-sync/pg.password", PASSWORD, 0o600)
}

#[test]
fn the_address_and_its_password_are_read_and_the_password_is_not_shown() {
    let text = file(
        "state = \"postgres://sync@db.example/presence\"\nmanaged = true\nstate_password_file = \"pg.password\"\n\
         state_key_file = \"/var/lib/presence-sync/state.key\"",
    );
    let loaded = read_with(&text, &files()).unwrap();
    assert!(warnings(&loaded).is_empty());
    let State::Postgres(state) = &loaded.settings.daemon.state else {
        panic!("{:?}", loaded.settings.daemon.state)
    };
    assert!(state.password.is_some());
    assert_eq!(state.folder, Path::new("/var/lib/presence-sync"));
    let state = &loaded.settings.daemon.state;
    assert_eq!(state.local(), Path::new("/var/lib/presence-sync/state"));
    assert_eq!(state.to_string(), "postgres://db.example:5432/presence");
    assert!(!format!("{loaded:?}").contains("SAMPLE"), "{loaded:?}");
}

#[test]
fn without_a_key_file_everything_of_this_machine_is_beside_the_file() {
    let daemon = read(&file("state = \"postgres://u@localhost/db\"\nmanaged = true"))
        .unwrap()
        .settings
        .daemon;
    assert_eq!(daemon.state.local(), Path::new("/etc/presence-sync/state"));
    assert_eq!(daemon.state_key.path, Path::new("/etc/presence-sync/state.key"));
}

#[test]
fn a_shared_state_needs_a_managed_file() {
    let error = read(&file("state = \"postgres://u@localhost/db\"")).unwrap_err();
    let [fault] = error.faults() else {
        panic!("{error}")
    };
    assert_eq!(
        (fault.kind, fault.key.as_deref()),
        (FaultKind::Contradiction, Some("daemon.state"))
    );
    assert!(error.to_string().contains("managed = true"), "{error}");
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    for address in [
        "postgres://u:SAMPLE@h/db",
        "postgre://u:SAMPLE@h/db",
        "sqlite://u:SAMPLE@h/db",
    ] {
        let printed = refusal(&file(&format!("state = \"{address}\"\nmanaged = true")));
        assert!(
            printed.contains("`daemon.state`: ") && !printed.contains("SAMPLE"),
            "{printed}"
        );
    }
    let printed = refusal(&file("state = \"postgres://u:SAMPLE@h/db\"\nmanaged = true"));
    assert!(
        printed.contains("has a password in it\n    hint: take it out"),
        "{printed}"
    );
    assert!(printed.contains("`state_password_file`"), "{printed}");
}

#[test]
fn an_unguarded_way_to_another_machine_is_refused() {
    let printed = refusal(&file(
        "state = \"postgres://u@h/db?sslmode=disable\"\nmanaged = true",
    ));
    assert!(
        printed.contains("would leave the way to the database unguarded"),
        "{printed}"
    );
}

#[test]
fn the_password_file_is_guarded_like_every_secret_and_means_nothing_for_a_file() {
    let text =
        file("state = \"postgres://u@localhost/db\"\nmanaged = true\nstate_password_file = \"pg.password\"");
    assert!(refusal(&text).contains("there is no file `pg.password`"));
    let open = Files::good().with("/etc/presence-sync/pg.password", PASSWORD, 0o644);
    assert!(refusal_with(&text, &open).contains("may be read by others"));
    let loaded = read(&file("state_password_file = \"pg.password\"")).unwrap();
    let [warning] = warnings(&loaded)[..] else {
        panic!("{loaded:?}")
    };
    assert_eq!(warning.key.as_deref(), Some("daemon.state_password_file"));
}
