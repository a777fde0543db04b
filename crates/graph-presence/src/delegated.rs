//! Reading as somebody who signed in once, by browser or device code.

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    cloud::Cloud,
    error::Fault,
    ids::{ClientId, TenantId},
    registration::{Answer, Registration},
    remembering::{RefreshTokens, Remembered},
    sign_in::SignInError,
    source::{Source, Way, token_source},
    token_cache::Granted,
};

/// The refresh-token grant of a public client: somebody signed in once with [`UserSignIn`](crate::UserSignIn), and each
/// answer brings the token for the next time.
///
/// # The order of things
///
/// The old token stays remembered until the new one is, and only then the access token is used. A crash in between leaves
/// the old token, which still works: Microsoft's page
/// [Refresh tokens](https://learn.microsoft.com/entra/identity-platform/refresh-tokens) says that Entra replaces a
/// refresh token at every use and does not revoke the old one. Where the new one cannot be remembered it is kept in the
/// process and tried again with the next request.
///
/// A token that is refused is looked up once more: somebody may have signed in anew, in another process.
pub struct Delegated(Source<ByRefreshToken>);

token_source!(Delegated);

impl Delegated {
    /// Reads as whoever signed in for `client` in `tenant`. Nothing is sent yet.
    ///
    /// `http` must not follow redirects, or the refresh token could be sent elsewhere.
    pub fn new(
        http: reqwest::Client,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
        remembered: Arc<dyn RefreshTokens>,
    ) -> Self {
        Self(Source::new(ByRefreshToken {
            registration: Registration::new(http, cloud, tenant, client),
            remembered,
            unstored: Arc::default(),
        }))
    }
}

#[derive(Clone)]
struct ByRefreshToken {
    registration: Registration,
    remembered: Arc<dyn RefreshTokens>,
    /// A token that could not be remembered, with the number of the one that it is to replace.
    unstored: Arc<Mutex<Option<Remembered>>>,
}

impl Way for ByRefreshToken {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn registration_mut(&mut self) -> &mut Registration {
        &mut self.registration
    }

    async fn grant(self: Arc<Self>) -> Result<Granted, SignInError> {
        let known = self.known().await?;
        match self.refresh(&known.token).await {
            Ok(answer) => Ok(self.take(known, answer).await),
            Err(refused) if refused.fault() == Fault::Credentials => {
                // Whoever signed in meanwhile has another token. What was tried is not sent twice.
                self.unstored().take();
                let now = self.known().await?;
                if now.number == known.number && now.token.expose_secret() == known.token.expose_secret() {
                    return Err(refused);
                }
                let answer = self.refresh(&now.token).await?;
                Ok(self.take(now, answer).await)
            }
            Err(error) => Err(error),
        }
    }
}

impl ByRefreshToken {
    /// The token to use: what is remembered, or else what could not be yet.
    async fn known(&self) -> Result<Remembered, SignInError> {
        let unstored = self.unstored().clone();
        if let Some(waiting) = unstored {
            match self
                .remembered
                .replace(Some(waiting.number), &waiting.token)
                .await
            {
                // Either it is remembered now, or another one is, which is later.
                Ok(_) => _ = self.unstored().take(),
                Err(_) => return Ok(waiting),
            }
        }
        let current = self.remembered.current().await?;
        current.ok_or(SignInError::NobodySignedIn)
    }

    async fn refresh(&self, token: &SecretString) -> Result<Answer, SignInError> {
        let refresh = oauth2::RefreshToken::new(token.expose_secret().to_owned());
        let http = self.registration.carrier([token.clone()]);
        let answer = self
            .registration
            .oauth()
            .exchange_refresh_token(&refresh)
            .add_scopes(self.registration.delegated_scopes())
            .request_async(&http)
            .await;
        http.read(answer)
    }

    /// Remembers the token for the next time before the access token is used.
    async fn take(&self, used: Remembered, answer: Answer) -> Granted {
        if let Some(token) = answer.refresh
            && let Err(error) = self.remembered.replace(Some(used.number), &token).await
        {
            tracing::warn!(%error, "the token for the next sign-in cannot be stored; it is tried again");
            *self.unstored() = Some(Remembered { token, ..used });
        }
        answer.granted
    }

    /// The lock is held for a few reads and never across an await.
    fn unstored(&self) -> std::sync::MutexGuard<'_, Option<Remembered>> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
