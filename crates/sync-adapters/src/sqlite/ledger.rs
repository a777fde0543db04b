//! The port for the ledger.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    Acquired, AuditRange, AuditRecord, Claim, InstanceName, Lease, LedgerCommit, LedgerPort, Memory,
    PbxUserId, PortError, Remembered, SeatClaim, Seats,
};

use super::locks::Locks;
use super::store::Store;
use crate::read_only::ReadOnlyLedger;
use crate::state::{
    self, Beside, Connection, SealedStore, SettingsAudit, StateError, StateKey, Tables, with,
};

/// The ledger in an SQLite file; a [`LedgerPort`].
///
/// A lease is a lock on a file beside the state (`state.db.main.lock`). It has no term, for it ends with the process by
/// itself: after a crash the next process can go on at once. What a commit has reported as stored survives a loss of power.
#[derive(Debug)]
pub struct SqliteLedger {
    tables: Tables,
    locks: Locks,
}

impl SqliteLedger {
    /// Opens the state, makes it (for its owner alone) where it does not exist, and brings it to this version's format.
    ///
    /// # Errors
    /// When the folder does not exist, or when the file cannot be used: it is then left as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, PortError> {
        let path = path.as_ref();
        let store = Store::open(path)
            .await
            .map_err(|error| error.during("open the state"))?;
        Ok(Self {
            tables: Tables(Arc::new(store)),
            locks: Locks::beside(path),
        })
    }

    /// Opens the state to look at it, whether a daemon has it open or not. One that does not exist is read as an empty one,
    /// and not made.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`]; also for an earlier format, because it would have to be changed.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<ReadOnlyLedger<Self>, PortError> {
        let path = path.as_ref();
        let store = Store::open_read_only(path)
            .await
            .map_err(|error| error.during("read the state"))?;
        Ok(ReadOnlyLedger::new(Self {
            tables: Tables(Arc::new(store)),
            locks: Locks::beside(path),
        }))
    }

    /// What is kept beside the ledger, in the same state.
    pub fn beside(&self) -> Beside {
        Beside::new(Arc::clone(&self.tables.0), true)
    }

    /// Secrets in the same state, sealed with this key.
    pub fn sealed(&self, key: StateKey) -> SealedStore {
        self.beside().sealed(key)
    }

    /// Who changed the settings, in the same state.
    pub fn settings_audit(&self) -> SettingsAudit {
        self.beside().settings_audit()
    }

    async fn try_acquire(&self, claim: &Claim) -> Result<Acquired, StateError> {
        let Some(file) = self.locks.try_lock(&claim.instance)? else {
            let holder = self.holder(&claim.instance).await?;
            return Ok(Acquired::HeldBy { holder, until: None });
        };
        let mut transaction = self.tables.0.write().await?;
        let fence = raise_fence(&mut *transaction, &claim.instance, &claim.holder).await?;
        state::know(&mut *transaction, claim).await?;
        transaction.commit().await?;
        self.locks.keep(&claim.instance, fence, file);
        Ok(Acquired::Granted(Lease {
            claim: claim.clone(),
            fence,
            lasts: None,
        }))
    }

    async fn holder(&self, instance: &InstanceName) -> Result<String, StateError> {
        let holder = "SELECT holder FROM leases WHERE instance = $1";
        let mut reading = self.tables.0.read().await?;
        let row = reading.fetch_first(holder, with(&*instance.0)).await?;
        let holder = row.map(|row| row.text(0).map(str::to_owned)).transpose()?;
        // Between its lock and its first transaction a new owner has not said its name yet.
        Ok(holder
            .filter(|holder| !holder.is_empty())
            .unwrap_or_else(|| "another process".to_owned()))
    }

    async fn is_ours(&self, lease: &Lease) -> Result<bool, StateError> {
        let held = self.locks.is_held(&lease.claim.instance, lease.fence);
        let mut transaction = self.tables.0.read().await?;
        let fence = transaction.fence(&lease.claim.instance).await?;
        Ok(held && fence == Some(lease.fence))
    }

    async fn give_back(&self, lease: &Lease) -> Result<(), StateError> {
        let instance = &lease.claim.instance;
        let mut transaction = self.tables.0.write().await?;
        if transaction.fence(instance).await? == Some(lease.fence) {
            raise_fence(&mut *transaction, instance, "").await?;
        }
        transaction.commit().await
    }
}

impl ReadOnlyLedger<SqliteLedger> {
    /// What is kept beside the ledger, in the same state; only to be read.
    pub fn beside(&self) -> Beside {
        Beside::new(Arc::clone(&self.inside().tables.0), false)
    }

    /// Secrets in the same state, sealed with this key; only to be read.
    pub fn sealed(&self, key: StateKey) -> SealedStore {
        self.beside().sealed(key)
    }

    /// Who changed the settings, in the same state; only to be read.
    pub fn settings_audit(&self) -> SettingsAudit {
        self.beside().settings_audit()
    }
}

/// Whatever the owner before has under way is refused from now on.
async fn raise_fence(
    connection: &mut dyn Connection,
    instance: &InstanceName,
    holder: &str,
) -> Result<i64, StateError> {
    let raise = "INSERT INTO leases (instance, fence, holder) VALUES ($1, 1, $2) \
         ON CONFLICT (instance) DO UPDATE SET fence = fence + 1, holder = excluded.holder RETURNING fence";
    let row = connection
        .fetch_first(raise, with(&*instance.0).and(holder))
        .await?;
    row.ok_or(StateError::Column(0))?.integer(0)
}

#[async_trait]
impl LedgerPort for SqliteLedger {
    async fn acquire(&self, claim: &Claim, _: Timestamp) -> Result<Acquired, PortError> {
        self.try_acquire(claim)
            .await
            .map_err(|error| error.during("acquire the lease of an instance"))
    }

    async fn renew(&self, lease: &Lease, _: Timestamp) -> Result<bool, PortError> {
        self.is_ours(lease)
            .await
            .map_err(|error| error.during("renew the lease of an instance"))
    }

    async fn surrender(&self, lease: &Lease) -> Result<(), PortError> {
        let given = self.give_back(lease).await;
        // Also where the state cannot be written: the next owner raises the fence before it writes.
        self.locks.release(&lease.claim.instance, lease.fence);
        given.map_err(|error| error.during("give the lease of an instance back"))
    }

    async fn load(&self, claim: &Claim) -> Result<Memory, PortError> {
        self.tables.load(claim).await
    }

    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError> {
        self.tables.commit(lease, commit).await
    }

    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.tables.take_seats(lease, claim).await
    }

    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.tables.count_seats(owner, claim).await
    }

    async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError> {
        self.tables.keep_seats_of(instances).await
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        self.tables.remembered().await
    }

    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError> {
        self.tables.audit(range, limit).await
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError> {
        self.tables.forget_audit(before).await
    }
}
