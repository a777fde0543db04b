//! What a good file becomes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use presence_mapping::Rules;
use sync_service::config::{
    Cloud, EXAMPLE, Group, LogFormat, LogLevel, OnStop, OperatingMode, Policy, StarfaceAuth, State,
};

use crate::support::{INSTANCE, SECRETS, read, warnings};

#[test]
fn the_example_is_a_good_file_and_says_what_holds_anyway() {
    let example = read(EXAMPLE).expect("a good text");
    assert!(warnings(&example).is_empty());
    let (_, written) = example
        .settings
        .instances
        .first_key_value()
        .expect("one instance");
    let bare = read(&format!("version = 1\n{INSTANCE}")).expect("a good text");
    let (_, unwritten) = bare.settings.instances.first_key_value().expect("one instance");
    assert_eq!(example.settings.daemon, bare.settings.daemon);
    assert_eq!(written.sync, unwritten.sync);
    assert_eq!(written.rules.table(), unwritten.rules.table());
    assert_eq!(written.teams.quota_share, unwritten.teams.quota_share);
    assert_eq!(
        (written.mode, written.enabled),
        (unwritten.mode, unwritten.enabled)
    );
}

#[test]
fn what_is_not_written_has_its_documented_default() {
    let settings = read(&format!("version = 1\n{INSTANCE}"))
        .expect("a good text")
        .settings;
    assert_eq!(settings.daemon.listen, SocketAddr::from(([127, 0, 0, 1], 8480)));
    assert_eq!(
        settings.daemon.state,
        State::Sqlite("/etc/presence-sync/state.db".into())
    );
    assert_eq!(
        (settings.daemon.log, settings.daemon.log_format),
        (LogLevel::Error, LogFormat::Text)
    );
    assert_eq!(settings.daemon.audit_days, 30);

    let (name, instance) = settings.instances.first_key_value().expect("one instance");
    assert_eq!(name.to_string(), "main");
    assert_eq!(
        (instance.mode, instance.enabled),
        (OperatingMode::PresenceSync, true)
    );
    assert_eq!(
        (&instance.teams.cloud, instance.teams.quota_share),
        (&Cloud::Global, 0.5)
    );
    assert_eq!(instance.starface.auth, StarfaceAuth::Auto);
    assert_eq!(instance.starface.group, Group::Name("Teams".to_owned()));
    assert_eq!(instance.starface.pbx.to_string(), "pbx.example:443");
    assert_eq!((&instance.starface.chat, &instance.starface.ca), (&None, &None));
    assert_eq!(instance.rules.table(), Rules::default().table());

    let sync = &instance.sync;
    assert_eq!(
        (sync.policy, sync.on_stop, sync.pbx_concurrency),
        (Policy::LastChangeWins, OnStop::Release, 4)
    );
    assert_eq!(
        (sync.poll_interval, sync.roster_interval),
        (Duration::from_secs(2), Duration::from_secs(60))
    );
    assert_eq!(
        (sync.readback_interval, sync.dnd_off_after),
        (Duration::from_secs(900), Duration::ZERO)
    );
    assert_eq!(
        (sync.unknown_release_after, sync.exclude.len()),
        (Duration::from_secs(900), 0)
    );
    let breaker = sync.breaker;
    assert_eq!(
        (breaker.share, breaker.at_least, breaker.confirm_for),
        (0.5, 10, Duration::from_secs(60))
    );
}

#[test]
fn durations_have_any_length_and_switches_off_are_zero() {
    let text = format!(
        "version = 1\n{INSTANCE}[instances.main.sync]\npoll_interval = \"200ms\"\nroster_interval = \"1h 30m\"\nreadback_interval = \"0s\"\nunknown_release_after = \"0s\"\ndnd_off_after = \"90days\"\n"
    );
    let settings = read(&text).expect("a good text").settings;
    let (_, instance) = settings.instances.first_key_value().expect("one instance");
    let sync = &instance.sync;
    assert_eq!(sync.poll_interval, Duration::from_millis(200));
    assert_eq!(sync.roster_interval, Duration::from_secs(5400));
    assert_eq!(
        (sync.readback_interval, sync.unknown_release_after),
        (Duration::ZERO, Duration::ZERO)
    );
    assert_eq!(sync.dnd_off_after, Duration::from_secs(90 * 24 * 3600));
}

#[test]
fn excluded_addresses_ignore_case() {
    let text = format!(
        "version = 1\n{INSTANCE}[instances.main.sync]\nexclude = [\"Anna@Example.com\", \"anna@example.com\"]\n"
    );
    let settings = read(&text).expect("a good text").settings;
    let (_, instance) = settings.instances.first_key_value().expect("one instance");
    let addresses: Vec<_> = instance.sync.exclude.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["anna@example.com"]);
}

#[test]
fn the_state_is_relative_to_the_file() {
    for (written, path) in [
        ("sqlite:a/b.db", "/etc/presence-sync/a/b.db"),
        ("sqlite:/var/lib/x.db", "/var/lib/x.db"),
    ] {
        let settings = read(&format!("version = 1\n[daemon]\nstate = \"{written}\"\n"))
            .expect("a good text")
            .settings;
        assert_eq!(settings.daemon.state, State::Sqlite(Path::new(path).into()));
    }
}

#[test]
fn a_file_without_instances_is_good_and_warned_about() {
    let loaded = read("version = 1\n").expect("a good text");
    assert!(loaded.settings.instances.is_empty());
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn settings_do_not_show_their_secrets() {
    let loaded = read(EXAMPLE).expect("a good text");
    for shown in [format!("{loaded:?}"), format!("{loaded:#?}")] {
        assert!(shown.contains("Secret(…)"));
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
}
