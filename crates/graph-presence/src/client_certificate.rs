//! Signing in as the app itself, with a certificate.

use std::sync::Arc;

use jiff::Timestamp;
use oauth2::Scope;
use secrecy::ExposeSecret;

use crate::{
    certificate::{AppCertificate, AssertionAlgorithm},
    cloud::Cloud,
    ids::{ClientId, TenantId},
    registration::Registration,
    sign_in::SignInError,
    source::{Source, Way, token_source},
    token_cache::Granted,
};

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Tells the time of day, which assertions are good for a few minutes of.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The client-credentials grant with a certificate: each request carries an assertion that its key signed.
///
/// Microsoft's page
/// [Certificate credentials](https://learn.microsoft.com/entra/identity-platform/certificate-credentials) describes it. A
/// certificate whose end has passed is refused here, and nothing is sent.
pub struct ClientCertificate(Source<ByCertificate>);

token_source!(ClientCertificate);

impl ClientCertificate {
    /// Signs in `client` to `tenant` in `cloud`. Nothing is sent yet.
    ///
    /// `http` must not follow redirects, or the assertion could be sent elsewhere.
    pub fn new(
        http: reqwest::Client,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
        certificate: AppCertificate,
        algorithm: AssertionAlgorithm,
        clock: WallClock,
    ) -> Self {
        Self(Source::new(ByCertificate {
            registration: Registration::new(http, cloud, tenant, client),
            certificate,
            algorithm,
            clock,
        }))
    }
}

#[derive(Clone)]
struct ByCertificate {
    registration: Registration,
    certificate: AppCertificate,
    algorithm: AssertionAlgorithm,
    clock: WallClock,
}

impl Way for ByCertificate {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn registration_mut(&mut self) -> &mut Registration {
        &mut self.registration
    }

    async fn grant(self: Arc<Self>) -> Result<Granted, SignInError> {
        let Self {
            registration,
            certificate,
            algorithm,
            clock,
        } = &*self;
        let assertion = certificate.assertion(
            *algorithm,
            &registration.client,
            registration.token_url(),
            clock(),
        )?;
        let http = registration.carrier([assertion.clone()]);
        let answer = registration
            .oauth()
            .exchange_client_credentials()
            .add_scope(Scope::new(registration.cloud.scope()))
            .add_extra_param("client_assertion_type", ASSERTION_TYPE)
            .add_extra_param("client_assertion", assertion.expose_secret())
            .request_async(&http)
            .await;
        Ok(http.read(answer)?.granted)
    }
}
