//! Changing a file: what is not changed stays as its author wrote it.

use serde_json::{Value, json};
use sync_service::config::EXAMPLE;
use sync_service::config::edit::{Change, Document, EditError, KeyPath, Revision};

pub(crate) fn key(path: &str) -> KeyPath {
    path.parse().unwrap()
}

pub(crate) fn set(path: &str, value: impl Into<Value>) -> Change {
    Change::Set {
        key: key(path),
        value: value.into(),
    }
}

pub(crate) fn remove(path: &str) -> Change {
    Change::Remove { key: key(path) }
}

fn edited(text: &str, changes: &[Change]) -> String {
    let document = Document::of(text).unwrap();
    document.edited(changes).unwrap().text().to_owned()
}

fn impossible(text: &str, change: Change) -> String {
    match Document::of(text).unwrap().edited(&[change]) {
        Err(error @ EditError::Impossible { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The lines that differ, as `diff` shows them.
fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            longest[at][to] = if old[at] == new[to] {
                longest[at + 1][to + 1] + 1
            } else {
                longest[at + 1][to].max(longest[at][to + 1])
            };
        }
    }
    let (mut at, mut to, mut shown) = (0, 0, Vec::new());
    while at < old.len() || to < new.len() {
        if at < old.len() && to < new.len() && old[at] == new[to] {
            (at, to) = (at + 1, to + 1);
        } else if at < old.len() && (to == new.len() || longest[at + 1][to] >= longest[at][to + 1]) {
            shown.push(format!("-{}", old[at]));
            at += 1;
        } else {
            shown.push(format!("+{}", new[to]));
            to += 1;
        }
    }
    shown.join("\n")
}

#[test]
fn a_commented_file_keeps_everything_but_what_is_changed() {
    let changes = [
        set("daemon.log", "warn"),
        set("daemon.language", "de"),
        set("instances.main.sync.breaker.share", 0.25),
        set("instances.main.sync.poll_interval", "5s"),
        set("instances.main.rules.chat.\"Busy/InAMeeting\"", "away"),
        set("instances.main.rules.dnd", json!(["Busy", "DoNotDisturb"])),
        remove("instances.main.starface.chat"),
        remove("instances.main.teams.quota_share"),
    ];
    insta::assert_snapshot!(diff(EXAMPLE, &edited(EXAMPLE, &changes)));
}

#[test]
fn what_says_already_what_it_should_leaves_the_text_as_it_is() {
    let document = Document::of(EXAMPLE).unwrap();
    let values = document.values();
    let all: Vec<Change> = values
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| set(name, value.clone()))
        .collect();
    let same = document.edited(&all).unwrap();
    assert_eq!((same.text(), same.revision()), (EXAMPLE, document.revision()));
    let odd = "version=1\r\n[daemon] #x\r\n  log   =  'warn'";
    assert_eq!(
        edited(
            odd,
            &[
                set("daemon.log", "warn"),
                remove("daemon.listen"),
                remove("license")
            ]
        ),
        odd
    );
}

#[test]
fn a_new_file_begins_with_its_version_and_has_headers() {
    let document = Document::open(std::path::Path::new("/nowhere/presence-sync.toml")).unwrap();
    assert_eq!(document.revision(), &Revision::none());
    let changes = [
        set("instances.main.teams.tenant_id", "contoso.example"),
        set(
            "instances.main.starface",
            json!({"url": "https://pbx.example", "group_id": 7}),
        ),
        set("instances.main.rules.chat.\"*/Presenting\"", "do-not-disturb"),
        set(
            "instances.main.sync.breaker",
            json!({"share": 0.5, "at_least": 10}),
        ),
        set("daemon", json!({"log": "warn"})),
        set("instances.main.enabled", true),
    ];
    let made = document.edited(&changes).unwrap();
    assert_ne!(made.revision(), &Revision::none());
    insta::assert_snapshot!(made.text());
}

#[test]
fn comments_alone_stay_at_the_beginning_of_a_new_file() {
    assert_eq!(
        edited("# ours\n\n", &[set("daemon.log", "warn")]),
        "# ours\n\nversion = 1\n\n[daemon]\nlog = \"warn\"\n"
    );
}

#[test]
fn a_file_that_names_its_version_gets_no_other() {
    assert_eq!(edited("", &[set("version", 2)]), "version = 2\n");
    assert_eq!(edited("", &[remove("version")]), "");
    assert_eq!(edited("", &[]), "");
}

#[test]
fn a_value_keeps_what_stands_around_it() {
    let text =
        "version = 1\n[daemon]\n  # how much\n  log   =   'error'   # loud\n  audit_days = 3\n\n# the end\n";
    insta::assert_snapshot!(edited(
        text,
        &[set("daemon.log", "warn"), set("daemon.language", "de")]
    ));
}

#[test]
fn a_table_in_braces_stays_one() {
    let text = "version = 1\n[defaults.sync]\nbreaker = { share = 0.5, at_least = 10 } # careful\n";
    let key = |name: &str| format!("defaults.sync.breaker.{name}");
    let line = |changes: &[Change]| edited(text, changes).lines().nth(2).unwrap().to_owned();
    assert_eq!(
        line(&[set(&key("share"), 0.7), set(&key("confirm_for"), "2m")]),
        "breaker = { share = 0.7, at_least = 10, confirm_for = \"2m\" } # careful"
    );
    assert_eq!(
        line(&[remove(&key("at_least"))]),
        "breaker = { share = 0.5 } # careful"
    );
    assert_eq!(
        line(&[remove(&key("share"))]),
        "breaker = { at_least = 10 } # careful"
    );
    assert_eq!(
        line(&[set(
            "defaults.sync.breaker",
            json!({"at_least": 10, "confirm_for": "2m"})
        )]),
        "breaker = { at_least = 10, confirm_for = \"2m\" } # careful"
    );
}

#[test]
fn quoted_and_dotted_keys_are_found_as_they_are_written() {
    let text = "version = 1\n\"daemon\".'log' = \"error\" # odd\n[instances.main.rules.chat]\n'Busy/InAMeeting' = \"away\"\n\"busy\" = \"away\"\n";
    let changes = [
        set("daemon.log", "warn"),
        set("daemon.audit_days", 5),
        set("instances.main.rules.chat.\"Busy/InAMeeting\"", "leave"),
        set("instances.main.rules.chat.\"a \\\"b\\\"\"", "away"),
        remove("instances.main.rules.chat.busy"),
    ];
    insta::assert_snapshot!(edited(text, &changes));
}

#[test]
fn defaults_are_changed_like_everything_else() {
    let text = "version = 1\n\n# for all\n[defaults.rules.chat]\n\"Busy\" = \"away\" # lunch\n\n[instances.main.teams]\ncloud = \"global\"\n";
    let changes = [
        set("defaults.rules.chat.Busy", "leave"),
        set("defaults.sync.poll_interval", "5s"),
        set("defaults.rules.leave", json!(["Away"])),
    ];
    insta::assert_snapshot!(edited(text, &changes));
}

#[test]
fn a_list_keeps_the_comments_of_what_stays() {
    let text = r#"version = 1
[defaults.rules]
dnd = [ # all of it
    # calls
    "Busy/InACall", # on the phone
    "Busy/InAMeeting", # in a room

    # screens
    "*/Presenting" # last
]
leave = ["Away", "BeRightBack"] # quiet
"#;
    let changes = [
        set(
            "defaults.rules.dnd",
            json!(["Busy/InACall", "DoNotDisturb", "*/Presenting", "Busy"]),
        ),
        set("defaults.rules.leave", json!(["Away"])),
    ];
    insta::assert_snapshot!(edited(text, &changes));
}

#[test]
fn a_long_list_gets_a_line_for_each_element() {
    let patterns = [
        "Busy/InACall",
        "Busy/InAConferenceCall",
        "Busy/InAMeeting",
        "*/Presenting",
        "DoNotDisturb",
    ];
    let text = "version = 1\n[defaults.rules]\ndnd = [\"Busy\"] # many\n";
    let changes = [
        set("defaults.rules.dnd", json!(patterns)),
        set("defaults.rules.leave", json!(["Away"])),
    ];
    insta::assert_snapshot!(edited(text, &changes));
    assert_eq!(
        edited(text, &[set("defaults.rules.dnd", json!([]))])
            .lines()
            .nth(2),
        Some("dnd = [] # many")
    );
}

#[test]
fn a_comment_that_is_about_more_than_the_key_stays_when_the_key_goes() {
    let text = "# our phones\n\n# the format\nversion = 1\n\n# people\n\n# about the log\n[daemon]\n# the level\n\nlog = \"warn\"\n\n# -- sites --\n\n# about the licence\n[license]\nkey_file = \"k\" # here\n# the end\n";
    let without = |path: &str| edited(text, &[remove(path)]);
    insta::assert_snapshot!("version_goes", without("version"));
    insta::assert_snapshot!("daemon_goes", without("daemon"));
    insta::assert_snapshot!("log_goes", without("daemon.log"));
    insta::assert_snapshot!("licence_goes", without("license"));
}

#[test]
fn an_instance_goes_with_everything_in_it_and_nothing_else() {
    let second = EXAMPLE.replace("instances.main", "instances.second");
    let text = format!(
        "{EXAMPLE}\n# the second site\n{}",
        &second[second.find("[instances.second]").unwrap()..]
    );
    let document = Document::of(&text).unwrap();
    let left = document.edited(&[remove("instances.main")]).unwrap();
    assert_eq!(
        left.values()["instances"]["second"],
        document.values()["instances"]["second"]
    );
    assert_eq!(left.values()["instances"].as_object().unwrap().len(), 1);
    assert!(left.text().contains("# the second site"), "{}", left.text());
    let back = document.edited(&[remove("instances.second")]).unwrap();
    assert_eq!(diff(EXAMPLE, back.text()), "");
}

#[test]
fn ends_of_lines_and_the_mark_at_the_beginning_stay() {
    let text = "\u{feff}version = 1\r\n[daemon]\r\nlog = \"warn\" # a\r\n";
    assert_eq!(
        edited(text, &[set("daemon.log", "error"), set("license.key_file", "k")]),
        "\u{feff}version = 1\r\n[daemon]\r\nlog = \"error\" # a\r\n\r\n[license]\r\nkey_file = \"k\"\r\n"
    );
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let text = "version = 1\n[daemon]\nlog = \"warn\"\n[[odd]]\na = 1\n";
    for (change, reason) in [
        (
            set("daemon.log.level", 1),
            "`daemon.log.level` cannot be changed: `daemon.log` is no table",
        ),
        (
            remove("daemon.log.level"),
            "`daemon.log.level` cannot be changed: `daemon.log` is no table",
        ),
        (set("odd.a", 1), "`odd.a` cannot be changed: `odd` is no table"),
        (
            set("daemon.log", Value::Null),
            "`daemon.log` cannot be changed: TOML has no null: remove the key instead",
        ),
        (
            set("daemon.x", json!([1, null])),
            "`daemon.x` cannot be changed: TOML has no null: remove the key instead",
        ),
        (
            set("daemon.audit_days", u64::MAX),
            "`daemon.audit_days` cannot be changed: 18446744073709551615 is too large for a whole number",
        ),
        (
            set(&["a"; 17].join("."), 1),
            "`a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a` cannot be changed: it is deeper than any key",
        ),
        (
            Change::Secret {
                key: key("daemon.log"),
                secret: "SAMPLE".to_owned().into(),
            },
            "`daemon.log` cannot be changed: a secret needs a file of its own",
        ),
    ] {
        assert_eq!(impossible(text, change), reason);
    }
}

#[test]
fn a_text_that_is_no_toml_is_refused_with_every_fault() {
    let error = Document::of("version =\n[daemon]\nlog = 0001\n").unwrap_err();
    assert!(error.faults().len() >= 2, "{error}");
    assert!(
        error.faults().iter().all(|fault| fault.position.is_some()),
        "{error}"
    );
}

#[test]
fn a_secret_at_a_wrong_place_shows_nowhere() {
    let text =
        "version = 1\n[instances.main.starface]\npassword = \"SAMPLE\"\nproxy = \"http://u:SAMPLE@h\"\n";
    let document = Document::of(text).unwrap();
    let mended = document
        .edited(&[
            remove("instances.main.starface.password"),
            remove("instances.main.starface.proxy"),
        ])
        .unwrap();
    let shown = format!(
        "{document:?} {} {} {:?}",
        document.shown(),
        document.effective("main"),
        document.differences(&mended)
    );
    assert!(!shown.contains("SAMPLE"), "{shown}");
    assert_eq!(document.differences(&mended).len(), 2);
    assert_eq!(document.differences(&mended)[0].before, Some(json!("…")));
}

#[test]
fn an_instance_takes_its_own_key_then_the_common_one_then_the_built_in() {
    let text = r#"version = 1
[defaults.sync]
poll_interval = "5s"
roster_interval = "90s"
breaker = { share = 0.2 }
[defaults.rules]
leave = ["Away"]
[defaults.rules.chat]
"Busy/InAMeeting" = "away"
Away = "leave"
[instances.main.teams]
tenant_id = "contoso.example"
[instances.main.sync]
poll_interval = "200ms"
[instances.main.sync.breaker]
at_least = 3
[instances.main.rules.chat]
"busy/inameeting" = "leave"
"#;
    let document = Document::of(text).unwrap();
    insta::assert_json_snapshot!(document.effective("main"));
    let bare = document.effective("other");
    assert_eq!(bare["sync"]["poll_interval"], "5s");
    assert_eq!(bare["rules"]["chat"]["Busy/InAMeeting"], "away");
    assert_eq!(
        Document::of("").unwrap().effective("x")["sync"]["poll_interval"],
        "2s"
    );
}
