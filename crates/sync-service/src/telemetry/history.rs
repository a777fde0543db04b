//! How the instances did in the last hours: one sample a minute and instance, in memory alone, for small pictures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_core::{Health, InstanceName};

/// How often a sample is taken.
pub const SAMPLED_EVERY: Duration = Duration::from_secs(60);
/// Six hours of them.
const KEPT: usize = 360;

/// How one instance did in one minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HistorySample")]
pub struct Sample {
    /// The end of the minute.
    #[schemars(with = "sync_core::schema::DateTime")]
    pub at: Timestamp,
    /// Half of the minute's changes were at most so late; `None` where none was measured.
    pub added_latency_p50_seconds: Option<f64>,
    /// All but one in a hundred were at most so late.
    pub added_latency_p99_seconds: Option<f64>,
    /// Changes that the PBX confirmed in this minute.
    pub changes: u64,
    /// Calls to the presence interface that ended in this minute.
    pub presence_calls: u64,
    /// How many of them a minute `teams.quota_share` permits to this instance.
    pub presence_quota: f64,
    /// Age of the oldest presence of a matched member, in seconds.
    pub presence_age_seconds: Option<f64>,
    /// Members whose presence is unknown.
    pub unknown: usize,
    /// Changes that the breaker holds.
    pub held: usize,
    /// Whether it did its work at the end of the minute.
    pub health: Health,
}

/// The samples of all instances.
#[derive(Debug, Default)]
pub struct History(Mutex<BTreeMap<InstanceName, VecDeque<Sample>>>);

impl History {
    /// The samples of one instance, newest last; none for an instance that nobody knows.
    pub fn samples(&self, instance: &InstanceName) -> Vec<Sample> {
        self.kept()
            .get(instance)
            .map(|samples| samples.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Adds one sample of each instance. Instances that are not among them are forgotten.
    pub(crate) fn add(&self, samples: Vec<(InstanceName, Sample)>) {
        let mut kept = self.kept();
        kept.retain(|name, _| samples.iter().any(|(sampled, _)| sampled == name));
        for (name, sample) in samples {
            let samples = kept.entry(name).or_default();
            if samples.len() == KEPT {
                samples.pop_front();
            }
            samples.push_back(sample);
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<InstanceName, VecDeque<Sample>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minute: i64) -> Sample {
        Sample {
            at: Timestamp::from_second(minute * 60).unwrap(),
            added_latency_p50_seconds: None,
            added_latency_p99_seconds: None,
            changes: 0,
            presence_calls: 0,
            presence_quota: 1_500.0,
            presence_age_seconds: None,
            unknown: 0,
            held: 0,
            health: Health::Ready,
        }
    }

    #[test]
    fn six_hours_are_kept_of_each_instance_that_is_still_there() {
        let (main, other) = (InstanceName("main".into()), InstanceName("other".into()));
        let history = History::default();
        history.add(vec![(main.clone(), sample(0)), (other.clone(), sample(0))]);
        assert_eq!(history.samples(&other).len(), 1);
        for minute in 1..=400 {
            history.add(vec![(main.clone(), sample(minute))]);
        }
        let samples = history.samples(&main);
        assert_eq!((samples.len(), &samples[359]), (360, &sample(400)));
        assert_eq!(samples[0], sample(41));
        assert_eq!(history.samples(&other), []);
    }
}
