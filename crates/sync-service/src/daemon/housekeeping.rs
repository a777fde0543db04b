//! What a daemon does beside its instances: it deletes what the audit need not keep any more.

use std::sync::Arc;
use std::time::Duration;

use sync_core::{Clock, LedgerPort};
use tokio_util::sync::CancellationToken;

use super::Files;
use crate::retention::{forget_old, forget_old_changes};

/// How often; the first time is at the start.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Keeps the audit as short as the configuration of the moment says, until the daemon closes.
pub(super) async fn keep_house(
    files: Arc<Files>,
    ledger: Arc<dyn LedgerPort>,
    clock: Arc<dyn Clock>,
    closing: CancellationToken,
) {
    loop {
        let days = files.daemon().audit_days;
        let now = clock.now().wall;
        let writes = forget_old(ledger.as_ref(), days, now).await;
        let changes = forget_old_changes(files.changes(), days, now).await;
        let forgotten = writes.and_then(|writes| Ok(writes + changes?));
        match forgotten {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, days, "old entries of the audit deleted"),
            Err(error) => {
                let advice = error.advice.as_deref().unwrap_or_default();
                tracing::error!(error = error.chain(), advice, "the audit keeps old entries");
            }
        }
        if closing
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
}
