//! The scenarios: text in, golden text out.

use std::fs;
use std::path::{Path, PathBuf};

use crate::golden::story;
use crate::op::Schedule;
use crate::script::parse;
use crate::shrink::failure;

fn all() -> Vec<(PathBuf, Schedule)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "scenario"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let schedule = parse(&fs::read_to_string(&path).unwrap());
        (
            path.clone(),
            schedule.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_scenario_tells_its_golden_story() {
    for (path, schedule) in all() {
        let golden = fs::read_to_string(path.with_extension("golden")).unwrap_or_default();
        let told = story(&schedule);
        assert!(told == golden, "{} tells another story:\n{told}", path.display());
    }
}

#[test]
fn no_scenario_breaks_a_promise() {
    for (path, schedule) in all() {
        assert_eq!(failure(&schedule), None, "{}", path.display());
    }
}

#[test]
#[ignore = "writes the golden files: cargo test -p sync-core --test simulation -- --ignored golden"]
fn golden_stories_are_written() {
    for (path, schedule) in all() {
        fs::write(path.with_extension("golden"), story(&schedule)).unwrap();
    }
}
