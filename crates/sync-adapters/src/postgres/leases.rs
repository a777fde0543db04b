//! Leases as rows, with numbers that grow.

use std::sync::Arc;
use std::time::Duration;

use sync_core::{Acquired, Claim, Clock, InstanceName, Lease};
use tokio::sync::{Mutex, MutexGuard};

use super::renewals::Renewals;
use super::store::Store;
use super::watching::{LASTS, Standing, Verdict, Watching};
use crate::state::{self, Cells, Connection, StateError, Transaction, with};

pub(super) struct Leases {
    store: Store,
    clock: Arc<dyn Clock>,
    node: String,
    /// How old what is known of the leases of others may be.
    fresh: Duration,
    watching: Mutex<Watching>,
    renewals: Renewals,
}

impl Leases {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, node: String, fresh: Duration) -> Self {
        Self {
            store,
            clock,
            node,
            fresh,
            watching: Mutex::default(),
            renewals: Renewals::default(),
        }
    }

    pub(super) async fn acquire(&self, claim: &Claim) -> Result<Acquired, StateError> {
        let verdict = self
            .watching()
            .await?
            .judge(claim, &self.node, self.clock.now().uptime);
        let expected = match verdict {
            Verdict::New => None,
            Verdict::Free { fence, beat } => Some((fence, beat)),
            Verdict::Held { holder, left } => {
                let until = self.clock.now().wall.checked_add(left).ok();
                return Ok(Acquired::HeldBy { holder, until });
            }
            Verdict::OtherSettings { holder } => return Ok(Acquired::OtherSettings { holder }),
        };
        match self.take(claim, expected).await? {
            Some(fence) => Ok(Acquired::Granted(Lease {
                claim: claim.clone(),
                fence,
                lasts: Some(LASTS),
            })),
            None => {
                self.watching.lock().await.look_again();
                let holder = "another daemon".to_owned();
                Ok(Acquired::HeldBy { holder, until: None })
            }
        }
    }

    /// `false`: somebody else has it.
    pub(super) async fn renew(&self, lease: &Lease) -> Result<bool, StateError> {
        self.renewals.renew(&self.store, lease).await
    }

    /// Whatever the owner has under way is refused from now on.
    pub(super) async fn give_back(&self, lease: &Lease) -> Result<(), StateError> {
        let instance = &lease.claim.instance;
        let mut transaction = self.store.for_leases().await?;
        lock(&mut *transaction, instance).await?;
        let free = "UPDATE leases SET fence = fence + 1, beat = beat + 1, holder = '' \
             WHERE instance = $1 AND fence = $2 RETURNING fence, beat, holder, node, settings";
        let cells = with(&*instance.0).and(lease.fence);
        let freed = transaction.fetch_first(free, cells).await?;
        transaction.commit().await?;
        if let Some(row) = freed {
            self.note(instance, standing(&row, 0)?).await;
        }
        Ok(())
    }

    async fn watching(&self) -> Result<MutexGuard<'_, Watching>, StateError> {
        let mut watching = self.watching.lock().await;
        if !watching.is_fresh(self.fresh, self.clock.now().uptime) {
            let all = "SELECT instance, fence, beat, holder, node, settings FROM leases";
            let mut reading = self.store.for_leases().await?;
            let rows = reading.fetch(all, Cells::default()).await?;
            reading.commit().await?;
            let leases = rows
                .iter()
                .map(|row| Ok((InstanceName(row.text(0)?.into()), standing(row, 1)?)));
            let leases = leases.collect::<Result<_, StateError>>()?;
            watching.note(leases, self.clock.now().uptime);
        }
        Ok(watching)
    }

    async fn note(&self, instance: &InstanceName, standing: Standing) {
        let now = self.clock.now().uptime;
        self.watching
            .lock()
            .await
            .note_one(instance.clone(), standing, now);
    }

    /// Takes the lease if it still stands as it was seen, and tells its new number.
    async fn take(&self, claim: &Claim, expected: Option<(i64, i64)>) -> Result<Option<i64>, StateError> {
        let mut transaction = self.store.for_leases().await?;
        let cells = with(&*claim.instance.0)
            .and(&claim.holder)
            .and(&self.node)
            .and(claim.settings.as_ref());
        let taken = match expected {
            None => {
                let make = "INSERT INTO leases (instance, fence, beat, holder, node, settings) \
                     VALUES ($1, 1, 1, $2, $3, $4) ON CONFLICT DO NOTHING \
                     RETURNING fence, beat, holder, node, settings";
                transaction.fetch_first(make, cells).await?
            }
            Some((fence, beat)) => {
                lock(&mut *transaction, &claim.instance).await?;
                let take = "UPDATE leases SET fence = fence + 1, beat = beat + 1, holder = $2, node = $3, \
                     settings = coalesce($4, settings) WHERE instance = $1 AND fence = $5 AND beat = $6 \
                     RETURNING fence, beat, holder, node, settings";
                transaction.fetch_first(take, cells.and(fence).and(beat)).await?
            }
        };
        let Some(row) = taken else { return Ok(None) };
        state::know(&mut *transaction, claim).await?;
        transaction.commit().await?;
        let standing = standing(&row, 0)?;
        let fence = standing.fence;
        self.note(&claim.instance, standing).await;
        Ok(Some(fence))
    }
}

/// Waits for transactions under the lease that are under way. Renewals are no such ones.
async fn lock(connection: &mut dyn Connection, instance: &InstanceName) -> Result<(), StateError> {
    let lock = "SELECT fence FROM leases WHERE instance = $1 FOR UPDATE";
    connection.fetch(lock, with(&*instance.0)).await.map(drop)
}

fn standing(row: &state::Row, first: usize) -> Result<Standing, StateError> {
    Ok(Standing {
        fence: row.integer(first)?,
        beat: row.integer(first + 1)?,
        holder: row.text(first + 2)?.to_owned(),
        node: row.text(first + 3)?.to_owned(),
        settings: row.optional_text(first + 4)?.map(str::to_owned),
    })
}
