//! The presence quota of one tenant and app, shared out among the instances that draw on it: each gets what it needs, where that is
//! there, and nobody is kept short so that another one has more than it needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sync_core::{Engine, Handle, InstanceName, TenantApp};
use tokio_util::sync::CancellationToken;

use super::instance::Stage;
use super::neighbours::tenant_app;
use super::supervisor::Supervisor;
use crate::config;

/// How often it is shared out anew.
const EVERY: Duration = Duration::from_secs(5);

/// Shares the quotas out again and again, until the daemon closes.
pub(super) async fn keep_shared(supervisor: Arc<Supervisor>, closing: CancellationToken) {
    while closing
        .run_until_cancelled(tokio::time::sleep(EVERY))
        .await
        .is_some()
    {
        supervisor.share_quotas().await;
    }
}

/// One instance that draws on a quota. Everything is a share of the quota as a whole (0 to 1).
#[derive(Clone, Copy, Debug)]
struct Drawer {
    /// The most that it may use: `teams.quota_share`.
    most: f64,
    /// What it needs to keep to its interval.
    needs: f64,
}

/// Shares `all` out: whoever needs less than an even share gets what it needs, what is left goes to the others, and what nobody
/// needs is everybody's.
fn shared(all: f64, drawers: &[Drawer]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..drawers.len()).collect();
    order.sort_by(|a, b| drawers[*a].needs.total_cmp(&drawers[*b].needs));
    let mut shares = vec![0.0; drawers.len()];
    let mut left = all;
    for (served, drawer) in order.iter().enumerate() {
        let Drawer { most, needs } = drawers[*drawer];
        let share = needs.min(most).min(even(left, drawers.len() - served));
        shares[*drawer] = share;
        left -= share;
    }
    let extra = even(left, drawers.len());
    for (share, drawer) in shares.iter_mut().zip(drawers) {
        *share = (*share + extra).min(drawer.most);
    }
    shares
}

fn even(all: f64, among: usize) -> f64 {
    all / f64::from(u32::try_from(among.max(1)).unwrap_or(u32::MAX))
}

/// The share that an instance begins with, before anybody knows what it needs: the same for all `sharers`.
pub(super) fn first_share(config: &config::Instance, sharers: usize, live_daemons: usize) -> f64 {
    even(config.teams.quota_share, sharers.max(1) * live_daemons.max(1))
}

struct Running {
    name: InstanceName,
    handle: Handle,
    /// What it goes by now.
    share: f64,
    drawer: Drawer,
    daemons: usize,
}

impl Supervisor {
    /// Asks each running instance what it needs, and tells each what it gets.
    pub(super) async fn share_quotas(&self) {
        let mut quotas: BTreeMap<TenantApp, Vec<Running>> = BTreeMap::new();
        for (name, handle, teams) in self.drawers() {
            let question = |engine: &Engine| (engine.needed_quota(), engine.settings().quota_share);
            let Ok((needs, share)) = handle.ask(question).await else {
                continue;
            };
            let most = teams.quota_share;
            let running = Running {
                name,
                handle,
                share,
                drawer: Drawer { most, needs },
                daemons: self.live_daemons(&teams),
            };
            quotas.entry(tenant_app(&teams)).or_default().push(running);
        }
        for running in quotas.into_values() {
            let drawers: Vec<Drawer> = running.iter().map(|running| running.drawer).collect();
            // Where instances permit different shares, the most generous one says what may be used in all.
            let all = drawers.iter().map(|drawer| drawer.most).fold(0.0, f64::max);
            let daemons = running.iter().map(|running| running.daemons).max();
            let shares = shared(even(all, daemons.unwrap_or(1)), &drawers);
            for (running, share) in running.into_iter().zip(shares) {
                self.note_share(&running.name, share);
                // What differs by less than a hundredth is the same.
                if (running.share - share).abs() > share / 100.0 {
                    // Whoever has ended in the meantime needs none.
                    let _ = running.handle.quota(share).await;
                }
            }
        }
    }

    fn drawers(&self) -> Vec<(InstanceName, Handle, config::Teams)> {
        let slots = self.slots();
        let running = slots.iter().filter_map(|(name, slot)| {
            let stage = slot.life.as_ref()?.stage.borrow().clone();
            match stage {
                Stage::Running(handle) => Some((name.clone(), handle, slot.config.teams.clone())),
                _ => None,
            }
        });
        running.collect()
    }

    fn note_share(&self, name: &InstanceName, share: f64) {
        if let Some(slot) = self.slots().get_mut(name) {
            slot.share = share;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawers(needs: &[f64]) -> Vec<Drawer> {
        needs
            .iter()
            .map(|needs| Drawer {
                most: 0.5,
                needs: *needs,
            })
            .collect()
    }

    #[test]
    fn whoever_needs_little_leaves_the_rest_to_whoever_needs_much() {
        let shares = shared(0.5, &drawers(&[0.9, 0.01, 0.01]));
        assert!((shares[0] - 0.48).abs() < 1e-9, "{shares:?}");
        assert!((shares[1] - 0.01).abs() < 1e-9, "{shares:?}");
    }

    #[test]
    fn two_who_need_everything_get_half_each() {
        assert_eq!(shared(0.5, &drawers(&[0.9, 0.6])), [0.25, 0.25]);
    }

    #[test]
    fn what_nobody_needs_is_everybodys() {
        let shares = shared(0.5, &drawers(&[0.1, 0.0]));
        assert!(
            (shares[0] - 0.3).abs() < 1e-9 && (shares[1] - 0.2).abs() < 1e-9,
            "{shares:?}"
        );
    }

    proptest! {
        #[test]
        fn nobody_is_kept_short_and_the_quota_is_kept(
            needs in prop::collection::vec((0.0..1.0_f64, 0.01..1.0_f64), 1..20),
            all in 0.01..1.0_f64,
        ) {
            let drawers: Vec<Drawer> = needs.iter().map(|(needs, most)| Drawer { most: *most, needs: *needs }).collect();
            let shares = shared(all, &drawers);
            prop_assert!(shares.iter().sum::<f64>() <= all + 1e-9);
            for (share, drawer) in shares.iter().zip(&drawers) {
                prop_assert!(*share <= drawer.most + 1e-9);
                let fair = even(all, drawers.len());
                prop_assert!(*share + 1e-9 >= drawer.needs.min(drawer.most).min(fair));
            }
        }
    }
}
