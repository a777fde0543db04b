//! Who changed the settings: what is kept of it, and how it is read.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_adapters::state::{SettingsAudit, StoredChange};
use sync_core::PortError;

use crate::api::API_VERSION;
use crate::config::edit::Difference;

/// How many changes are read at once.
pub(crate) const PAGE: usize = 1_000;

/// One change of the settings that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingsChange {
    /// The version of this form.
    pub version: u32,
    /// Its place among all changes: a later one has a larger number.
    pub number: u64,
    /// When.
    #[schemars(with = "sync_core::schema::DateTime")]
    pub at: Timestamp,
    /// What it was made with, such as `page`.
    pub who: String,
    /// The address that it came from, where it is known.
    pub from: Option<IpAddr>,
    /// What was changed. Of a secret there is only that it was replaced.
    pub changes: Vec<Difference>,
}

impl From<StoredChange> for SettingsChange {
    fn from(stored: StoredChange) -> Self {
        Self {
            version: API_VERSION,
            number: stored.number,
            at: stored.at,
            who: stored.who,
            from: stored.from,
            // What a later version has written in another form is told without its keys.
            changes: serde_json::from_value(stored.changes).unwrap_or_default(),
        }
    }
}

/// The changes from a time on, at most [`PAGE`] of them, those after the one of number `after` where there is one.
///
/// # Errors
/// When the state cannot be read.
pub(crate) async fn page(
    audit: &SettingsAudit,
    since: Timestamp,
    after: Option<u64>,
) -> Result<Vec<SettingsChange>, PortError> {
    let stored = audit.page(since, after, PAGE).await?;
    Ok(stored.into_iter().map(Into::into).collect())
}
