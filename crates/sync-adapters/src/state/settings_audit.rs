//! Who changed the settings, and what: beside the ledger, in the same state.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use sync_core::{AUDIT_BATCH, PortError};

use super::audit::first_millisecond;
use super::cell::{Row, with};
use super::error::StateError;
use super::store::Store;

/// Keeps changes of the settings in the state of a ledger. What is stored is on the disk when the call returns.
#[derive(Clone, Debug)]
pub struct SettingsAudit {
    store: Arc<dyn Store>,
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
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
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
            let add = "INSERT INTO settings_changes (at, who, from_address, changes) VALUES ($1, $2, $3, $4)";
            let cells = with(at.as_millisecond())
                .and(who)
                .and(from.map(|from| from.to_string()))
                .and(changes.to_string());
            let mut transaction = self.store.write().await?;
            transaction.execute(add, cells).await?;
            transaction.commit().await
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
            let page = "SELECT number, at, who, from_address, changes FROM settings_changes \
                 WHERE at >= $1 AND number > $2 ORDER BY number LIMIT $3";
            let after = after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
            let cells = with(first_millisecond(since)).and(after).and(limit);
            let rows = self.store.read().await?.fetch(page, cells).await?;
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
            let forget = "DELETE FROM settings_changes WHERE number IN \
                 (SELECT number FROM settings_changes WHERE at < $1 ORDER BY number LIMIT $2)";
            let cells = with(first_millisecond(before)).and(AUDIT_BATCH);
            let mut transaction = self.store.write().await?;
            let deleted = transaction.execute(forget, cells).await?;
            transaction.commit().await?;
            Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
        };
        forget
            .await
            .map_err(|error: StateError| error.during("delete old changes of the settings"))
    }
}

fn read(row: &Row) -> Result<StoredChange, StateError> {
    let number = row.integer(0)?;
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Change { number, source };
    let from = row.optional_text(3)?.map(str::parse).transpose();
    Ok(StoredChange {
        number: u64::try_from(number).unwrap_or_default(),
        at: Timestamp::from_millisecond(row.integer(1)?).map_err(|source| damaged(source.into()))?,
        who: row.text(2)?.to_owned(),
        from: from.map_err(|source: std::net::AddrParseError| damaged(source.into()))?,
        changes: serde_json::from_str(row.text(4)?).map_err(|source| damaged(source.into()))?,
    })
}
