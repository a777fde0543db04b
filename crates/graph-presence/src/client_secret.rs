//! Signing in as the app itself, with a client secret.

use std::sync::Arc;

use oauth2::Scope;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    cloud::Cloud,
    ids::{ClientId, TenantId},
    registration::Registration,
    sign_in::SignInError,
    source::{Source, Way, token_source},
    token_cache::Granted,
};

/// The client-credentials grant with a secret.
///
/// Microsoft's page
/// [OAuth 2.0 client credentials flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow)
/// describes it. A refusal is remembered for a minute (or as long as the service says), so that many callers do not
/// repeat it.
pub struct ClientSecret(Source<BySecret>);

token_source!(ClientSecret);

impl ClientSecret {
    /// Signs in `client` to `tenant` in `cloud`. Nothing is sent yet.
    ///
    /// `http` must not follow redirects, or the secret could be sent elsewhere.
    pub fn new(
        http: reqwest::Client,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
        secret: SecretString,
    ) -> Self {
        Self(Source::new(BySecret {
            registration: Registration::new(http, cloud, tenant, client),
            secret,
        }))
    }
}

#[derive(Clone)]
struct BySecret {
    registration: Registration,
    secret: SecretString,
}

impl Way for BySecret {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn registration_mut(&mut self) -> &mut Registration {
        &mut self.registration
    }

    async fn grant(self: Arc<Self>) -> Result<Granted, SignInError> {
        // The grant's own copy of the secret lives only as long as the request.
        let secret = oauth2::ClientSecret::new(self.secret.expose_secret().to_owned());
        let http = self.registration.carrier([self.secret.clone()]);
        let answer = self
            .registration
            .oauth()
            .set_client_secret(secret)
            .exchange_client_credentials()
            .add_scope(Scope::new(self.registration.cloud.scope()))
            .request_async(&http)
            .await;
        Ok(http.read(answer)?.granted)
    }
}
