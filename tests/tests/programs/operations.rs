//! The dashboard and the alert rules of `docs/operations` ask for nothing that a running daemon does not expose.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::{Stage, StageOptions};
use sandbox::Except;

const DASHBOARD: &str = include_str!("../../../docs/operations/dashboard.json");
const ALERTS: &str = include_str!("../../../docs/operations/alerts.yaml");

/// Each metric with the names of its labels, as Prometheus sees them.
fn exposed(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut metrics: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let labels = line
            .split_once('{')
            .and_then(|(_, rest)| rest.rsplit_once('}'))
            .map_or("", |(labels, _)| labels);
        let names = labels
            .split(',')
            .filter_map(|label| Some(label.split_once('=')?.0));
        metrics.entry(name).or_default().extend(names);
    }
    metrics
}

/// The expressions of both files.
fn expressions() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().expect("a panel asks"));
    let shown = targets.map(|target| target["expr"].as_str().expect("a target has one").to_owned());
    let alerts = ALERTS
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("expr: ")?.to_owned()));
    shown.chain(alerts).collect()
}

/// The words of an expression, each with what follows it.
fn words(expression: &str) -> Vec<(&str, &str)> {
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let word = &rest[start..];
        let end = word
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(word.len());
        words.push((&word[..end], &word[end..]));
        rest = &word[end..];
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alerts_ask_for_what_is_exposed() {
    let stage = Stage::set(StageOptions::plain(5)).await;
    stage.says(0, "Busy", "InACall");
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.quiet().await;
    let (status, text) = stage.get("/metrics").await;
    assert_eq!(status, 200);
    let exposed = exposed(&text);

    let expressions = expressions();
    assert!(expressions.len() > 20, "{expressions:?}");
    let mut asked = BTreeSet::new();
    for expression in &expressions {
        let metrics: Vec<_> = words(expression)
            .into_iter()
            .filter(|(word, _)| word.starts_with("presence_sync_"))
            .collect();
        for (metric, rest) in metrics {
            let labels = exposed
                .get(metric)
                .unwrap_or_else(|| panic!("nobody exposes {metric}\n{text}"));
            asked.insert(metric.trim_end_matches("_bucket"));
            let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            for (label, _) in selector.map_or_else(Vec::new, |(inside, _)| words(inside)) {
                let is_value =
                    !expression.contains(&format!("{label}=")) && !expression.contains(&format!("{label}!="));
                assert!(
                    is_value || labels.contains(label),
                    "{metric} has no label {label}: {expression}"
                );
            }
        }
    }
    let described: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let missing: Vec<_> = described.difference(&asked).collect();
    assert!(missing.is_empty(), "the dashboard does not show {missing:?}");
    daemon.kill();
}
