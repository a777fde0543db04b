//! Signs of life for all leases of a process, in as few statements as possible.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::Row;
use sync_core::{InstanceName, Lease};
use tokio::sync::oneshot;

use super::store::Store;
use crate::state::StateError;

const RENEW: &str = "UPDATE leases SET beat = beat + 1 FROM unnest($1::text[], $2::bigint[]) AS ours (instance, fence) \
     WHERE leases.instance = ours.instance AND leases.fence = ours.fence RETURNING leases.instance";

/// While one statement is under way, whoever else wants to renew gathers for the next one.
#[derive(Default)]
pub(super) struct Renewals {
    gathered: Mutex<Vec<Asked>>,
    turn: tokio::sync::Mutex<()>,
}

struct Asked {
    instance: InstanceName,
    fence: i64,
    answer: oneshot::Sender<bool>,
}

impl Renewals {
    /// `false`: somebody else has the lease.
    pub(super) async fn renew(&self, store: &Store, lease: &Lease) -> Result<bool, StateError> {
        let (answer, mut answered) = oneshot::channel();
        self.gathered().push(Asked {
            instance: lease.claim.instance.clone(),
            fence: lease.fence,
            answer,
        });
        let _turn = self.turn.lock().await;
        let batch = std::mem::take(&mut *self.gathered());
        if !batch.is_empty() {
            renew_all(store, batch).await?;
        }
        // Whoever had the turn before may have failed, or was ended half-way, and this one with it.
        answered
            .try_recv()
            .map_err(|_| StateError::NoAnswer(store.sessions.to_string()))
    }

    fn gathered(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn renew_all(store: &Store, batch: Vec<Asked>) -> Result<(), StateError> {
    let instances: Vec<String> = batch.iter().map(|asked| asked.instance.to_string()).collect();
    let fences: Vec<i64> = batch.iter().map(|asked| asked.fence).collect();
    let query = sqlx::query(RENEW).bind(instances).bind(fences);
    let rows = store.sessions.within(query.fetch_all(&store.leases)).await?;
    let renewed = rows.iter().map(|row| Ok(row.try_get::<String, _>(0)?));
    let renewed = renewed.collect::<Result<HashSet<_>, StateError>>()?;
    for asked in batch {
        // Whoever asked may have gone away.
        let _ = asked.answer.send(renewed.contains(&*asked.instance.0));
    }
    Ok(())
}
