//! The audit, read from the state, whether a daemon runs or not.

use jiff::Timestamp;
use sync_adapters::read_only::ReadOnlyLedger;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{AuditRange, AuditRecord, InstanceName, LedgerPort, PortError};

use crate::config::{Settings, State};

/// How many records are held in memory at once.
const PAGE: usize = 1_000;

/// Reads the audit page by page, oldest first.
#[derive(Debug)]
pub struct AuditReader {
    ledger: ReadOnlyLedger<SqliteLedger>,
    range: AuditRange,
}

impl AuditReader {
    /// Opens the state for reading. `instance` may also be one that the configuration does not name any more.
    ///
    /// # Errors
    /// When the state cannot be read. One that does not exist has an empty audit.
    pub async fn open(
        settings: &Settings,
        since: Timestamp,
        instance: Option<InstanceName>,
    ) -> Result<Self, PortError> {
        let State::Sqlite(path) = &settings.daemon.state;
        Ok(Self {
            ledger: SqliteLedger::open_read_only(path).await?,
            range: AuditRange {
                instance,
                ..AuditRange::since(since)
            },
        })
    }

    /// Whether the audit has anything of the instance, of whatever time.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn knows_instance(&self) -> Result<bool, PortError> {
        let range = AuditRange {
            instance: self.range.instance.clone(),
            ..AuditRange::since(Timestamp::MIN)
        };
        Ok(!self.ledger.audit(&range, 1).await?.is_empty())
    }

    /// The next page; an empty one is the end.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn next_page(&mut self) -> Result<Vec<AuditRecord>, PortError> {
        let page = self.ledger.audit(&self.range, PAGE).await?;
        if let Some(last) = page.last() {
            self.range.after = Some(last.position());
        }
        Ok(page)
    }
}
