//! What the day at the office came to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;
use sync_service::telemetry::LatencySummary;

use crate::show::count;

/// The version of the demo's lines.
pub(super) const VERSION: u32 = 1;
/// More differences than these are counted only, in the text for people.
const SHOWN: usize = 10;

/// What the day came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    pub(super) members: usize,
    /// How often Teams said something new about somebody.
    pub(super) people_changes: usize,
    pub(super) changes: Changes,
    pub(super) calls: Calls,
    pub(super) sweeps: u64,
    /// Calls for presence between two sweeps, for whoever had just changed.
    pub(super) looks: u64,
    /// Calls for presence in sweeps, divided by the complete sweeps.
    pub(super) presence_calls_per_sweep: Option<f64>,
    pub(super) added_latency_seconds: Latency,
    /// Whether the DND that a human turned on stood until the end; null where no human did.
    pub(super) humans_choice_stands: Option<bool>,
    /// By the simulated servers' own state.
    pub(super) converged: bool,
    pub(super) differences: Vec<String>,
}

/// Writes that the PBX saw.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Changes {
    pub(super) dnd: usize,
    pub(super) chat: usize,
}

/// Requests that the simulated servers counted, by operation.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Calls {
    pub(super) graph: BTreeMap<String, u64>,
    pub(super) pbx: BTreeMap<String, u64>,
}

/// How much later than Teams' answer the PBX had confirmed a change.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Latency {
    count: usize,
    p50: f64,
    p99: f64,
}

impl From<LatencySummary> for Latency {
    fn from(summary: LatencySummary) -> Self {
        Self {
            count: summary.count,
            p50: summary.p50.as_secs_f64(),
            p99: summary.p99.as_secs_f64(),
        }
    }
}

impl Summary {
    /// An empty day for so many members.
    pub(super) fn new(members: usize) -> Self {
        Self {
            kind: "summary",
            version: VERSION,
            members,
            people_changes: 0,
            changes: Changes::default(),
            calls: Calls::default(),
            sweeps: 0,
            looks: 0,
            presence_calls_per_sweep: None,
            added_latency_seconds: Latency::default(),
            humans_choice_stands: None,
            converged: false,
            differences: Vec::new(),
        }
    }

    /// Whether everything is as it should be.
    pub(super) fn is_good(&self) -> bool {
        self.converged && self.humans_choice_stands != Some(false)
    }

    /// The summary for people.
    pub(super) fn text(&self) -> String {
        let Self {
            members,
            people_changes,
            changes,
            calls,
            sweeps,
            looks,
            ..
        } = self;
        let mut text = String::new();
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:14} {value}");
        };
        row(
            "people",
            &format!(
                "{}, whose presence changed {people_changes} times",
                count(*members, "member")
            ),
        );
        row(
            "changes made",
            &format!(
                "{} of Do Not Disturb, {} of the chat status",
                changes.dnd, changes.chat
            ),
        );
        row("Graph calls", &operations(&calls.graph));
        let per_sweep = self
            .presence_calls_per_sweep
            .map(|calls| format!(", {calls:.2} presence calls each"));
        row(
            "sweeps",
            &format!(
                "{sweeps}{}; {} between them at whoever had just changed",
                per_sweep.unwrap_or_default(),
                count(usize::try_from(*looks).unwrap_or(usize::MAX), "look"),
            ),
        );
        row("PBX calls", &operations(&calls.pbx));
        let Latency {
            count: measured,
            p50,
            p99,
        } = self.added_latency_seconds;
        row(
            "added latency",
            &format!(
                "p50 {}, p99 {}, over {}",
                milliseconds(p50),
                milliseconds(p99),
                count(measured, "change")
            ),
        );
        match self.humans_choice_stands {
            Some(true) => row(
                "by hand",
                "the DND that a human turned on stood until the end of the day",
            ),
            Some(false) => row("by hand", "the DND that a human turned on was overwritten"),
            None => {}
        }
        let verdict = if self.converged { "yes" } else { "NO" };
        row(
            "converged",
            &format!("{verdict}, by the simulated servers' own state"),
        );
        for difference in self.differences.iter().take(SHOWN) {
            row("", difference);
        }
        if self.differences.len() > SHOWN {
            row("", &format!("and {} more", self.differences.len() - SHOWN));
        }
        text
    }
}

fn operations(calls: &BTreeMap<String, u64>) -> String {
    let all: u64 = calls.values().sum();
    let each: Vec<String> = calls
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(name, number)| format!("{number} {name}"))
        .collect();
    if each.is_empty() {
        "none".to_owned()
    } else {
        format!("{all} ({})", each.join(", "))
    }
}

fn milliseconds(seconds: f64) -> String {
    let milliseconds = Duration::try_from_secs_f64(seconds)
        .unwrap_or_default()
        .as_millis();
    format!("{milliseconds} ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Summary {
        Summary {
            people_changes: 340,
            changes: Changes { dnd: 120, chat: 200 },
            calls: Calls {
                graph: BTreeMap::from([("presence".into(), 300), ("token".into(), 1)]),
                pbx: BTreeMap::from([
                    ("phoneconfig-get".into(), 240),
                    ("phoneconfig-put".into(), 120),
                    ("login".into(), 0),
                ]),
            },
            sweeps: 300,
            looks: 12,
            presence_calls_per_sweep: Some(1.0),
            added_latency_seconds: Latency {
                count: 320,
                p50: 0.0123,
                p99: 0.04,
            },
            humans_choice_stands: Some(true),
            converged: true,
            ..Summary::new(25)
        }
    }

    #[test]
    fn a_day_that_went_well_is_summed_up() {
        assert!(day().is_good());
        insta::assert_snapshot!(day().text());
    }

    #[test]
    fn what_is_not_as_it_should_be_is_listed() {
        let differences = (0..12).map(|number| format!("difference {number}")).collect();
        let bad = Summary {
            converged: false,
            humans_choice_stands: None,
            differences,
            ..day()
        };
        assert!(!bad.is_good());
        insta::assert_snapshot!(bad.text());
    }

    #[test]
    fn a_humans_choice_that_was_overwritten_is_a_fault() {
        assert!(
            !Summary {
                humans_choice_stands: Some(false),
                ..day()
            }
            .is_good()
        );
    }

    #[test]
    fn the_form_for_programs_has_a_type_and_a_version() {
        let form = serde_json::to_value(day()).unwrap();
        assert_eq!((&form["type"], &form["version"]), (&"summary".into(), &1.into()));
        assert_eq!(form["added_latency_seconds"]["p99"], 0.04);
    }
}
