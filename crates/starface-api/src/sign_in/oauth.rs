//! The OAuth sign-in of version 10, and what it tries in which order.
//!
//! Grants, clients and scopes are those that third parties use against real PBXs (see the crate's sources): no public
//! description of version 10 names them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use super::authority::{Grant, Renewal, RpcAuth, Scheme};
use super::discovery::TokenPlace;
use super::grants::{Issued, TokenRequest};
use super::known::{ClientAuth, KnownSignIn, SignInMemory, VolatileMemory};
use crate::failure::{Failure, TokenRefusal};
use crate::ids::Login;
use crate::wire::Transport;

/// What has been seen to be granted, the most usual first. Another one is tried only after `invalid_scope`.
const SCOPES: [&str; 3] = ["login", "pbx-login pbx-admin", "pbx-login"];

/// A token is renewed this much before its end, or at half of its life where that is shorter.
const EARLY: Duration = Duration::from_secs(30);
/// Tokens have been seen to live 300 s.
const USUAL_LIFE: Duration = Duration::from_secs(120);
/// No life is believed that is shorter or longer.
const LIVES: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(24 * 3600)];

/// What OAuth needs beside login and password.
#[derive(Debug, Clone)]
pub struct OAuth {
    /// The client that signs the user in; without one a PBX of version 10 cannot be signed in to.
    pub client: Option<OAuthClient>,
    /// The scope to ask for, several with blanks between them; found out where there is none.
    pub scope: Option<String>,
    /// Who remembers what was found out.
    pub memory: Arc<dyn SignInMemory>,
}

impl Default for OAuth {
    /// No client, a scope that is found out, and a memory that ends with the process.
    fn default() -> Self {
        Self {
            client: None,
            scope: None,
            memory: Arc::new(VolatileMemory::default()),
        }
    }
}

/// An OAuth client of the PBX.
#[derive(Clone)]
pub struct OAuthClient {
    /// Its id, for example [`OAuthClient::HEADLESS`].
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<SecretString>,
}

impl OAuthClient {
    /// The client that every PBX of version 10 has for programs. Its secret is on the PBX under Server, Status, REST API.
    pub const HEADLESS: &str = "rest-client-headless";

    /// A client with a secret.
    #[must_use]
    pub fn confidential(id: impl Into<String>, secret: SecretString) -> Self {
        Self {
            id: id.into(),
            secret: Some(secret),
        }
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("secret", &self.secret.is_some())
            .finish()
    }
}

pub(super) struct OAuthLogin {
    pub(super) transport: Transport,
    pub(super) login: Login,
    pub(super) password: SecretString,
    pub(super) client: Option<OAuthClient>,
    pub(super) scope: Option<String>,
}

impl OAuthLogin {
    /// Signs in with the password, and tells what worked. What is known already is not tried in another way: a client
    /// that was accepted in the form and is refused there now has another secret.
    pub(super) async fn issue(
        &self,
        place: &TokenPlace,
        scope: Option<&str>,
        client_auth: Option<ClientAuth>,
    ) -> Result<(Grant, KnownSignIn), Failure> {
        let client = self.client.as_ref().ok_or(Failure::NoOAuthClient)?;
        let mut may_switch = client_auth.is_none() && client.secret.is_some();
        let mut client_auth = client_auth.unwrap_or(ClientAuth::Body);
        let mut scopes = self.scopes(scope).into_iter();
        let mut scope = scopes.next().unwrap_or_default();
        loop {
            let request = TokenRequest {
                transport: &self.transport,
                place,
                client,
                client_auth,
            };
            let refused = match request.password(&self.login, &self.password, &scope).await {
                Ok(issued) => {
                    let known = KnownSignIn::OAuth {
                        token_path: place.path.clone(),
                        edge_node: place.edge_node.clone(),
                        scope: Some(scope),
                        client_auth: Some(client_auth),
                    };
                    return Ok((grant(issued, place, client_auth, None), known));
                }
                Err(failure) => failure,
            };
            let Failure::TokenRefused { reason, .. } = &refused else {
                return Err(refused);
            };
            match reason {
                TokenRefusal::Scope => scope = scopes.next().ok_or(refused)?,
                TokenRefusal::Client if may_switch => {
                    may_switch = false;
                    client_auth = ClientAuth::Basic;
                }
                _ => return Err(refused),
            }
        }
    }

    /// Renews a grant with its refresh token.
    pub(super) async fn refresh(&self, renewal: &Renewal) -> Result<Grant, Failure> {
        let client = self.client.as_ref().ok_or(Failure::NoOAuthClient)?;
        let request = TokenRequest {
            transport: &self.transport,
            place: &renewal.place,
            client,
            client_auth: renewal.client_auth,
        };
        let issued = request.refresh(&renewal.token).await?;
        Ok(grant(issued, &renewal.place, renewal.client_auth, Some(renewal)))
    }

    /// The scopes to try: the one that was chosen, or else the known one before the others.
    fn scopes(&self, known: Option<&str>) -> Vec<String> {
        if let Some(chosen) = &self.scope {
            return vec![chosen.clone()];
        }
        let mut scopes: Vec<String> = known.into_iter().map(str::to_owned).collect();
        for scope in SCOPES {
            if known != Some(scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }
}

/// `before` is what the new grant renews: a PBX need not issue a new refresh token, and the old one then goes on.
fn grant(issued: Issued, place: &TokenPlace, client_auth: ClientAuth, before: Option<&Renewal>) -> Grant {
    let [shortest, longest] = LIVES;
    let life = issued.lives.unwrap_or(USUAL_LIFE).clamp(shortest, longest);
    let renewal = match (issued.refresh, before) {
        (Some(token), _) => Some(Renewal {
            token,
            until: issued
                .refresh_lives
                .map(|lives| Instant::now() + lives.min(longest)),
            place: place.clone(),
            client_auth,
        }),
        (None, before) => before.cloned(),
    };
    Grant {
        scheme: Scheme::Bearer,
        rpc: RpcAuth {
            parameter: "de.vertico.starface.jwt",
            value: issued.access.clone(),
            follows_token: true,
        },
        token: issued.access,
        fresh_for: life - EARLY.min(life / 2),
        renewal,
    }
}
