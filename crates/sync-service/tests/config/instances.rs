//! What holds within an instance and between instances.

use std::time::Duration;

use insta::assert_snapshot;
use presence_mapping::ChatRule;
use sync_service::config::{Cloud, Group, Policy};

use crate::support::{INSTANCE, read, refusal, warnings};

fn file(rest: &str) -> String {
    format!("version = 1\n{INSTANCE}{rest}")
}

/// [`INSTANCE`] under another name, with its lines changed.
fn another(name: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(
        INSTANCE.replace("instances.main", &format!("instances.{name}")),
        |text, (from, to)| text.replace(from, to),
    )
}

#[test]
fn an_instances_own_key_wins_over_the_defaults_key_by_key() {
    let loaded = read(&file(
        r#"[instances.main.sync]
policy = "own-only"
breaker = { at_least = 3 }
[defaults.sync]
policy = "teams-leads"
poll_interval = "200ms"
breaker = { at_least = 20, share = 0.25 }
"#,
    ))
    .expect("a good text");
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    assert_eq!(instance.sync.policy, Policy::OwnOnly);
    assert_eq!(instance.sync.poll_interval, Duration::from_millis(200));
    assert_eq!(instance.sync.roster_interval, Duration::from_secs(60));
    let breaker = instance.sync.breaker;
    assert_eq!(
        (breaker.at_least, breaker.share, breaker.confirm_for),
        (3, 0.25, Duration::from_secs(60))
    );
}

#[test]
fn chat_rules_are_joined_pattern_by_pattern_ignoring_case() {
    let loaded = read(&file(
        r#"[defaults.rules]
leave = ["Away"]
[defaults.rules.chat]
"Busy/InAMeeting" = "away"
"Busy/InACall" = "available"
[instances.main.rules]
dnd = ["Busy"]
[instances.main.rules.chat]
"busy/inameeting" = "leave"
"#,
    ))
    .expect("a good text");
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    let table = instance.rules.table();
    assert_eq!(table.dnd, ["Busy"]);
    assert_eq!(table.leave, ["Away"]);
    let chat: Vec<_> = table
        .chat
        .iter()
        .map(|(pattern, rule)| (pattern.as_str(), *rule))
        .collect();
    assert_eq!(
        chat,
        [
            ("Busy/InACall", ChatRule::Available),
            ("busy/inameeting", ChatRule::Leave)
        ]
    );
}

#[test]
fn a_fault_of_the_defaults_is_reported_once_and_where_it_stands() {
    let text = format!(
        "{}[defaults.sync]\npolicy = \"x\"\n[defaults.rules]\ndnd = [\"a b\"]\n",
        file(&another("b", &[("Teams", "B")]))
    );
    assert_snapshot!(refusal(&text), @r#"
    presence-sync.toml:21:10: `defaults.sync.policy`: `x` is none of its values
        hint: write one of `last-change-wins`, `teams-leads`, `own-only`
    presence-sync.toml:23:8: `defaults.rules.dnd`: `a b` in `dnd` has a blank in it: words of Teams are written together, as in `DoNotDisturb`
        hint: write `Availability`, `Availability/Activity` or `*/Activity`, such as "Busy/InACall"
    "#);
}

#[test]
fn defaults_contradict_the_lists_of_the_instances_that_use_them_alone() {
    let defaults = "[defaults.rules]\nleave = [\"DoNotDisturb\"]\n";
    assert_snapshot!(refusal(&file(defaults)), @r#"
    presence-sync.toml:12:10: `defaults.rules.leave`: `DoNotDisturb` in `leave` names the same presences as `DoNotDisturb` in `dnd`
        hint: keep it in one of the two lists
    "#);
    let own = "[instances.main.rules]\ndnd = [\"Busy\"]\n";
    assert!(read(&file(&format!("{defaults}{own}"))).is_ok());
}

#[test]
fn one_pattern_in_both_lists_is_a_contradiction() {
    let text = file("[instances.main.rules]\ndnd = [\"Busy\"]\nleave = [\"Away\", \"busy\"]\n");
    assert_snapshot!(refusal(&text), @r#"
    presence-sync.toml:13:18: `instances.main.rules.leave`: `busy` in `leave` names the same presences as `Busy` in `dnd`
        hint: keep it in one of the two lists
    "#);
}

#[test]
fn a_pattern_that_can_never_win_is_warned_about_where_it_stands() {
    let loaded = read(&file("[instances.main.rules]\ndnd = [\"Busy\", \"Busi\"]\n")).expect("a good text");
    let [warning] = warnings(&loaded)[..] else {
        panic!("one warning: {:?}", loaded.warnings)
    };
    assert_eq!(
        warning.position.map(|position| (position.line, position.column)),
        Some((12, 16))
    );
    assert!(warning.what.contains("`Busi`"), "{warning:?}");
}

#[test]
fn a_group_is_named_in_exactly_one_way() {
    let by_id = read(&file("").replace("group = \"Teams\"", "group_id = 1000")).expect("a good text");
    let (_, instance) = by_id.settings.instances.first_key_value().expect("one instance");
    assert_eq!(instance.starface.group, Group::Id(1000));
    let neither = file("").replace("group = \"Teams\"\n", "");
    assert!(refusal(&neither).contains("`instances.main.starface.group`: is missing"));
    let both = file("").replace("group = ", "group_id = 1\ngroup = ");
    assert!(refusal(&both).contains("`group` and `group_id` are both there"));
}

#[test]
fn a_cloud_of_ones_own_needs_its_addresses_and_no_other_takes_them() {
    let with = |lines: &str| {
        file("").replace(
            "[instances.main.teams]\n",
            &format!("[instances.main.teams]\n{lines}\n"),
        )
    };
    let custom = "cloud = \"custom\"\nlogin_url = \"http://127.0.0.1:1\"\ngraph_url = \"https://g.example\"\nca_file = \"ca.pem\"";
    let loaded = read(&with(custom)).expect("a good text");
    let (_, instance) = loaded.settings.instances.first_key_value().expect("one instance");
    let Cloud::Custom(cloud) = &instance.teams.cloud else {
        panic!("{:?}", instance.teams.cloud)
    };
    let ca = cloud.ca.as_ref().expect("the certificates are there");
    assert_eq!(
        (cloud.login_url.as_str(), cloud.graph_url.as_str()),
        ("http://127.0.0.1:1/", "https://g.example/")
    );
    assert_eq!(ca.path.to_str(), Some("/etc/presence-sync/ca.pem"));

    assert_snapshot!(refusal(&with("cloud = \"custom\"")), @r#"
    presence-sync.toml:2:1: `instances.main.teams.login_url`: is missing
        hint: `cloud = "custom"` needs it: write `login_url = "https://…"`
    presence-sync.toml:2:1: `instances.main.teams.graph_url`: is missing
        hint: `cloud = "custom"` needs it: write `graph_url = "https://…"`
    "#);
    assert_snapshot!(refusal(&with(&custom.replace("custom", "us-gov-dod"))), @r#"
    presence-sync.toml:4:13: `instances.main.teams.login_url`: is for `cloud = "custom"` alone, and the cloud is `us-gov-dod`
        hint: remove it, or write `cloud = "custom"`
    presence-sync.toml:5:13: `instances.main.teams.graph_url`: is for `cloud = "custom"` alone, and the cloud is `us-gov-dod`
        hint: remove it, or write `cloud = "custom"`
    presence-sync.toml:6:11: `instances.main.teams.ca_file`: is for `cloud = "custom"` alone, and the cloud is `us-gov-dod`
        hint: remove it; what a proxy signs with belongs into the system's certificate store
    "#);
}

#[test]
fn clouds_without_presence_can_be_chosen_and_are_warned_about() {
    for (cloud, reason) in [
        ("china", "has no presence interface"),
        ("germany", "was closed in October 2021"),
    ] {
        let text = file("").replace(
            "[instances.main.teams]\n",
            &format!("[instances.main.teams]\ncloud = \"{cloud}\"\n"),
        );
        let loaded = read(&text).expect("a good text");
        let [warning] = warnings(&loaded)[..] else {
            panic!("one warning: {:?}", loaded.warnings)
        };
        assert!(warning.what.contains(reason), "{warning:?}");
        assert_eq!(warning.key.as_deref(), Some("instances.main.teams.cloud"));
    }
}

#[test]
fn two_instances_may_not_share_a_group_of_one_pbx() {
    let same_pbx = [
        another("b", &[]),
        another("b", &[("https://pbx.example", "https://PBX.example:443/")]),
    ];
    for other in same_pbx {
        let printed = refusal(&file(&other));
        assert!(
            printed.contains("`instances.b`: has the same PBX and the same group as `instances.main`"),
            "{printed}"
        );
    }
    let faulty = another("b", &[("login = \"0001\"", "login = 1")]);
    let printed = refusal(&file(&faulty));
    assert!(printed.contains("is a whole number"), "{printed}");
    assert!(
        printed.contains("has the same PBX and the same group"),
        "{printed}"
    );
    let apart = [
        another("b", &[("Teams", "B")]),
        another("b", &[("https://pbx.example", "https://pbx.example:8443")]),
        another("b", &[("https://pbx.example", "https://other.example")]),
    ];
    for other in apart {
        assert!(read(&file(&other)).is_ok(), "{other}");
    }
}

#[test]
fn a_pbx_has_one_lasting_name() {
    let moved = another(
        "b",
        &[(
            "https://pbx.example\"",
            "https://other.example\"\npbx_id = \"hq\"",
        )],
    );
    let first = file("").replace("https://pbx.example\"", "https://pbx.example\"\npbx_id = \"hq\"");
    assert!(refusal(&format!("{first}{moved}")).contains("has the same PBX and the same group"));

    let unnamed = another("b", &[("Teams", "B")]);
    assert_snapshot!(refusal(&format!("{first}{unnamed}")), @r#"
    presence-sync.toml:12:12: `instances.b`: has the same PBX as `instances.main`, but another `pbx_id`
        hint: write the same `pbx_id` in both, or in neither
    "#);
}

#[test]
fn names_of_instances_are_lower_case_letters_digits_and_dashes() {
    for name in ["main", "kunde-17", "0", "a-b-c"] {
        assert!(
            read(&format!("version = 1\n{}", another(name, &[]))).is_ok(),
            "{name}"
        );
    }
    for (name, proposal) in [
        ("Main", "main"),
        ("a_b", "a-b"),
        ("\"a b\"", "a-b"),
        ("\"ä\"", "-"),
    ] {
        let printed = refusal(&format!("version = 1\n{}", another(name, &[])));
        assert!(
            printed.contains(&format!("hint: write `{proposal}`:")),
            "{name}: {printed}"
        );
    }
    assert!(
        refusal(&format!("version = 1\n{}", another("\"\"", &[]))).contains("is no name for an instance")
    );
}

#[test]
fn http_reaches_this_machine_alone() {
    assert!(read(&file("").replace("https://pbx.example", "http://127.0.0.1:8080")).is_ok());
    let printed = refusal(&file("").replace("https://pbx.example", "http://pbx.example"));
    assert!(printed.contains("is `http://` to another machine"), "{printed}");
}

#[test]
fn more_patterns_than_anybody_needs_are_one_fault_and_not_a_long_wait() {
    let patterns: Vec<String> = (0..20_000)
        .map(|number| format!("\"Busy/Word{number}\""))
        .collect();
    let text = format!(
        "version = 1\n{INSTANCE}\n[instances.main.rules]\ndnd = [{}]\n",
        patterns.join(", ")
    );
    let error = read(&text).expect_err("too many");
    let said: Vec<&str> = error.faults().iter().map(|fault| fault.what.as_str()).collect();
    assert_eq!(said, ["there are more than 500 patterns"]);
}
