//! The added latency of recent changes: from the answer that showed a change until the PBX confirmed it.

use std::collections::VecDeque;
use std::time::Duration;

/// How many recent changes are remembered.
const REMEMBERED: usize = 10_000;

/// The latency of recent changes.
#[derive(Debug, Default)]
pub(super) struct Latencies(VecDeque<Duration>);

/// Percentiles of the added latency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencySummary {
    /// How many changes it is made of.
    pub count: usize,
    /// Half of them were at most this late.
    pub p50: Duration,
    /// All but one in a hundred were at most this late.
    pub p99: Duration,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(latency);
    }

    pub(super) fn summary(&self) -> LatencySummary {
        let mut sorted: Vec<Duration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            sorted
                .get((sorted.len() * percent).div_ceil(100).saturating_sub(1))
                .copied()
        };
        LatencySummary {
            count: sorted.len(),
            p50: at(50).unwrap_or_default(),
            p99: at(99).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.summary(), LatencySummary::default());
        for milliseconds in (1..=200).rev() {
            latencies.add(Duration::from_millis(milliseconds));
        }
        let summary = latencies.summary();
        assert_eq!(
            (summary.count, summary.p50.as_millis(), summary.p99.as_millis()),
            (200, 100, 198)
        );
    }
}
