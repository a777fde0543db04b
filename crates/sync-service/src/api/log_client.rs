//! The client's questions about the log and the history.

use std::time::Duration;

use reqwest::Method;
use sync_core::InstanceName;

use super::client::{Client, ClientError};
use super::routes::{HistoryAnswer, LogAnswer, LogLevelAnswer};
use crate::config::LogLevel;
use crate::telemetry::LogQuery;

impl Client {
    /// Recent lines of the log. Where there are none, the daemon waits so long for some, at most 20 s.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn log(&self, query: &LogQuery, wait: Duration) -> Result<LogAnswer, ClientError> {
        let LogQuery {
            level,
            after,
            limit,
            instance,
            search,
        } = query;
        let mut pairs = vec![
            ("level", level.to_string()),
            ("limit", limit.to_string()),
            ("wait", wait.as_secs().to_string()),
        ];
        pairs.extend(after.map(|after| ("after", after.to_string())));
        pairs.extend(instance.clone().map(|instance| ("instance", instance)));
        pairs.extend(search.clone().map(|search| ("search", search)));
        self.call(Method::GET, "log", &borrowed(&pairs)).await
    }

    /// How much is logged.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn log_level(&self) -> Result<LogLevelAnswer, ClientError> {
        self.call(Method::GET, "log/level", &[]).await
    }

    /// Changes how much is logged; for so long where that is said, at most 24 hours.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn set_log_level(
        &self,
        level: LogLevel,
        lasts: Option<Duration>,
    ) -> Result<LogLevelAnswer, ClientError> {
        let mut pairs = vec![("level", level.to_string())];
        pairs.extend(lasts.map(|lasts| ("seconds", lasts.as_secs().to_string())));
        self.call(Method::POST, "log/level", &borrowed(&pairs)).await
    }

    /// How an instance did in the last hours.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn history(&self, instance: &InstanceName) -> Result<HistoryAnswer, ClientError> {
        self.call(Method::GET, &format!("instances/{instance}/history"), &[])
            .await
    }
}

fn borrowed<'p>(pairs: &'p [(&'static str, String)]) -> Vec<(&'static str, &'p str)> {
    pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}
