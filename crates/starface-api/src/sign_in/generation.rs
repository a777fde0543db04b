//! The sign-in that finds out by itself which generation a PBX is of.

use std::sync::Arc;

use async_trait::async_trait;

use super::authority::{Authority, Grant, Scheme};
use super::discovery::{self, TokenPlace};
use super::known::{KnownSignIn, SignInMemory};
use super::nonce::NonceLogin;
use super::oauth::OAuthLogin;
use crate::failure::{Failure, TokenRefusal};
use crate::fault::Fault;

pub(super) struct ByGeneration {
    /// None where OAuth is wanted and nothing else.
    pub(super) nonce: Option<NonceLogin>,
    pub(super) oauth: OAuthLogin,
    pub(super) memory: Arc<dyn SignInMemory>,
}

/// What a failure says about the knowledge that was used.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// Nothing: the PBX does not answer, or the password is wrong.
    None,
    /// It may be wrong. The credentials were refused, so that they are not sent again now, but the next attempt has to
    /// begin with discovery.
    NextTime,
    /// It is probably wrong, and nothing was refused.
    Now,
}

#[async_trait]
impl Authority for ByGeneration {
    async fn issue(&self, renewing: Option<&Grant>) -> Result<Grant, Failure> {
        if let Some(renewed) = self.renew(renewing).await? {
            return Ok(renewed);
        }
        let known = self.memory.load().await.filter(|known| self.can(known));
        let mut doubted = None;
        if let Some(known) = &known {
            let failure = match self.sign_in(known).await {
                Ok((grant, found)) => {
                    if found != *known {
                        self.memory.store(Some(&found)).await;
                    }
                    return Ok(grant);
                }
                Err(failure) => failure,
            };
            match doubt(known, &failure) {
                Doubt::None => return Err(failure),
                Doubt::NextTime => {
                    self.memory.store(None).await;
                    return Err(failure);
                }
                Doubt::Now => {
                    tracing::debug!(error = %failure, "the PBX does not sign in as it did before");
                    doubted = Some(failure);
                }
            }
        }
        let found = self.find_out(known.as_ref()).await?;
        if let Some(failure) = doubted.filter(|_| known.as_ref() == Some(&found)) {
            // It is as it was, so that trying the same again helps nobody.
            return Err(failure);
        }
        let (grant, found) = self.sign_in(&found).await?;
        self.memory.store(Some(&found)).await;
        Ok(grant)
    }

    async fn revoke(&self, grant: &Grant) -> Result<(), Failure> {
        match (grant.scheme, &self.nonce) {
            (Scheme::AuthToken, Some(nonce)) => nonce.revoke(grant).await,
            // No source says how version 10 ends a token. It lives for minutes, and the refresh token is in our memory alone.
            _ => Ok(()),
        }
    }
}

impl ByGeneration {
    /// A grant by refresh token, where there is one that is not known to be dead. One that the PBX does not take any more,
    /// after a restart for example, is no refusal of the password.
    async fn renew(&self, renewing: Option<&Grant>) -> Result<Option<Grant>, Failure> {
        let renewal = renewing.and_then(|grant| grant.renewal.as_ref());
        let Some(renewal) = renewal.filter(|renewal| renewal.is_alive()) else {
            return Ok(None);
        };
        match self.oauth.refresh(renewal).await {
            Ok(grant) => Ok(Some(grant)),
            // The token alone is dead. A client that is refused would be refused with the password, too.
            Err(
                failure @ Failure::TokenRefused {
                    reason: TokenRefusal::User | TokenRefusal::Other,
                    ..
                },
            ) => {
                tracing::debug!(error = %failure, "the PBX does not renew the token");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    fn can(&self, known: &KnownSignIn) -> bool {
        match known {
            KnownSignIn::Nonce => self.nonce.is_some(),
            KnownSignIn::OAuth { .. } => true,
        }
    }

    /// Finds out the generation. What is known of scope and client goes on to hold.
    async fn find_out(&self, known: Option<&KnownSignIn>) -> Result<KnownSignIn, Failure> {
        let Some(TokenPlace { path, edge_node }) = discovery::token_place(&self.oauth.transport).await?
        else {
            return match self.nonce {
                Some(_) => Ok(KnownSignIn::Nonce),
                None => Err(Failure::NoOAuth),
            };
        };
        let (scope, client_auth) = match known {
            Some(KnownSignIn::OAuth {
                scope, client_auth, ..
            }) => (scope.clone(), *client_auth),
            _ => (None, None),
        };
        Ok(KnownSignIn::OAuth {
            token_path: path,
            edge_node,
            scope,
            client_auth,
        })
    }

    async fn sign_in(&self, known: &KnownSignIn) -> Result<(Grant, KnownSignIn), Failure> {
        match known {
            KnownSignIn::OAuth {
                token_path,
                edge_node,
                scope,
                client_auth,
            } => {
                let place = TokenPlace {
                    path: token_path.clone(),
                    edge_node: edge_node.clone(),
                };
                self.oauth.issue(&place, scope.as_deref(), *client_auth).await
            }
            KnownSignIn::Nonce => match &self.nonce {
                Some(nonce) => Ok((nonce.issue(None).await?, KnownSignIn::Nonce)),
                None => Err(Failure::NoOAuth),
            },
        }
    }
}

fn doubt(known: &KnownSignIn, failure: &Failure) -> Doubt {
    match (failure.fault(), known, failure) {
        (Fault::Credentials, KnownSignIn::Nonce, _) => Doubt::NextTime,
        (Fault::Credentials, _, Failure::TokenRefused { reason, .. }) => match reason {
            TokenRefusal::Client | TokenRefusal::Scope | TokenRefusal::Grant => Doubt::NextTime,
            TokenRefusal::User | TokenRefusal::Other => Doubt::None,
        },
        (_, _, Failure::Redirected) => Doubt::Now,
        (Fault::NotFound | Fault::Protocol | Fault::Permission, _, _) => Doubt::Now,
        _ => Doubt::None,
    }
}
