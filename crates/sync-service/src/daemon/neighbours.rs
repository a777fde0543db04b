//! Other daemons with the same state, which draw on the same presence quotas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sync_core::{DaemonsPort, TenantApp};
use tokio_util::sync::CancellationToken;

use super::instance::Stage;
use super::supervisor::Supervisor;
use crate::assembly::own_name;
use crate::config;

/// How often a daemon says that it lives. Whoever says nothing for half a minute counts as dead.
const EVERY: Duration = Duration::from_secs(10);

/// Says again and again which quotas this daemon draws on, until it closes, and notes who else does.
pub(super) async fn keep_announced(
    daemons: Arc<dyn DaemonsPort>,
    supervisor: Arc<Supervisor>,
    closing: CancellationToken,
) {
    let name = own_name();
    loop {
        let serves: Vec<TenantApp> = supervisor.serves().into_iter().collect();
        match daemons.announce(&name, &serves).await {
            Ok(living) => supervisor.note_daemons(serves.into_iter().zip(living).collect()),
            Err(error) => tracing::debug!(error = error.chain(), "other daemons are not known"),
        }
        if closing
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_none()
        {
            // Whoever is left has its whole share at once.
            let _ = daemons.announce(&name, &[]).await;
            return;
        }
    }
}

impl Supervisor {
    /// How many living daemons draw on the presence quota of this tenant and app, this one included.
    pub fn live_daemons(&self, teams: &config::Teams) -> usize {
        self.daemons().get(&tenant_app(teams)).copied().unwrap_or(1)
    }

    /// The quotas that running instances draw on.
    fn serves(&self) -> BTreeSet<TenantApp> {
        let slots = self.slots();
        let running = slots.values().filter(|slot| {
            let stage = slot.life.as_ref().map(|life| life.stage.borrow());
            matches!(stage.as_deref(), Some(Stage::Running(_)))
        });
        running.map(|slot| tenant_app(&slot.config.teams)).collect()
    }

    fn note_daemons(&self, living: BTreeMap<TenantApp, usize>) {
        *self.daemons() = living;
    }
}

pub(super) fn tenant_app(teams: &config::Teams) -> TenantApp {
    TenantApp {
        tenant: teams.tenant_id.to_ascii_lowercase().into(),
        app: teams.client_id.to_ascii_lowercase().into(),
    }
}
