//! The tables of the ledger: everything that its port offers, but for leases.

use std::sync::Arc;

use jiff::Timestamp;
use sync_core::{
    AuditRange, AuditRecord, Claim, InstanceName, Lease, LedgerCommit, Memory, Mode, PbxName, PbxUserId,
    Remembered, SeatClaim, Seats,
};

use super::cell::{nothing, with};
use super::error::StateError;
use super::store::{Alone, Connection, Store};
use super::{audit, rows, seats};

/// The tables in a store.
#[derive(Clone, Debug)]
pub(crate) struct Tables(pub(crate) Arc<dyn Store>);

/// Makes an instance known, so that rows may belong to it.
pub(crate) async fn know(connection: &mut dyn Connection, claim: &Claim) -> Result<(), StateError> {
    let known = "INSERT INTO instances (pbx, instance) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let cells = with(&*claim.pbx.0).and(&*claim.instance.0);
    connection.execute(known, cells).await?;
    Ok(())
}

/// Whoever has lost the lease stores nothing.
async fn guard(connection: &mut dyn Connection, lease: &Lease) -> Result<(), StateError> {
    let instance = &lease.claim.instance;
    match connection.fence(instance).await? {
        Some(fence) if fence == lease.fence => Ok(()),
        _ => Err(StateError::LeaseLost(instance.clone())),
    }
}

impl Tables {
    pub(super) async fn read(&self, claim: &Claim) -> Result<Memory, StateError> {
        let mut transaction = self.0.read().await?;
        let connection = &mut *transaction;
        let known = "SELECT mode, paused_until, refusals FROM instances WHERE pbx = $1 AND instance = $2";
        let cells = with(&*claim.pbx.0).and(&*claim.instance.0);
        let known = connection.fetch_first(known, cells).await?;
        let mut memory = Memory {
            rows: rows::own(connection, claim).await?,
            claimed_elsewhere: rows::others(connection, claim).await?.into_iter().collect(),
            licence: seats::licence(connection, claim).await?,
            ..Memory::default()
        };
        if let Some(known) = known {
            memory.mode = Mode::stored(known.text(0)?);
            // A time that cannot be read leaves a pause that somebody has to end.
            memory.paused_until = known.optional_text(1)?.and_then(|until| until.parse().ok());
            // What cannot be read keeps nobody back.
            let refusals = known.optional_text(2)?;
            memory.refusals = refusals
                .and_then(|refusals| serde_json::from_str(refusals).ok())
                .unwrap_or_default();
        }
        Ok(memory)
    }

    pub(super) async fn store(
        &self,
        lease: &Lease,
        commit: &LedgerCommit,
    ) -> Result<Vec<PbxUserId>, StateError> {
        let claim = &lease.claim;
        let mut transaction = self.0.write().await?;
        let connection = &mut *transaction;
        guard(connection, lease).await?;
        if !commit.upsert.is_empty() || !commit.remove.is_empty() {
            connection.alone(Alone::Members(&claim.pbx)).await?;
        }
        let mut claimed = Vec::new();
        for row in &commit.upsert {
            if !rows::upsert(connection, claim, row).await? {
                claimed.push(row.user);
            }
        }
        for user in &commit.remove {
            rows::remove(connection, claim, *user).await?;
        }
        if commit.frees_seats {
            connection.alone(Alone::Seats).await?;
            seats::free(connection, &claim.instance).await?;
        }
        for entry in commit.audit.iter().filter(|entry| !claimed.contains(&entry.user)) {
            audit::add(connection, lease, entry).await?;
        }
        if let Some(mode) = commit.mode {
            let change = "UPDATE instances SET mode = $1, paused_until = $2 WHERE pbx = $3 AND instance = $4";
            let until = commit.paused_until.map(|until| until.to_string());
            let cells = with(mode.as_str()).and(until);
            connection
                .execute(change, cells.and(&*claim.pbx.0).and(&*claim.instance.0))
                .await?;
        }
        if let Some(refusals) = &commit.refusals {
            let change = "UPDATE instances SET refusals = $1 WHERE pbx = $2 AND instance = $3";
            // Texts, numbers and times can always be written down.
            let cells = with(serde_json::to_string(refusals).ok());
            connection
                .execute(change, cells.and(&*claim.pbx.0).and(&*claim.instance.0))
                .await?;
        }
        transaction.commit().await?;
        Ok(claimed)
    }

    pub(super) async fn note_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, StateError> {
        let owner = &lease.claim;
        let noted = seats::noted(&mut *self.0.read().await?, owner, claim).await?;
        if let Some(taken) = noted.taken.filter(|_| noted.suffices(claim)) {
            return Ok(noted.answer(taken, claim));
        }
        let mut transaction = self.0.write().await?;
        let connection = &mut *transaction;
        guard(connection, lease).await?;
        connection.alone(Alone::Seats).await?;
        seats::note(connection, owner, claim).await?;
        let taken = seats::count(connection, owner, claim).await?;
        seats::keep_count(connection, claim, taken).await?;
        transaction.commit().await?;
        Ok(noted.answer(taken, claim))
    }

    pub(super) async fn look_at_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, StateError> {
        let mut transaction = self.0.read().await?;
        let noted = seats::noted(&mut *transaction, owner, claim).await?;
        let taken = seats::count(&mut *transaction, owner, claim).await?;
        Ok(noted.answer(taken, claim))
    }

    pub(super) async fn free_seats(&self, kept: &[InstanceName]) -> Result<(), StateError> {
        let mut transaction = self.0.write().await?;
        transaction.alone(Alone::Seats).await?;
        seats::keep(&mut *transaction, kept).await?;
        transaction.commit().await
    }

    pub(super) async fn instances(&self) -> Result<Vec<Remembered>, StateError> {
        let all = "SELECT instance, pbx, CAST(sum(holding) AS BIGINT) FROM members GROUP BY instance, pbx \
             ORDER BY instance, pbx";
        let rows = self.0.read().await?.fetch(all, nothing()).await?;
        let remembered = rows.iter().map(|row| {
            Ok(Remembered {
                instance: InstanceName(row.text(0)?.into()),
                pbx: PbxName(row.text(1)?.into()),
                holding: usize::try_from(row.integer(2)?).unwrap_or_default(),
            })
        });
        remembered.collect()
    }

    pub(super) async fn page(
        &self,
        range: &AuditRange,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StateError> {
        audit::page(&mut *self.0.read().await?, range, limit).await
    }

    pub(super) async fn forget_older(&self, before: Timestamp) -> Result<usize, StateError> {
        let mut transaction = self.0.write().await?;
        let forgotten = audit::forget(&mut *transaction, before).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}
