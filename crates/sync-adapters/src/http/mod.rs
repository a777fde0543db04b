//! The one place that makes HTTP clients: what is true of every connection is decided here.

mod client;
mod error;
mod pin;
mod probe;
mod proxies;
mod shared;

pub use client::{HttpClient, HttpSettings};
pub use error::HttpError;
pub use pin::{AnotherCertificate, Fingerprint, NoFingerprint};
pub use probe::{Answered, ProbeError, presented_certificate, probe, tls_error};
pub use proxies::Proxies;
pub use shared::HttpClients;
