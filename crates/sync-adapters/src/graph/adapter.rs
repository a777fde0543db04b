//! The two ports over the client.

use std::sync::Arc;

use async_trait::async_trait;
use graph_presence::{
    CallObserver, ClientId, ClientSecret, Cloud, Granted, GraphClient, PresenceAnswer, TenantId, UserId,
};
use presence_mapping::Presence;
use secrecy::SecretString;
use sync_core::{Address, DirectoryPort, DirectoryUser, PortError, PresencePort, TeamsUserId};

use super::refused::RefusedIds;
use super::{directory, failure};

/// Reads presence and people of one tenant; a [`PresencePort`] and a [`DirectoryPort`].
#[derive(Debug)]
pub struct GraphAdapter {
    client: GraphClient,
    refused: RefusedIds,
    /// The command that lets somebody sign in anew.
    login: Option<String>,
}

impl GraphAdapter {
    /// Reads through a client that is already set up, with any way to sign in.
    pub fn new(client: GraphClient) -> Self {
        Self {
            client,
            refused: RefusedIds::default(),
            login: None,
        }
    }

    /// The same, which names the command that lets somebody sign in anew where the sign-in is not good any more.
    #[must_use]
    pub fn with_login(self, command: impl Into<String>) -> Self {
        Self {
            login: Some(command.into()),
            ..self
        }
    }

    fn mapped(&self, error: graph_presence::Error) -> PortError {
        failure::mapped(error, self.login.as_deref())
    }

    /// Signs in as the app with its client secret, and tells `observer` of every call, sign-ins included. Sends nothing yet.
    ///
    /// `http` must not follow redirects; [`HttpClient`](crate::http::HttpClient) makes such clients.
    pub fn with_client_secret(
        http: reqwest::Client,
        cloud: Cloud,
        tenant: &TenantId,
        client: &ClientId,
        secret: SecretString,
        observer: Arc<dyn CallObserver>,
    ) -> Self {
        let tokens = ClientSecret::new(http.clone(), &cloud, tenant, client, secret)
            .with_observer(Arc::clone(&observer));
        Self::new(GraphClient::new(http, cloud, Arc::new(tokens)).with_observer(observer))
    }
}

impl GraphAdapter {
    /// Signs in, and tells what the token says that it may do; `None` where it does not say.
    ///
    /// # Errors
    /// When there is no token to be had.
    pub async fn granted(&self) -> Result<Option<Granted>, PortError> {
        self.client.granted().await.map_err(|error| self.mapped(error))
    }
}

#[async_trait]
impl PresencePort for GraphAdapter {
    /// Ids that Graph refuses are not sent again until the directory names them again: with each of them the search for
    /// the culprits would cost many calls a sweep.
    async fn presences(&self, ids: &[TeamsUserId]) -> Result<Vec<Option<Presence>>, PortError> {
        let asked: Vec<UserId> = self
            .refused
            .without(ids)
            .filter_map(|id| UserId::new(id.as_str()).ok())
            .collect();
        let read = self
            .client
            .presences(&asked)
            .await
            .map_err(|error| self.mapped(error))?;
        self.refused
            .add(read.refused.iter().map(|id| TeamsUserId::new(id.as_str())));
        Ok(aligned(ids, read.answers))
    }
}

#[async_trait]
impl DirectoryPort for GraphAdapter {
    /// An address that the client cannot send (longer than any mailbox's may be) is left out: nobody carries it.
    async fn users_by_address(&self, addresses: &[Address]) -> Result<Vec<DirectoryUser>, PortError> {
        let sent = |address: &Address| graph_presence::Address::new(address.as_str()).ok();
        let addresses: Vec<_> = addresses.iter().filter_map(sent).collect();
        let found = self
            .client
            .users_by_address(&addresses)
            .await
            .map_err(|error| self.mapped(error))?;
        let users: Vec<DirectoryUser> = found.iter().map(directory::mapped).collect();
        self.refused.forget(users.iter().map(|user| &user.id));
        Ok(users)
    }
}

/// One place for each id. The answers come in the order of the ids, each at most once and in the spelling that was asked with,
/// so one walk through both is enough; only an id that is asked for twice has to be looked for.
fn aligned(ids: &[TeamsUserId], answers: Vec<PresenceAnswer>) -> Vec<Option<Presence>> {
    let mut answers = answers.into_iter().peekable();
    let mut aligned: Vec<Option<Presence>> = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let next = answers
            .next_if(|answer| answer.user.as_str() == id.as_str())
            .map(|answer| answer.presence);
        let presence = next.or_else(|| {
            let earlier = ids[..place].iter().position(|other| other == id)?;
            aligned[earlier].clone()
        });
        aligned.push(presence);
    }
    aligned
}
