//! `config`, and what every command says about a configuration that it cannot use.

use serde_json::json;

use super::support::{CONFIGURATION, Folder};

#[test]
fn the_example_is_good_as_soon_as_its_secrets_exist() {
    let folder = Folder::empty();
    let example = folder.run(&["config", "example"]);
    assert_eq!((example.code, example.stderr.as_str()), (Some(0), ""));

    let folder = Folder::with(&example.stdout);
    let checked = folder.run(&["config", "check"]);
    assert_eq!(
        (checked.code, checked.stdout.as_str()),
        (Some(0), "`presence-sync.toml` is good, with 1 instance: main\n")
    );
    assert!(
        checked.stderr.starts_with("warning:")
            && checked.stderr.contains("`presencectl license install FILE`"),
        "{}",
        checked.stderr
    );
}

#[test]
fn all_faults_of_a_file_are_said_at_once() {
    let faulty = CONFIGURATION
        .replace("listen =", "listne =")
        .replace("cloud = \"custom\"", "cloud = \"custm\"")
        .replace("login = \"0001\"\n", "");
    let ended = Folder::with(&faulty).run(&["config", "check"]);
    insta::assert_snapshot!(ended.everything());
}

#[test]
fn a_check_is_data_for_programs_also_where_the_file_is_not_good() {
    let folder = Folder::with(&format!("{CONFIGURATION}colour = \"red\"\n"));
    let ended = folder.run(&["config", "check", "--output", "json"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.starts_with("error: the configuration is not good\n"),
        "{}",
        ended.stderr
    );
    let mut verdict = ended.json();
    assert_eq!(verdict["faults"][0]["kind"].take(), json!("unknown-key"));
    assert_eq!(verdict["faults"][0]["position"]["line"], json!(16));
    assert_eq!(verdict["good"], json!(false));
    assert_eq!(verdict["version"], json!(1));
}

#[test]
fn a_good_file_is_good_for_programs_too() {
    let ended = Folder::with(CONFIGURATION).run(&["config", "check", "--output", "json"]);
    let mut verdict = ended.json();
    let warnings = verdict["warnings"].take();
    let expected = json!({
        "version": 1, "file": "presence-sync.toml", "good": true, "instances": ["main"], "warnings": null, "faults": [],
    });
    assert_eq!((ended.code, verdict), (Some(0), expected));
    assert_eq!(warnings[0]["key"], json!("license"));
}

#[test]
fn what_is_legal_and_hardly_meant_is_a_warning() {
    let shadowed = format!("{CONFIGURATION}[instances.main.rules]\ndnd = [\"Bsy\"]\n");
    insta::assert_snapshot!(Folder::with(&shadowed).run(&["config", "check"]).everything());
}

#[test]
fn a_configuration_that_is_nowhere_ends_a_check_with_2_and_other_commands_with_1() {
    let folder = Folder::empty();
    let check = folder.run(&["config", "check"]);
    assert_eq!(check.code, Some(2));
    for arguments in [
        &["plan"][..],
        &["status"],
        &["members", "main"],
        &["sync", "--once"],
        &["release", "main"],
    ] {
        let ended = folder.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert_eq!(
            (ended.stdout.as_str(), &ended.stderr),
            ("", &check.stderr),
            "{arguments:?}"
        );
    }
    insta::assert_snapshot!(check.everything());
    let named = folder.run(&["plan", "--config", "elsewhere.toml"]);
    insta::assert_snapshot!(named.everything());
}

#[test]
fn a_secret_never_appears() {
    let folder = Folder::with(CONFIGURATION);
    for arguments in [
        &["config", "check"][..],
        &["plan"],
        &["status"],
        &["rules", "lint"],
    ] {
        let ended = folder.run(arguments);
        assert!(!ended.everything().contains("SAMPLE"), "{}", ended.everything());
    }
}
