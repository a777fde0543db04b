//! What is printed about a bad file.

use insta::assert_snapshot;
use sync_service::config::FaultKind;

use crate::support::{INSTANCE, read, refusal};

#[test]
fn all_faults_of_a_file_are_reported_at_once_in_its_order() {
    let text = r#"version = 2
colour = "red"

[daemon]
listen = "0.0.0.0:8480"
log = "eror"
log_fromat = "json"
state = "postgres://u:SAMPLE@h/db"
audit_days = "a"

[license]
key_file = "license.key"

[defaults.sync]
poll_interval = 2
policy = "teams-lead"

[instances.Main_1]
mode = "full-integration"

[instances.b.teams]
cloud = "custom"
tenant_id = "common"
client_secret = "SAMPLE"
quota_share = 0
graph_url = "http://graph.example"

[instances.b.starface]
url = "https://pbx.example/rest"
group = "A"
group_id = -1
login = 1
password_file = "no.password"
proxy = ""
poll_interval = "2s"

[instances.b.rules]
dnd = ["Busy/", 3]
leave = "Away"
chat = { "Busy/InAMeeting" = "awy", "a b" = "away", x = 1 }

[instances.b.sync]
exclude = ["anna"]
pbx_concurrency = 0
unknown_release_after = "soon"
breaker = { share = 1.5, at_leats = 3, confirm_for = "60" }

[[instances.c.sync]]
"#;
    assert_snapshot!(refusal(text));
}

#[test]
fn a_fault_says_where_and_what_and_what_instead() {
    let daemon = |line: &str| format!("version = 1\n[daemon]\n{line}\n");
    let sync = |line: &str| format!("version = 1\n{INSTANCE}[instances.main.sync]\n{line}\n");
    let cases = [
        (
            daemon("log = 3"),
            "3:7: `daemon.log`: is a whole number, and a text is wanted",
        ),
        (daemon("log = \"Error\""), "hint: did you mean `error`?"),
        (
            daemon("log = \"loud\""),
            "hint: write one of `error`, `warn`, `info`, `debug`, `trace`",
        ),
        (
            daemon("listen = \"localhost\""),
            "`localhost` is no address to listen on",
        ),
        (daemon("listen = \"[::]:1\""), "`[::]:1` is beyond loopback"),
        (
            daemon("state = \"state.db\""),
            "`state.db` is no place for the state",
        ),
        (daemon("state = \"sqlite::memory:\""), "names no file"),
        (daemon("state = \"sqlite://state.db\""), "names no file"),
        (daemon("state = \"\""), "`daemon.state`: is empty"),
        (
            daemon("poll_interval = \"2s\""),
            "hint: `poll_interval` belongs into `[instances.X.sync]`",
        ),
        (sync("poll_interval = \"0s\""), "has to be longer than nothing"),
        (
            sync("poll_interval = \"2\""),
            "hint: write its unit too, such as \"2s\"",
        ),
        (
            sync("poll_interval = 2"),
            "hint: write it as a text with its unit, such as \"2s\"",
        ),
        (
            sync("poll_interval = \"2 parsecs\""),
            "`2 parsecs` is no duration",
        ),
        (
            sync("dnd_off_after = \"99999999999999999999s\""),
            "is no duration",
        ),
        (
            sync("dnd_off_after = \"101years\""),
            "is longer than a hundred years",
        ),
        (sync("pbx_concurrency = 99999999999999999999"), "is out of range"),
        (
            sync("pbx_concurrency = 4.0"),
            "is a number, and a whole number is wanted",
        ),
        (
            sync("exclude = \"a@example.com\""),
            "hint: put the text in brackets",
        ),
        (sync("breaker = 3"), "is a whole number, and a table is wanted"),
        (sync("breaker = { share = nan }"), "is no share"),
        (sync("breaker = { at_least = 0 }"), "0 is out of range"),
        (
            sync("group = \"Teams\""),
            "hint: `group` belongs into `[instances.main.starface]`",
        ),
    ];
    for (text, wanted) in cases {
        let printed = refusal(&text);
        assert!(printed.contains(wanted), "{text}\n{printed}");
        assert_eq!(
            printed.matches("hint:").count(),
            1,
            "one fault with one hint:\n{printed}"
        );
    }
}

#[test]
fn a_fault_of_the_syntax_leaves_what_stands_above_it_to_be_judged() {
    let text = "version = 1\n[daemon]\ncolour = 1\nlog = \"error\nstate = 3\n[instances.main]\n";
    assert_snapshot!(refusal(text), @r#"
    presence-sync.toml:3:1: `daemon.colour`: there is no such key
        hint: the keys here are `listen`, `state`, `state_password_file`, `state_key_file`, `log`, `log_format`, `language`, `managed`, `tls_certificate_file`, `behind_proxy`, `audit_days`
    presence-sync.toml:4:13: invalid basic string, expected `"`
    "#);
}

#[test]
fn what_operators_write_by_habit_is_explained() {
    assert_snapshot!(refusal("version = 1\n[daemon]\nlog = „error“\n"), @r#"
    presence-sync.toml:3:7: string values must be quoted, expected literal string
        hint: write plain quotation marks: "
    "#);
    let text = format!("version = 1\n{}", INSTANCE.replace("\"0001\"", "0001"));
    assert_snapshot!(refusal(&text), @r#"
    presence-sync.toml:9:9: unexpected leading zero, expected nothing
        hint: put texts in quotation marks, also those of digits: login = "0001"
    "#);
}

#[test]
fn an_empty_file_is_told_what_to_begin_with() {
    assert_snapshot!(refusal(""), @r#"
    presence-sync.toml: `version`: is missing
        hint: write `version = 1`
    "#);
}

#[test]
fn faults_can_be_told_apart_without_reading_their_words() {
    let text = "version = 1\ncolour = 1\n[daemon]\nlog = 1\nlisten = \"x\"\n[instances.a]\n";
    let error = read(text).expect_err("a bad text");
    let kinds: Vec<FaultKind> = error.faults().iter().map(|fault| fault.kind).collect();
    assert_eq!(
        kinds,
        [
            FaultKind::UnknownKey,
            FaultKind::WrongType,
            FaultKind::BadValue,
            FaultKind::Missing,
            FaultKind::Missing
        ]
    );
    assert_eq!(error.faults()[1].key.as_deref(), Some("daemon.log"));
    assert!(!error.is_absent());
}
