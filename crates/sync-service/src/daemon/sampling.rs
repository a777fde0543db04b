//! Takes a sample of each instance every minute.

use std::sync::Arc;
use std::time::Duration;

use sync_core::{Health, InstanceName};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Supervisor;
use crate::api::{InstanceState, InstanceStatus};
use crate::telemetry::{History, Metrics, Minute, Sample};

/// What samples are made of, and where they go.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    pub(super) supervisor: Arc<Supervisor>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) history: Arc<History>,
}

/// Takes a sample after each interval, until the daemon closes. A sample that took longer than the interval delays the next.
pub(super) async fn sample_every(
    interval: Duration,
    closing: CancellationToken,
    mut take: impl AsyncFnMut(),
) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is the start, before there is anything to tell.
    ticks.tick().await;
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        take().await;
    }
}

impl Sampler {
    /// Takes one sample of each instance that is turned on: of the time since the last one.
    pub(super) async fn sample(&self) {
        let statuses = self.supervisor.conditions().await;
        let mut minutes = self.metrics.take_minutes();
        let at = self.supervisor.assembly.now().wall;
        let samples = statuses
            .iter()
            .filter(|status| status.state != InstanceState::Disabled)
            .map(|status| {
                let minute = minutes.remove(&status.instance).unwrap_or_default();
                let quota = self.supervisor.presence_quota(&status.instance);
                let sample = of(status, &minute, quota.unwrap_or_default(), at);
                (status.instance.clone(), sample)
            })
            .collect::<Vec<(InstanceName, Sample)>>();
        self.history.add(samples);
    }
}

fn of(status: &InstanceStatus, minute: &Minute, presence_quota: f64, at: jiff::Timestamp) -> Sample {
    let view = status.view.as_ref();
    let latency = minute.latency();
    Sample {
        at,
        added_latency_p50_seconds: latency.map(|(p50, _)| p50),
        added_latency_p99_seconds: latency.map(|(_, p99)| p99),
        changes: minute.changes,
        presence_calls: minute.presence_calls,
        presence_quota,
        presence_age_seconds: view.and_then(|view| view.presence_age_seconds),
        unknown: view.map_or(0, |view| view.unknown),
        held: view.map_or(0, |view| view.held),
        health: view.map_or(Health::NotReady, |view| view.readiness.state),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_sample_an_interval_is_taken_until_the_daemon_closes() {
        let (taken, closing) = (Cell::new(0), CancellationToken::new());
        let sampling = sample_every(Duration::from_secs(60), closing.clone(), async || {
            taken.set(taken.get() + 1);
        });
        let watching = async {
            tokio::time::sleep(Duration::from_secs(59)).await;
            assert_eq!(taken.get(), 0, "the first minute is not over");
            tokio::time::sleep(Duration::from_secs(122)).await;
            assert_eq!(taken.get(), 3);
            closing.cancel();
        };
        tokio::join!(sampling, watching);
        assert_eq!(taken.get(), 3);
    }
}
