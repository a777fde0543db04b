//! The port for the ledger.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Executor, Row, SqliteConnection};
use sync_core::{
    Acquired, AuditRange, AuditRecord, Claim, InstanceName, Lease, LedgerCommit, LedgerPort, Memory, Mode,
    PbxName, PbxUserId, PortError, Remembered, SeatClaim, Seats,
};

use super::audit;
use super::error::StateError;
use super::locks::Locks;
use super::rows;
use super::sealed::SealedStore;
use super::seats;
use super::settings_audit::SettingsAudit;
use super::state_key::StateKey;
use super::store::Store;
use crate::read_only::ReadOnlyLedger;

/// The ledger in an SQLite file; a [`LedgerPort`].
///
/// A lease is a lock on a file beside the state (`state.db.main.lock`). It has no term, for it ends with the process by
/// itself: after a crash the next process can go on at once. What a commit has reported as stored survives a loss of power.
#[derive(Debug)]
pub struct SqliteLedger {
    store: Store,
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
            store,
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
            store,
            locks: Locks::beside(path),
        }))
    }

    /// Secrets in the same state, sealed with this key.
    pub fn sealed(&self, key: StateKey) -> SealedStore {
        SealedStore::new(self.store.clone(), key, true)
    }

    /// Who changed the settings, in the same state.
    pub fn settings_audit(&self) -> SettingsAudit {
        SettingsAudit::new(self.store.clone())
    }

    async fn try_acquire(&self, claim: &Claim) -> Result<Acquired, StateError> {
        let Some(file) = self.locks.try_lock(&claim.instance)? else {
            let holder = self.holder(&claim.instance).await?;
            return Ok(Acquired::HeldBy { holder });
        };
        let mut transaction = self.store.write().await?;
        let fence = raise_fence(&mut transaction, &claim.instance, &claim.holder).await?;
        let known = sqlx::query("INSERT INTO instances (pbx, instance) VALUES (?, ?) ON CONFLICT DO NOTHING");
        transaction
            .execute(known.bind(&*claim.pbx.0).bind(&*claim.instance.0))
            .await?;
        transaction.commit().await?;
        self.locks.keep(&claim.instance, fence, file);
        Ok(Acquired::Granted(Lease {
            claim: claim.clone(),
            fence,
            lasts: None,
        }))
    }

    async fn holder(&self, instance: &InstanceName) -> Result<String, StateError> {
        let query = sqlx::query("SELECT holder FROM leases WHERE instance = ?").bind(&*instance.0);
        let row = self.store.read().await?.fetch_optional(query).await?;
        let holder: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
        // Between its lock and its first transaction a new owner has not said its name yet.
        Ok(holder
            .filter(|holder| !holder.is_empty())
            .unwrap_or_else(|| "another process".to_owned()))
    }

    async fn is_ours(&self, lease: &Lease) -> Result<bool, StateError> {
        let held = self.locks.is_held(&lease.claim.instance, lease.fence);
        let mut transaction = self.store.read().await?;
        Ok(held && has_fence(&mut transaction, lease).await?)
    }

    async fn give_back(&self, lease: &Lease) -> Result<(), StateError> {
        let mut transaction = self.store.write().await?;
        if has_fence(&mut transaction, lease).await? {
            raise_fence(&mut transaction, &lease.claim.instance, "").await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn read(&self, claim: &Claim) -> Result<Memory, StateError> {
        let mut transaction = self.store.read().await?;
        let query =
            sqlx::query("SELECT mode, paused_until, refusals FROM instances WHERE pbx = ? AND instance = ?");
        let row = transaction
            .fetch_optional(query.bind(&*claim.pbx.0).bind(&*claim.instance.0))
            .await?;
        let mode: Option<String> = row.as_ref().map(|row| row.try_get(0)).transpose()?;
        let until: Option<Option<String>> = row.as_ref().map(|row| row.try_get(1)).transpose()?;
        let refusals: Option<Option<String>> = row.map(|row| row.try_get(2)).transpose()?;
        Ok(Memory {
            rows: rows::own(&mut transaction, claim).await?,
            claimed_elsewhere: rows::others(&mut transaction, claim).await?.into_iter().collect(),
            mode: mode.as_deref().map(Mode::stored).unwrap_or_default(),
            // A time that cannot be read leaves a pause that somebody has to end.
            paused_until: until.flatten().and_then(|until| until.parse().ok()),
            licence: seats::licence(&mut transaction, claim).await?,
            // What cannot be read keeps nobody back.
            refusals: refusals
                .flatten()
                .and_then(|refusals| serde_json::from_str(&refusals).ok())
                .unwrap_or_default(),
        })
    }

    async fn store(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, StateError> {
        let claim = &lease.claim;
        let mut transaction = self.store.write().await?;
        if !has_fence(&mut transaction, lease).await? {
            return Err(StateError::LeaseLost(claim.instance.clone()));
        }
        let mut claimed = Vec::new();
        for row in &commit.upsert {
            if !rows::upsert(&mut transaction, claim, row).await? {
                claimed.push(row.user);
            }
        }
        for user in &commit.remove {
            rows::remove(&mut transaction, claim, *user).await?;
        }
        if commit.frees_seats {
            seats::free(&mut transaction, claim).await?;
        }
        for entry in commit.audit.iter().filter(|entry| !claimed.contains(&entry.user)) {
            audit::add(&mut transaction, lease, entry).await?;
        }
        if let Some(mode) = commit.mode {
            let query =
                sqlx::query("UPDATE instances SET mode = ?, paused_until = ? WHERE pbx = ? AND instance = ?");
            transaction
                .execute(
                    query
                        .bind(mode.as_str())
                        .bind(commit.paused_until.map(|until| until.to_string()))
                        .bind(&*claim.pbx.0)
                        .bind(&*claim.instance.0),
                )
                .await?;
        }
        if let Some(refusals) = &commit.refusals {
            // Texts, numbers and times can always be written down.
            let refusals = serde_json::to_string(refusals).ok();
            let query = sqlx::query("UPDATE instances SET refusals = ? WHERE pbx = ? AND instance = ?");
            transaction
                .execute(query.bind(refusals).bind(&*claim.pbx.0).bind(&*claim.instance.0))
                .await?;
        }
        transaction.commit().await?;
        Ok(claimed)
    }

    async fn claim_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, StateError> {
        let owner = &lease.claim;
        let noted = seats::noted(&mut *self.store.read().await?, owner, claim).await?;
        if let Some(taken) = noted.taken.filter(|_| noted.suffices(claim)) {
            return Ok(noted.answer(taken, claim));
        }
        let mut transaction = self.store.write().await?;
        if !has_fence(&mut transaction, lease).await? {
            return Err(StateError::LeaseLost(owner.instance.clone()));
        }
        seats::note(&mut transaction, owner, claim).await?;
        let taken = seats::count(&mut transaction, owner, claim).await?;
        seats::keep_count(&mut transaction, claim, taken).await?;
        transaction.commit().await?;
        Ok(noted.answer(taken, claim))
    }

    async fn look_at_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, StateError> {
        let mut transaction = self.store.read().await?;
        let noted = seats::noted(&mut transaction, owner, claim).await?;
        let taken = seats::count(&mut transaction, owner, claim).await?;
        Ok(noted.answer(taken, claim))
    }

    async fn free_seats(&self, kept: &[InstanceName]) -> Result<(), StateError> {
        let names: Vec<String> = kept.iter().map(ToString::to_string).collect();
        let mut transaction = self.store.write().await?;
        seats::keep(&mut transaction, &names).await?;
        Ok(transaction.commit().await?)
    }

    async fn forget_older(&self, before: Timestamp) -> Result<usize, StateError> {
        let mut transaction = self.store.write().await?;
        let forgotten = audit::forget(&mut transaction, before).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }

    async fn instances(&self) -> Result<Vec<Remembered>, StateError> {
        let query =
            "SELECT instance, pbx, sum(holding) FROM members GROUP BY instance, pbx ORDER BY instance, pbx";
        let rows = self.store.read().await?.fetch_all(query).await?;
        let remembered = |row: &sqlx::sqlite::SqliteRow| {
            let holding: i64 = row.try_get(2)?;
            Ok(Remembered {
                instance: InstanceName(row.try_get::<&str, _>(0)?.into()),
                pbx: PbxName(row.try_get::<&str, _>(1)?.into()),
                holding: usize::try_from(holding).unwrap_or_default(),
            })
        };
        rows.iter().map(remembered).collect()
    }
}

impl ReadOnlyLedger<SqliteLedger> {
    /// Secrets in the same state, sealed with this key; only to be read.
    pub fn sealed(&self, key: StateKey) -> SealedStore {
        SealedStore::new(self.inside().store.clone(), key, false)
    }

    /// Who changed the settings, in the same state; only to be read.
    pub fn settings_audit(&self) -> SettingsAudit {
        self.inside().settings_audit()
    }
}

async fn has_fence(connection: &mut SqliteConnection, lease: &Lease) -> Result<bool, StateError> {
    let query = sqlx::query("SELECT fence FROM leases WHERE instance = ?").bind(&*lease.claim.instance.0);
    let row = connection.fetch_optional(query).await?;
    let fence: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(fence == Some(lease.fence))
}

/// Whatever the owner before has under way is refused from now on.
async fn raise_fence(
    connection: &mut SqliteConnection,
    instance: &InstanceName,
    holder: &str,
) -> Result<i64, StateError> {
    let query = sqlx::query(
        "INSERT INTO leases (instance, fence, holder) VALUES (?, 1, ?) \
         ON CONFLICT (instance) DO UPDATE SET fence = fence + 1, holder = excluded.holder RETURNING fence",
    );
    let row = connection
        .fetch_one(query.bind(&*instance.0).bind(holder))
        .await?;
    Ok(row.try_get(0)?)
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
        self.read(claim)
            .await
            .map_err(|error| error.during("read the ledger"))
    }

    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError> {
        self.store(lease, commit)
            .await
            .map_err(|error| error.during("store in the ledger"))
    }

    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.claim_seats(lease, claim)
            .await
            .map_err(|error| error.during("count the seats of the licence"))
    }

    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.look_at_seats(owner, claim)
            .await
            .map_err(|error| error.during("count the seats of the licence"))
    }

    async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError> {
        self.free_seats(instances)
            .await
            .map_err(|error| error.during("give seats back"))
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        self.instances()
            .await
            .map_err(|error| error.during("read which instances the ledger knows"))
    }

    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError> {
        let page = async { audit::page(&mut *self.store.read().await?, range, limit).await };
        page.await.map_err(|error| error.during("read the audit"))
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError> {
        self.forget_older(before)
            .await
            .map_err(|error| error.during("delete old entries of the audit"))
    }
}
