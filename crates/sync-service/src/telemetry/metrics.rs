//! The metrics in Prometheus' text form, on our own listener. They carry no addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use sync_core::{InstanceName, InstanceView, LicenceView};

use super::latency::{Latencies, LatencySummary};
use super::minute::{Minute, Minutes};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
const LATENCY: &str = "presence_sync_added_latency_seconds";
/// What a change is called that the PBX confirmed.
pub(super) const APPLIED: &str = "applied";
/// What the presence interface is called.
const PRESENCE: &str = "presence";
/// From a few milliseconds (one PBX request) to minutes (an outage).
const LATENCY_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];

/// All metrics of one daemon.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    latencies: Mutex<Latencies>,
    minutes: Minutes,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Metrics that begin at zero, of a program of this version.
    pub fn new(program: &'static str) -> Self {
        let builder = PrometheusBuilder::new();
        // The only failure is an empty list of buckets.
        let builder = builder
            .set_buckets_for_metric(Matcher::Full(LATENCY.to_owned()), &LATENCY_BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let metrics = Self {
            recorder,
            handle,
            latencies: Mutex::default(),
            minutes: Minutes::default(),
        };
        metrics.describe();
        metrics.gauge(
            "presence_sync_build_info",
            vec![Label::new("version", program)],
            1.0,
        );
        metrics
    }

    fn describe(&self) {
        let counters = [
            (
                "presence_sync_graph_requests_total",
                "HTTP requests to Entra and Graph, by interface and status",
            ),
            (
                "presence_sync_pbx_requests_total",
                "HTTP requests to the PBX, by operation and status",
            ),
            (
                "presence_sync_changes_total",
                "Changes of DND and chat status, by result",
            ),
        ];
        for (name, text) in counters {
            self.recorder.describe_counter(name.into(), None, text.into());
        }
        let gauges = [
            ("presence_sync_members", "Members of the group, by state"),
            (
                "presence_sync_presence_age_seconds",
                "Age of the oldest presence of a matched member",
            ),
            ("presence_sync_owned", "Values in the PBX that are ours"),
            (
                "presence_sync_drift",
                "Values in the PBX that differ from what was carried out, as far as they were read",
            ),
            ("presence_sync_held", "Changes that the breaker holds"),
            (
                "presence_sync_gate_open",
                "1 while the licence covers the whole group, 0 while nobody is synchronised",
            ),
            (
                "presence_sync_licence_seats",
                "Seats of the licence: needed by all instances that share it, and licensed",
            ),
            (
                "presence_sync_licence_end_timestamp_seconds",
                "When the licence ends, grace not counted; 0 where there is none",
            ),
            ("presence_sync_link_up", "1 while a link works"),
            (
                "presence_sync_ready",
                "1 while the instance does its work, 0.5 while it is degraded, 0 while it does not",
            ),
            ("presence_sync_build_info", "The version of the program"),
        ];
        for (name, text) in gauges {
            self.recorder.describe_gauge(name.into(), None, text.into());
        }
        let text = "From the answer that showed a change until the PBX confirmed it";
        self.recorder
            .describe_histogram(LATENCY.into(), None, text.into());
    }

    /// Counts one HTTP request to Entra or Graph that ended; no status where no whole answer came.
    pub fn graph_request(&self, instance: &InstanceName, api: &'static str, status: Option<u16>) {
        let labels = vec![
            instance_label(instance),
            Label::new("api", api),
            status_label(status),
        ];
        self.count("presence_sync_graph_requests_total", labels);
        if api == PRESENCE {
            self.minutes.presence_called(instance);
        }
    }

    /// Counts one HTTP request to the PBX that ended; no status where no whole answer came.
    pub fn pbx_request(&self, instance: &InstanceName, operation: &'static str, status: Option<u16>) {
        let labels = vec![
            instance_label(instance),
            Label::new("operation", operation),
            status_label(status),
        ];
        self.count("presence_sync_pbx_requests_total", labels);
    }

    pub(super) fn change(&self, instance: &InstanceName, field: String, result: &'static str) {
        let labels = vec![
            instance_label(instance),
            Label::new("field", field),
            Label::new("result", result),
        ];
        self.count("presence_sync_changes_total", labels);
        if result == APPLIED {
            self.minutes.changed(instance);
        }
    }

    pub(super) fn latency(&self, instance: &InstanceName, latency: Duration) {
        let key = Key::from_parts(LATENCY, vec![instance_label(instance)]);
        self.recorder
            .register_histogram(&key, &METADATA)
            .record(latency.as_secs_f64());
        self.latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(latency);
        self.minutes.late_by(instance, latency);
    }

    /// What was counted of each instance since this was asked last.
    pub(crate) fn take_minutes(&self) -> BTreeMap<InstanceName, Minute> {
        self.minutes.take()
    }

    /// Percentiles of the added latency of recent changes, over all instances.
    pub fn latency_summary(&self) -> LatencySummary {
        self.latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .summary()
    }

    /// Takes over how an instance does.
    pub fn show(&self, view: &InstanceView) {
        let instance = || instance_label(&view.instance);
        let members = |state: String, count: usize| {
            let labels = vec![instance(), Label::new("state", state)];
            self.gauge("presence_sync_members", labels, to_float(count));
        };
        members("matched".to_owned(), view.matched);
        members("unknown".to_owned(), view.unknown);
        for reason in sync_core::SkipReason::ALL {
            members(
                reason.to_string(),
                view.skipped.get(&reason).copied().unwrap_or_default(),
            );
        }
        if let Some(age) = view.presence_age_seconds {
            self.gauge("presence_sync_presence_age_seconds", vec![instance()], age);
        }
        self.gauge("presence_sync_owned", vec![instance()], to_float(view.owned));
        self.gauge("presence_sync_drift", vec![instance()], to_float(view.drifted));
        self.gauge("presence_sync_held", vec![instance()], to_float(view.held));
        let ready = match view.readiness.state {
            sync_core::Health::Ready => 1.0,
            sync_core::Health::Degraded => 0.5,
            sync_core::Health::NotReady => 0.0,
        };
        self.gauge("presence_sync_ready", vec![instance()], ready);
        if let Some(licence) = &view.licence {
            self.show_licence(&view.instance, licence);
        }
        for link in &view.links {
            let labels = vec![instance(), Label::new("link", link.link.to_string())];
            self.gauge(
                "presence_sync_link_up",
                labels,
                if link.error.is_none() { 1.0 } else { 0.0 },
            );
        }
    }

    fn show_licence(&self, instance: &InstanceName, licence: &LicenceView) {
        let label = || instance_label(instance);
        let open = if licence.gate == "open" { 1.0 } else { 0.0 };
        self.gauge("presence_sync_gate_open", vec![label()], open);
        let seats = [
            ("needed", licence.needed()),
            ("licensed", licence.seats.map(|seats| seats as usize)),
        ];
        for (kind, number) in seats {
            let labels = vec![label(), Label::new("kind", kind)];
            self.gauge(
                "presence_sync_licence_seats",
                labels,
                to_float(number.unwrap_or_default()),
            );
        }
        let until = licence
            .until
            .map_or(0.0, |until| until.as_duration().as_secs_f64());
        self.gauge(
            "presence_sync_licence_end_timestamp_seconds",
            vec![label()],
            until,
        );
    }

    /// Everything in Prometheus' text form.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    fn count(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder
            .register_counter(&Key::from_parts(name, labels), &METADATA)
            .increment(1);
    }

    fn gauge(&self, name: &'static str, labels: Vec<Label>, value: f64) {
        self.recorder
            .register_gauge(&Key::from_parts(name, labels), &METADATA)
            .set(value);
    }
}

fn instance_label(instance: &InstanceName) -> Label {
    Label::new("instance", instance.to_string())
}

fn status_label(status: Option<u16>) -> Label {
    Label::new(
        "status",
        status.map_or_else(|| "none".to_owned(), |status| status.to_string()),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a group has fewer members than a float has exact integers"
)]
fn to_float(count: usize) -> f64 {
    count as f64
}
