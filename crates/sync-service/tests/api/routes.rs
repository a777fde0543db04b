//! What is served is what is described, in the file and on the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reqwest::{Method, header};
use sync_service::api::document;

use super::support::{Home, file};

/// The described methods of each path.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            (
                path.clone(),
                methods.keys().map(|method| method.to_uppercase()).collect(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_described_path_is_served_with_the_described_methods_and_no_others() {
    let home = Home::new().await;
    for (path, methods) in described() {
        let asked = path
            .replace("{instance}", "main")
            .replace("{plan}", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        // What a path does not have is answered with the list of what it has.
        let answer = home.send(Method::PATCH, &asked).await;
        assert_eq!(answer.status().as_u16(), 405, "{path}");
        let allowed = answer.headers()[header::ALLOW].to_str().unwrap();
        let served: BTreeSet<String> = allowed
            .split(',')
            .map(|method| method.trim().to_owned())
            // Whatever can be looked at has a head.
            .filter(|method| method != "HEAD")
            .collect();
        assert_eq!(served, methods, "{path}");
    }
    home.stop().await;
}

#[tokio::test]
async fn a_path_that_is_not_described_is_answered_with_404() {
    let home = Home::new().await;
    for path in ["/api/v1/", "/api/v1/instances", "/api/v1/instances/main/none"] {
        let (status, answer) = home.ask(path).await;
        assert_eq!(
            (status, &answer["error"]),
            (404, &"there is nothing at this path".into()),
            "{path}"
        );
    }
    home.stop().await;
}

/// The described routes are made from the table that is served, so that only a route beside the table could be missing.
#[test]
fn no_route_is_added_beside_the_table() {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if fs::read_to_string(&path).unwrap().contains(".route(") {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    look(&file("crates/sync-service/src/api"), &mut found);
    assert_eq!(found, ["table.rs"]);
}

#[test]
fn the_page_lists_every_route_and_no_other() {
    let page = fs::read_to_string(file("docs/local-api.md")).unwrap();
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in page.lines() {
        let Some(written) = line.strip_prefix("| `").and_then(|row| row.split('`').next()) else {
            continue;
        };
        let (method, path) = match written.split_once(' ') {
            Some((method @ ("GET" | "POST"), path)) => (method, path),
            None if ["/healthz", "/readyz", "/metrics"]
                .iter()
                .any(|path| written.starts_with(path)) =>
            {
                ("GET", written)
            }
            _ => continue,
        };
        let path = path.split('?').next().unwrap_or_default();
        let path = path
            .replace("/NAME", "/{instance}")
            .replace("/INSTANCE", "/{instance}")
            .replace("/ID/", "/{plan}/");
        listed.entry(path).or_default().insert(method.to_owned());
    }
    assert_eq!(listed, described());
}
