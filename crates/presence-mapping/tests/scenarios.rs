//! The rules as little stories: a table and presences in, golden text out. What each line means is in `scenarios/README.md`.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use presence_mapping::{Presence, Rules, RulesTable};

/// Stands between the table and the presences.
const LINE: &str = "---\n";

fn story(scenario: &str) -> String {
    let (table, presences) = scenario.split_once(LINE).unwrap();
    let table: RulesTable = match toml::from_str(table) {
        Ok(table) => table,
        Err(error) => return format!("refused: {}\n", error.message()),
    };
    let rules = match Rules::new(&table) {
        Ok(rules) => rules,
        Err(error) => return format!("refused: {error}\n"),
    };
    let mut text = String::new();
    for remark in rules.lint() {
        let _ = writeln!(text, "remark: {remark}");
    }
    for line in presences.lines().filter(|line| !line.is_empty()) {
        let (said, out_of_office) = match line.strip_suffix(" and out of office") {
            Some(said) => (said, true),
            None => (line, false),
        };
        let presence = match said {
            "nothing" => Presence::unknown(),
            said => Presence {
                out_of_office,
                ..said.parse().unwrap()
            },
        };
        let told = rules.explain(&presence);
        let _ = writeln!(
            text,
            "{line}: DND {} (`{}`), chat {} (`{}`)",
            told.dnd.outcome, told.dnd.rule, told.chat.outcome, told.chat.rule
        );
    }
    text
}

fn all() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "scenario"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    paths.into_iter().map(read).collect()
}

#[test]
fn every_scenario_tells_its_golden_story() {
    let all = all();
    assert!(!all.is_empty());
    for (path, scenario) in all {
        let golden = fs::read_to_string(path.with_extension("golden")).unwrap_or_default();
        let told = story(&scenario);
        assert!(told == golden, "{} tells another story:\n{told}", path.display());
    }
}

#[test]
#[ignore = "writes the golden files: cargo test -p presence-mapping --test scenarios -- --ignored golden"]
fn golden_stories_are_written() {
    for (path, scenario) in all() {
        fs::write(path.with_extension("golden"), story(&scenario)).unwrap();
    }
}
