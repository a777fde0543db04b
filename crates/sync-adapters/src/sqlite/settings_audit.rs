//! Who changed the settings, and what: beside the ledger, in the same state.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row};
use sync_core::{AUDIT_BATCH, PortError};

use super::audit::first_millisecond;
use super::error::StateError;
use super::store::Store;

/// Keeps changes of the settings in the state of a ledger. What is stored is on the disk when the call returns.
#[derive(Clone, Debug)]
pub struct SettingsAudit {
    store: Store,
}

/// One change of the settings, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredChange {
    /// Its place among all changes: a later one has a larger number.
    pub number: u64,
    /// When, in whole milliseconds.
    pub at: Timestamp,
    /// Who made it.
    pub who: String,
    /// From which address, where that is known.
    pub from: Option<IpAddr>,
    /// What it changed. The shape is whoever's who stored it.
    pub changes: Value,
}

impl SettingsAudit {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Stores a change.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn add(
        &self,
        at: Timestamp,
        who: &str,
        from: Option<IpAddr>,
        changes: &Value,
    ) -> Result<(), PortError> {
        let add = async {
            let query = sqlx::query(
                "INSERT INTO settings_changes (at, who, from_address, changes) VALUES (?, ?, ?, ?)",
            );
            let query = query
                .bind(at.as_millisecond())
                .bind(who)
                .bind(from.map(|from| from.to_string()))
                .bind(changes.to_string());
            let mut transaction = self.store.write().await?;
            transaction.execute(query).await?;
            Ok(transaction.commit().await?)
        };
        add.await
            .map_err(|error: StateError| error.during("store who changed the settings"))
    }

    /// At most so many changes from `since` on, those after the one of number `after` where there is one, in their order.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn page(
        &self,
        since: Timestamp,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredChange>, PortError> {
        let page = async {
            let query = sqlx::query(
                "SELECT * FROM settings_changes WHERE at >= ? AND number > ? ORDER BY number LIMIT ?",
            );
            let query = query
                .bind(first_millisecond(since))
                .bind(after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX)))
                .bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let rows = self.store.read().await?.fetch_all(query).await?;
            rows.iter().map(read).collect::<Result<_, StateError>>()
        };
        page.await
            .map_err(|error: StateError| error.during("read who changed the settings"))
    }

    /// Deletes the oldest changes from before a time, a bounded number of them, and tells how many.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn forget(&self, before: Timestamp) -> Result<usize, PortError> {
        let forget = async {
            let query = sqlx::query(
                "DELETE FROM settings_changes WHERE number IN \
                 (SELECT number FROM settings_changes WHERE at < ? ORDER BY number LIMIT ?)",
            );
            let query = query
                .bind(first_millisecond(before))
                .bind(i64::try_from(AUDIT_BATCH).unwrap_or(i64::MAX));
            let mut transaction = self.store.write().await?;
            let deleted = transaction.execute(query).await?.rows_affected();
            transaction.commit().await?;
            Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
        };
        forget
            .await
            .map_err(|error: StateError| error.during("delete old changes of the settings"))
    }
}

fn read(row: &SqliteRow) -> Result<StoredChange, StateError> {
    let number: i64 = row.try_get("number")?;
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Change { number, source };
    let from: Option<&str> = row.try_get("from_address")?;
    Ok(StoredChange {
        number: u64::try_from(number).unwrap_or_default(),
        at: Timestamp::from_millisecond(row.try_get("at")?).map_err(|source| damaged(source.into()))?,
        who: row.try_get("who")?,
        from: from
            .map(str::parse)
            .transpose()
            .map_err(|source: std::net::AddrParseError| damaged(source.into()))?,
        changes: serde_json::from_str(row.try_get("changes")?).map_err(|source| damaged(source.into()))?,
    })
}
