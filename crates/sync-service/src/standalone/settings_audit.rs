//! Who changed the settings, read from the state, whether a daemon runs or not.

use jiff::Timestamp;
use sync_adapters::state::SettingsAudit;
use sync_core::PortError;

use crate::config::Settings;
use crate::opened::OpenState;
use crate::settings_audit::{SettingsChange, page};

/// Reads the changes of the settings page by page, in their order.
#[derive(Debug)]
pub struct SettingsAuditReader {
    audit: SettingsAudit,
    since: Timestamp,
    after: Option<u64>,
}

impl SettingsAuditReader {
    /// Opens the state for reading.
    ///
    /// # Errors
    /// When the state cannot be read. One that does not exist has no changes.
    pub async fn open(settings: &Settings, since: Timestamp) -> Result<Self, PortError> {
        Ok(Self {
            audit: OpenState::to_look(&settings.daemon)
                .await?
                .beside
                .settings_audit(),
            since,
            after: None,
        })
    }

    /// The next page; an empty one is the end.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn next_page(&mut self) -> Result<Vec<SettingsChange>, PortError> {
        let changes = page(&self.audit, self.since, self.after).await?;
        self.after = changes.last().map(|change| change.number).or(self.after);
        Ok(changes)
    }
}
