//! What happened in an instance since somebody last asked: the counts of one minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::InstanceName;

use super::latency::Latencies;

/// The counts of one instance.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    pub(super) latencies: Latencies,
    /// Changes that the PBX confirmed.
    pub(crate) changes: u64,
    /// Calls to the presence interface that ended.
    pub(crate) presence_calls: u64,
}

impl Minute {
    /// The percentiles of its latencies in seconds, p50 and p99; `None` where none was measured.
    pub(crate) fn latency(&self) -> Option<(f64, f64)> {
        let summary = self.latencies.summary();
        (summary.count > 0).then_some((summary.p50.as_secs_f64(), summary.p99.as_secs_f64()))
    }
}

/// The counts of all instances.
#[derive(Debug, Default)]
pub(super) struct Minutes(Mutex<BTreeMap<InstanceName, Minute>>);

impl Minutes {
    pub(super) fn changed(&self, instance: &InstanceName) {
        self.count(instance, |minute| minute.changes += 1);
    }

    pub(super) fn presence_called(&self, instance: &InstanceName) {
        self.count(instance, |minute| minute.presence_calls += 1);
    }

    pub(super) fn late_by(&self, instance: &InstanceName, latency: Duration) {
        self.count(instance, |minute| minute.latencies.add(latency));
    }

    /// Takes the counts of all instances, and begins anew.
    pub(super) fn take(&self) -> BTreeMap<InstanceName, Minute> {
        std::mem::take(&mut *self.counts())
    }

    fn count(&self, instance: &InstanceName, count: impl FnOnce(&mut Minute)) {
        let mut counts = self.counts();
        match counts.get_mut(instance) {
            Some(minute) => count(minute),
            None => count(counts.entry(instance.clone()).or_default()),
        }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<InstanceName, Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
