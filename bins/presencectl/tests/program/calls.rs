//! Calls that are wrong, and calls that ask about the program itself.

use super::support::{CONFIGURATION, Folder};

#[test]
fn a_wrong_call_ends_with_64_and_prints_no_result() {
    let folder = Folder::with(CONFIGURATION);
    for arguments in [
        &[][..],
        &["unheard-of"],
        &["plan", "--unheard-of"],
        &["plan", "main", "more"],
        &["plan", "--output", "yaml"],
        &["sync"],
        &["sync", "main"],
        &["members"],
        &["explain"],
        &["explain", "no-address"],
        &["rules"],
        &["rules", "test", "main"],
        &["rules", "test", "main", "*/InACall"],
        &["config"],
        &["generate", "completions", "cobol"],
        &["demo", "--members", "0"],
        &["demo", "--seconds", "soon"],
        &["sandbox", "--members", "100001"],
        &["audit", "--since"],
        &["audit", "main", "more"],
        &["approve", "01JD"],
    ] {
        let ended = folder.run(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(64), ""),
            "{arguments:?}: {}",
            ended.stderr
        );
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn sync_without_once_says_that_once_is_missing() {
    let ended = Folder::with(CONFIGURATION).run(&["sync"]);
    assert!(ended.stderr.contains("--once"), "{}", ended.stderr);
}

#[test]
fn the_help_lists_the_commands_that_are_there_and_no_others() {
    insta::assert_snapshot!(Folder::empty().run(&["--help"]).everything());
}

#[test]
fn the_version_is_a_result() {
    let ended = Folder::empty().run(&["--version"]);
    let said = ended.everything();
    let begin = concat!(
        "exit code: 0\n--- standard output\npresencectl ",
        env!("CARGO_PKG_VERSION"),
        " ("
    );
    assert!(said.starts_with(begin), "{said}");
}

#[test]
fn global_options_stand_before_and_after_the_command() {
    let folder = Folder::with(CONFIGURATION);
    let expected = folder.run(&[
        "rules",
        "lint",
        "--output",
        "json",
        "--config",
        "presence-sync.toml",
    ]);
    assert_eq!(expected.code, Some(0), "{}", expected.stderr);
    for arguments in [
        &[
            "--output",
            "json",
            "--config",
            "presence-sync.toml",
            "rules",
            "lint",
        ],
        &[
            "--config",
            "presence-sync.toml",
            "rules",
            "--output",
            "json",
            "lint",
        ],
    ] {
        assert_eq!(folder.run(arguments).everything(), expected.everything());
    }
}
