//! Why there is no HTTP client.

use sync_core::{Fault, PortError};

/// A client could not be made. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The certificates cannot be read.
    #[error("the certificates to trust are not PEM")]
    Certificates(#[source] reqwest::Error),
    /// There is none where some were promised.
    #[error("there is no certificate among the certificates to trust")]
    NoCertificate,
    /// A certificate is pinned, and others are named beside it.
    #[error("a pinned certificate and certificates to trust exclude each other")]
    PinnedAndAuthority,
    /// A certificate is pinned, and the way there leads through a proxy that has a certificate of its own.
    #[error("a certificate cannot be pinned behind an `https://` proxy")]
    PinnedBehindTlsProxy,
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The proxy's address is not one. It is not repeated, because it may contain a password.
    #[error("the address of the proxy is not like `http://proxy.example:3128`")]
    Proxy,
    /// Everything else, above all a system without any certificate to trust.
    #[error("the HTTP client cannot be set up")]
    Build(#[source] reqwest::Error),
}

impl HttpError {
    /// What the operator can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Certificates(_) | Self::NoCertificate => {
                "Name a file with the authority's certificate in PEM form: it begins with `-----BEGIN CERTIFICATE-----`."
            }
            Self::PinnedAndAuthority => "Keep either `ca_file` or `certificate_sha256`.",
            Self::PinnedBehindTlsProxy => {
                "Set `proxy = \"\"` where the PBX is reached without a proxy, name an `http://` proxy, or trust the PBX by \
                 `ca_file` instead of `certificate_sha256`."
            }
            Self::Proxy => {
                "Correct `proxy`, or else `HTTPS_PROXY` or `ALL_PROXY`; proxies of the kinds `http` and `https` are supported."
            }
            Self::Tls(_) | Self::Build(_) => {
                "Install the system's certificate authorities (the package `ca-certificates`)."
            }
        }
    }
}

impl From<HttpError> for PortError {
    fn from(error: HttpError) -> Self {
        let advice = error.advice();
        Self::new(Fault::Configuration, "make an HTTP client")
            .with_advice(advice)
            .caused_by(error)
    }
}
