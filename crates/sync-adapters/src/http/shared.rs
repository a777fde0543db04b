//! Clients that are made once: whoever connects in the same way shares one, with its connections and its trusted certificates.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;

use super::client::{HttpClient, HttpSettings};
use super::error::HttpError;

/// The clients of a process, by how they connect. A clone is the same store.
#[derive(Clone, Default)]
pub struct HttpClients(Arc<Mutex<Vec<(HttpSettings, Client)>>>);

impl fmt::Debug for HttpClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClients").finish_non_exhaustive()
    }
}

impl HttpClients {
    /// The client for these settings, made where there is none yet.
    ///
    /// # Errors
    /// As [`HttpClient::build`].
    pub fn get(&self, settings: &HttpSettings) -> Result<Client, HttpError> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| known == settings) {
            return Ok(client.clone());
        }
        let client = HttpClient::build(settings)?;
        clients.push((settings.clone(), client.clone()));
        Ok(client)
    }
}
