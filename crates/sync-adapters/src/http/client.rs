//! What every client has in common.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::tls::Version;
use reqwest::{Certificate, Client};

use super::error::HttpError;
use super::pin::{self, Fingerprint};
use super::proxies::Proxies;

/// Connections that are kept open to one host without being used.
const IDLE_CONNECTIONS: usize = 8;

/// Shorter than servers keep an idle connection, so that a write is seldom sent into one that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(15);

/// What differs from client to client.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// The `User-Agent`: a product and its version.
    pub user_agent: String,
    /// How long connecting may take, TLS included. How long a call may take is decided by whoever makes it.
    pub connect_timeout: Duration,
    /// Certificates in PEM form that are trusted beside those of the system: a private authority, for example.
    pub ca_file_pem: Option<Vec<u8>>,
    /// The one certificate that is trusted, in place of all others. Its names and dates do not count then.
    pub certificate_sha256: Option<Fingerprint>,
    /// The proxies on the way; none unless they are named here.
    pub proxies: Proxies,
}

impl Default for HttpSettings {
    /// No proxy, the system's certificates, and 5 s to connect.
    fn default() -> Self {
        Self {
            user_agent: concat!("teams-presence-sync/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(5),
            ca_file_pem: None,
            certificate_sha256: None,
            proxies: Proxies::default(),
        }
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("user_agent", &self.user_agent)
            .field("connect_timeout", &self.connect_timeout)
            .field("ca_file_pem", &self.ca_file_pem.as_ref().map(Vec::len))
            .field("certificate_sha256", &self.certificate_sha256)
            .field("proxies", &self.proxies)
            .finish()
    }
}

/// The factory of HTTP clients.
#[derive(Clone, Copy, Debug)]
pub struct HttpClient(());

impl HttpClient {
    /// Makes a client: TLS 1.2 or later and always verified, no redirect followed, no cookies, few idle connections.
    ///
    /// It has no time-out for a whole call: the clients of this project set one on each.
    ///
    /// # Errors
    /// When the certificates or the address of a proxy are not good, when there is no certificate to trust at all, or when a
    /// certificate is pinned and other certificates, or a proxy with one of its own, are named beside it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one factory of HTTP clients"
    )]
    pub fn build(settings: &HttpSettings) -> Result<Client, HttpError> {
        let mut builder = Client::builder()
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .redirect(Policy::none())
            .referer(false)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_FOR)
            .no_proxy();
        builder = match (settings.certificate_sha256, &settings.ca_file_pem) {
            (None, pem) => builder
                .tls_version_min(Version::TLS_1_2)
                .tls_certs_merge(certificates(pem.as_deref())?),
            (Some(_), Some(_)) => return Err(HttpError::PinnedAndAuthority),
            // The proxy's certificate would be held against the pin.
            (Some(_), None) if settings.proxies.speak_tls() => return Err(HttpError::PinnedBehindTlsProxy),
            (Some(fingerprint), None) => {
                builder.tls_backend_preconfigured(pin::pinned(fingerprint).map_err(HttpError::Tls)?)
            }
        };
        if let Some(proxy) = settings.proxies.to_proxy()? {
            builder = builder.proxy(proxy);
        }
        builder.build().map_err(HttpError::Build)
    }
}

impl HttpClient {
    /// Makes a client for a server of this machine that speaks plain HTTP: it trusts no certificate, and so needs none.
    ///
    /// # Errors
    /// When the system gives no TLS library its state.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one factory of HTTP clients"
    )]
    pub fn plain() -> Result<Client, HttpError> {
        let builder = Client::builder().no_proxy().tls_certs_only([]);
        builder.redirect(Policy::none()).build().map_err(HttpError::Build)
    }
}

fn certificates(pem: Option<&[u8]>) -> Result<Vec<Certificate>, HttpError> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    let certificates = Certificate::from_pem_bundle(pem).map_err(HttpError::Certificates)?;
    if certificates.is_empty() {
        return Err(HttpError::NoCertificate);
    }
    Ok(certificates)
}
