//! The client's questions about the settings, and how it changes them.

use jiff::Timestamp;
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::client::{Client, ClientError, refused};
use super::routes::{PreviewAnswer, SettingsAuditAnswer, SettingsRefusal};
use super::types::ErrorAnswer;
use crate::config::edit::Edit;
use crate::daemon::{Changed, SettingsAnswer};

impl Client {
    /// The settings as they are written. What a secret is, is never told.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn settings(&self) -> Result<SettingsAnswer, ClientError> {
        self.call(Method::GET, "settings", &[]).await
    }

    /// Tries an edit out, and writes nothing.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotChanged`] where it would not be made.
    pub async fn preview_settings(&self, edit: &Edit) -> Result<PreviewAnswer, ClientError> {
        self.edit("settings/preview", edit).await
    }

    /// Makes an edit: all of its changes, or none.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotChanged`] where nothing was changed, with the reason.
    pub async fn change_settings(&self, edit: &Edit) -> Result<Changed, ClientError> {
        self.edit("settings", edit).await
    }

    /// Who changed the settings, oldest first, at most a thousand changes: those since a moment, and behind the one with this
    /// number.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn settings_audit(
        &self,
        since: Option<Timestamp>,
        after: Option<u64>,
    ) -> Result<SettingsAuditAnswer, ClientError> {
        let since = since.map(|since| since.to_string());
        let after = after.map(|after| after.to_string());
        let pairs = [("since", since.as_deref()), ("after", after.as_deref())];
        let pairs: Vec<(&str, &str)> = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        self.call(Method::GET, "settings/audit", &pairs).await
    }

    async fn edit<T: DeserializeOwned>(&self, path: &str, edit: &Edit) -> Result<T, ClientError> {
        let request = self.request(Method::POST, path, &[]).json(&edit.exposed());
        let answer = self.send(request).await?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(|error| self.broken(error));
        }
        let text = answer.bytes().await.map_err(|error| self.broken(error))?;
        if let Ok(refusal) = serde_json::from_slice::<SettingsRefusal>(&text) {
            return Err(ClientError::NotChanged(Box::new(refusal)));
        }
        let said = serde_json::from_slice::<ErrorAnswer>(&text).ok();
        Err(refused(status, said.map(|said| (said.error, said.hint))))
    }
}
