//! Who the daemon is on the network: a certificate with its chain and its private key.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use sync_adapters::http::Fingerprint;
use x509_parser::parse_x509_certificate;

/// A certificate, those between it and its authority, and its private key.
#[derive(Clone)]
pub struct TlsIdentity {
    server: Arc<ServerConfig>,
    fingerprint: Fingerprint,
    /// The hash of the whole text, by which another chain or key is told, too.
    whole: Fingerprint,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

/// Why a file is no identity. It shows nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdentity {
    /// There is no certificate in PEM form.
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
    /// There is no private key in PEM form.
    #[error("it holds no private key in PEM form")]
    NoKey,
    /// The key wants a password.
    #[error("its private key is encrypted")]
    EncryptedKey,
    /// A certificate cannot be read.
    #[error("a certificate in it cannot be read")]
    Unreadable,
    /// The key is that of another certificate.
    #[error("its private key does not belong to its first certificate")]
    Mismatch,
    /// The key is of a kind, or a size, that is not used for TLS.
    #[error("its private key cannot be used for TLS")]
    UnusableKey,
}

impl InvalidIdentity {
    /// What to do, as a fragment.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoCertificate => {
                "put the certificate into it, then those between it and its authority, then the private key"
            }
            Self::NoKey => "add the private key to the file, below the certificates",
            Self::EncryptedKey => "write the key without a password: `openssl pkey -in KEY -out PLAIN`",
            Self::Unreadable => {
                "write the certificates anew, in PEM form: `openssl x509 -in FILE` shows whether it is good"
            }
            Self::Mismatch => {
                "put the daemon's own certificate first, and the key that it was made with below"
            }
            Self::UnusableKey => "take an RSA key of 2048 bits or more, or an ECDSA key on P-256 or P-384",
        }
    }
}

impl TlsIdentity {
    /// Reads the certificate, its chain and its key from one text in PEM form: the daemon's own certificate first.
    ///
    /// # Errors
    /// [`InvalidIdentity`] says what is missing or does not fit.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidIdentity> {
        let chain = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| InvalidIdentity::Unreadable)?;
        let own = chain.first().ok_or(InvalidIdentity::NoCertificate)?;
        let (_, parsed) = parse_x509_certificate(own).map_err(|_| InvalidIdentity::Unreadable)?;
        let moment = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|_| InvalidIdentity::Unreadable)
        };
        let (valid_from, valid_until) = (
            moment(parsed.validity().not_before)?,
            moment(parsed.validity().not_after)?,
        );
        let fingerprint = Fingerprint::of(own);
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
            let marker = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
            let encrypted = pem.windows(marker.len()).any(|window| window == marker);
            if encrypted {
                InvalidIdentity::EncryptedKey
            } else {
                InvalidIdentity::NoKey
            }
        })?;
        Ok(Self {
            server: Arc::new(server(chain, key)?),
            fingerprint,
            whole: Fingerprint::of(pem),
            valid_from,
            valid_until,
        })
    }

    /// What whoever pins the certificate compares.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// When the certificate begins to be good.
    pub fn valid_from(&self) -> Timestamp {
        self.valid_from
    }

    /// When it ends.
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

/// TLS 1.2 or later, HTTP/1.1, and nobody who connects needs a certificate.
fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, InvalidIdentity> {
    let unusable = |error: Error| match error {
        Error::InconsistentKeys(_) => InvalidIdentity::Mismatch,
        Error::InvalidCertificate(_) => InvalidIdentity::Unreadable,
        _ => InvalidIdentity::UnusableKey,
    };
    let mut server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(server)
}

impl PartialEq for TlsIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.whole == other.whole
    }
}

impl Eq for TlsIdentity {}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity")
            .field("fingerprint", &self.fingerprint)
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

    use super::*;

    fn made() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec!["page.example".to_owned()]).unwrap()
    }

    #[test]
    fn certificate_and_key_are_read_in_either_order_and_show_nothing_of_the_key() {
        let CertifiedKey { cert, signing_key } = made();
        let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
        let identity = TlsIdentity::from_pem(format!("{certificate}{key}").as_bytes()).unwrap();
        assert_eq!(identity.fingerprint(), Fingerprint::of(cert.der()));
        let turned = TlsIdentity::from_pem(format!("{key}{certificate}").as_bytes()).unwrap();
        assert_eq!(turned.fingerprint(), identity.fingerprint());
        let shown = format!("{identity:?}");
        let secret = key.lines().nth(1).unwrap();
        assert!(!shown.contains(secret), "{shown}");
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_said() {
        let (own, other) = (made(), made());
        let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let broken = "-----BEGIN CERTIFICATE-----\nSGVsbG8=\n-----END CERTIFICATE-----\n";
        for (text, refusal) in [
            (String::new(), InvalidIdentity::NoCertificate),
            (key.clone(), InvalidIdentity::NoCertificate),
            (certificate.clone(), InvalidIdentity::NoKey),
            (format!("{certificate}{encrypted}"), InvalidIdentity::EncryptedKey),
            (format!("{broken}{key}"), InvalidIdentity::Unreadable),
            (
                format!("{certificate}{}", other.signing_key.serialize_pem()),
                InvalidIdentity::Mismatch,
            ),
            (
                format!("{}{certificate}{key}", other.cert.pem()),
                InvalidIdentity::Mismatch,
            ),
        ] {
            assert_eq!(
                TlsIdentity::from_pem(text.as_bytes()).unwrap_err(),
                refusal,
                "{text}"
            );
        }
    }
}
