//! One look at a server, for a diagnosis: whether it answers, by which certificate, and what time it has.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::client::{HttpClient, HttpSettings};
use super::error::HttpError;
use super::pin::{AnotherCertificate, Fingerprint};

/// A look takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that answered. What it answered does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The time that the server has, by the header `Date`.
    pub date: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[from] HttpError),
    /// The server's certificate is not trusted.
    #[error("its certificate is not trusted")]
    Untrusted(#[source] Arc<dyn Error + Send + Sync>),
    /// What answers does not speak TLS: `https://` was said to a port of another kind.
    #[error("it does not speak TLS")]
    NoTls(#[source] Arc<dyn Error + Send + Sync>),
    /// It does not answer.
    #[error("it does not answer")]
    Unreachable(#[source] reqwest::Error),
}

/// Asks for `url` once, without credentials, and follows nothing.
///
/// # Errors
/// [`ProbeError`].
pub async fn probe(settings: &HttpSettings, url: &Url) -> Result<Answered, ProbeError> {
    let request = HttpClient::build(settings)?.get(url.clone()).timeout(PATIENCE);
    match request.send().await {
        Ok(answer) => {
            let date = answer.headers().get(http::header::DATE);
            let date = date
                .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
                .and_then(|date| Timestamp::try_from(date).ok());
            Ok(Answered { date })
        }
        Err(error) => Err(match tls_error(&error) {
            // A verifier of our own says what it means by itself.
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other))) => {
                ProbeError::Untrusted(Arc::clone(&other.0) as _)
            }
            Some(reason @ rustls::Error::InvalidCertificate(_)) => {
                ProbeError::Untrusted(Arc::new(reason.clone()))
            }
            // The first bytes are no record of TLS.
            Some(reason @ rustls::Error::InvalidMessage(_)) => ProbeError::NoTls(Arc::new(reason.clone())),
            _ => ProbeError::Unreachable(error.without_url()),
        }),
    }
}

/// The fingerprint of the certificate that the server presents, whether it is trusted or not; `None` where it presents none, or
/// cannot be asked. Nothing is sent to it.
pub async fn presented_certificate(settings: &HttpSettings, url: &Url) -> Option<Fingerprint> {
    if url.scheme() != "https" {
        return None;
    }
    // No certificate has this fingerprint, so that the handshake ends as soon as the certificate was seen.
    let settings = HttpSettings {
        ca_file_pem: None,
        certificate_sha256: Some(Fingerprint::of(b"")),
        ..settings.clone()
    };
    let request = HttpClient::build(&settings)
        .ok()?
        .get(url.clone())
        .timeout(PATIENCE);
    let error = request.send().await.err()?;
    match tls_error(&error)? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => other
            .0
            .downcast_ref::<AnotherCertificate>()
            .map(|other| other.seen),
        _ => None,
    }
}

/// What the TLS library says, where that is the reason.
pub fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // An I/O error does not name what it wraps among its causes.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let next: &(dyn Error + 'static) = match wrapped {
        Some(wrapped) => wrapped,
        None => error.source()?,
    };
    tls_error(next)
}
