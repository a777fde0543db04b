//! The audit, read from the state, whether a daemon runs or not.

use std::sync::Arc;

use jiff::Timestamp;
use sync_core::{AuditRange, AuditRecord, InstanceName, LedgerPort, PortError};

use crate::config::Settings;
use crate::opened::OpenState;

/// How many records are held in memory at once.
const PAGE: usize = 1_000;

/// Reads the audit page by page, oldest first.
pub struct AuditReader {
    ledger: Arc<dyn LedgerPort>,
    range: AuditRange,
}

impl std::fmt::Debug for AuditReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditReader")
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
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
        Ok(Self {
            ledger: OpenState::to_look(&settings.daemon).await?.ledger,
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
