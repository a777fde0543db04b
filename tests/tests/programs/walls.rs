//! The walls between our crates, read from `cargo metadata`: who may know whom.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate may know of ours, tests aside.
const MAY_KNOW: [(&str, &[&str]); 12] = [
    ("presence-mapping", &[]),
    ("graph-presence", &["presence-mapping"]),
    ("starface-api", &[]),
    ("licensing", &[]),
    ("sandbox", &[]),
    ("sync-core", &["presence-mapping", "licensing"]),
    (
        "sync-adapters",
        &["presence-mapping", "graph-presence", "starface-api", "sync-core"],
    ),
    (
        "sync-service",
        &["presence-mapping", "licensing", "sync-core", "sync-adapters"],
    ),
    (
        "admin-page",
        &["presence-mapping", "licensing", "sync-core", "sync-service"],
    ),
    (
        "presence-syncd",
        &[
            "presence-mapping",
            "licensing",
            "sync-core",
            "sync-service",
            "admin-page",
        ],
    ),
    (
        "presencectl",
        &[
            "presence-mapping",
            "licensing",
            "sync-core",
            "sync-service",
            "admin-page",
            "sandbox",
        ],
    ),
    (
        "end-to-end",
        &[
            "sandbox",
            "licensing",
            "sync-adapters",
            "sync-service",
            "sync-core",
        ],
    ),
];

/// Crates that may have the sandbox in their tests. The engine and the rules are tested without any server.
const MAY_TEST_WITH_THE_SANDBOX: [&str; 8] = [
    "admin-page",
    "graph-presence",
    "starface-api",
    "sync-adapters",
    "sync-service",
    "presence-syncd",
    "presencectl",
    "end-to-end",
];

/// What no crate of this list may reach, not even through another one.
const NEVER: [(&str, &[&str]); 3] = [
    ("licensing", &["tokio", "reqwest", "sqlx"]),
    ("presence-mapping", &["tokio", "reqwest", "sqlx", "jiff"]),
    ("sync-core", &["reqwest", "hyper", "sqlx", "axum"]),
];

struct Known {
    /// Normal and build dependencies of ours, and those of the tests.
    ours: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    /// Everything that each of ours reaches by normal dependencies.
    reached: BTreeMap<String, BTreeSet<String>>,
}

fn host() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

fn known() -> Known {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        // What other systems would need is not on this machine.
        .other_options(["--offline", "--filter-platform", &host()].map(str::to_owned))
        .exec()
        .unwrap();
    let members: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let mut ours = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let (mut normal, mut test) = (BTreeSet::new(), BTreeSet::new());
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| members.contains(&dependency.name))
        {
            match dependency.kind {
                DependencyKind::Development => test.insert(dependency.name.clone()),
                _ => normal.insert(dependency.name.clone()),
            };
        }
        test.remove(package.name.as_str());
        ours.insert(package.name.to_string(), (normal, test));
    }

    let graph = metadata.resolve.as_ref().unwrap();
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let edges: BTreeMap<_, Vec<_>> = graph
        .nodes
        .iter()
        .map(|node| {
            let normal = |kind: &cargo_metadata::DepKindInfo| kind.kind == DependencyKind::Normal;
            let targets = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(normal))
                .map(|dep| &dep.pkg);
            (&node.id, targets.collect())
        })
        .collect();
    let mut reached = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let mut seen = BTreeSet::new();
        let mut open = vec![&package.id];
        while let Some(id) = open.pop() {
            for target in &edges[id] {
                if seen.insert(*target) {
                    open.push(target);
                }
            }
        }
        reached.insert(
            package.name.to_string(),
            seen.into_iter().map(|id| names[id].clone()).collect(),
        );
    }
    Known { ours, reached }
}

#[test]
fn every_crate_of_ours_has_its_place_in_the_walls() {
    let listed: BTreeSet<&str> = MAY_KNOW.iter().map(|(name, _)| *name).collect();
    let known = known();
    let present: BTreeSet<&str> = known.ours.keys().map(String::as_str).collect();
    assert_eq!(present, listed);
}

#[test]
fn nobody_knows_whom_it_may_not_know() {
    let known = known();
    for (name, may_know) in MAY_KNOW {
        let (normal, _) = &known.ours[name];
        let too_many: Vec<&String> = normal
            .iter()
            .filter(|other| !may_know.contains(&other.as_str()))
            .collect();
        assert!(too_many.is_empty(), "{name} must not know {too_many:?}");
    }
}

#[test]
fn the_sandbox_is_known_to_tests_and_to_the_command_line_alone() {
    for (name, (normal, test)) in known().ours {
        assert!(
            !normal.contains("sandbox") || ["presencectl", "end-to-end"].contains(&name.as_str()),
            "{name}"
        );
        assert!(
            !test.contains("sandbox") || MAY_TEST_WITH_THE_SANDBOX.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn the_pure_crates_reach_no_network_and_no_database() {
    let known = known();
    for (name, never) in NEVER {
        let reached: Vec<&&str> = never
            .iter()
            .filter(|other| known.reached[name].contains(**other))
            .collect();
        assert!(reached.is_empty(), "{name} reaches {reached:?}");
    }
}
