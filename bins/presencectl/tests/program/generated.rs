//! `generate`, and the schema.

use std::fs;

use super::support::Folder;

#[test]
fn the_schema_is_the_same_from_both_commands() {
    let folder = Folder::empty();
    let schema = folder.run(&["config", "schema"]);
    assert_eq!((schema.code, schema.stderr.as_str()), (Some(0), ""));
    assert_eq!(schema.json()["title"], "presence-sync.toml");
    assert_eq!(folder.run(&["generate", "schema"]).stdout, schema.stdout);
}

#[test]
fn the_local_api_is_described() {
    let document = Folder::empty().run(&["generate", "schema", "--api"]);
    assert_eq!((document.code, document.stderr.as_str()), (Some(0), ""));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/local-api.openapi.json");
    let same = document.stdout == fs::read_to_string(committed).unwrap();
    assert!(
        same,
        "write `presencectl generate schema --api` to `docs/local-api.openapi.json`"
    );
}

#[test]
fn every_shell_has_completions_with_the_commands() {
    let folder = Folder::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = folder.run(&["generate", "completions", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""), "{shell}");
        for command in ["explain", "release", "completions"] {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let folder = Folder::empty();
    let page = folder.run(&["generate", "man"]);
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    assert!(page.stdout.contains(".TH presencectl 1"), "{}", page.stdout);

    let pages = folder.run(&["generate", "man", "--dir", "man"]);
    assert_eq!((pages.code, pages.stderr.as_str()), (Some(0), ""));
    for name in ["presencectl.1", "presencectl-plan.1", "presencectl-rules-test.1"] {
        assert!(
            pages.stdout.lines().any(|line| line == name),
            "{name} in {}",
            pages.stdout
        );
        assert!(
            fs::read_to_string(folder.path().join("man").join(name))
                .unwrap()
                .contains(".TH "),
            "{name}"
        );
    }
}
