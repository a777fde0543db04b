//! The app's certificate with its private key, and what is signed with them.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{Timestamp, ToSpan};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::SecretString;
use serde::Serialize;
use url::Url;
use uuid::Uuid;
use x509_parser::{parse_x509_certificate, public_key::PublicKey};

use crate::ids::ClientId;

/// How long an assertion is good: Microsoft asks for five to ten minutes.
const ASSERTION_MINUTES: i64 = 10;

/// Smaller keys are not safe, and `aws-lc` does not sign with them.
const LEAST_BITS: usize = 2_048;

/// How assertions are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionAlgorithm {
    /// RSA-PSS with SHA-256, and the certificate's SHA-256 thumbprint: what Microsoft documents.
    #[default]
    Ps256,
    /// RSA PKCS#1 v1.5 with SHA-256, and the certificate's SHA-1 thumbprint: the older form.
    Rs256,
}

/// A certificate of an app registration, and its private key.
#[derive(Clone)]
pub struct AppCertificate {
    key: EncodingKey,
    sha1: String,
    sha256: String,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

impl AppCertificate {
    /// Reads a certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted) from one text in PEM form. Of several
    /// certificates the one that belongs to the key counts.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] says what is missing or does not fit. It shows nothing of the text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidCertificate> {
        let blocks = pem::parse_many(pem).map_err(|_| InvalidCertificate::NotPem)?;
        let key = private_key(&blocks)?;
        let certificates: Vec<&[u8]> = blocks
            .iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(pem::Pem::contents)
            .collect();
        if certificates.is_empty() {
            return Err(InvalidCertificate::NoCertificate);
        }
        let mut refusal = InvalidCertificate::Mismatch;
        for der in certificates {
            match Self::joined(der, &key) {
                Ok(certificate) => return Ok(certificate),
                // What is wrong with the one that could be meant says more than that others do not fit.
                Err(InvalidCertificate::Mismatch) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    fn joined(der: &[u8], key: &EncodingKey) -> Result<Self, InvalidCertificate> {
        let (_, parsed) = parse_x509_certificate(der).map_err(|_| InvalidCertificate::Unreadable)?;
        let public = parsed.public_key();
        match public.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_BITS => return Err(InvalidCertificate::Weak),
            Ok(PublicKey::RSA(_)) => {}
            _ => return Err(InvalidCertificate::NotRsa),
        }
        if !belong_together(key, &public.subject_public_key.data) {
            return Err(InvalidCertificate::Mismatch);
        }
        let moment = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|_| InvalidCertificate::Unreadable)
        };
        let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der));
        Ok(Self {
            key: key.clone(),
            sha1: thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            sha256: thumbprint(&digest::SHA256),
            valid_from: moment(parsed.validity().not_before)?,
            valid_until: moment(parsed.validity().not_after)?,
        })
    }

    /// When it begins to be good.
    pub fn valid_from(&self) -> Timestamp {
        self.valid_from
    }

    /// When it ends.
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// What the app proves itself with at `token_url`, once.
    ///
    /// The form is that of Microsoft's page
    /// [Certificate credentials](https://learn.microsoft.com/entra/identity-platform/certificate-credentials).
    pub(crate) fn assertion(
        &self,
        algorithm: AssertionAlgorithm,
        client: &ClientId,
        token_url: &Url,
        now: Timestamp,
    ) -> Result<SecretString, InvalidCertificate> {
        if now >= self.valid_until {
            return Err(InvalidCertificate::Expired(self.valid_until));
        }
        let mut header = Header::new(match algorithm {
            AssertionAlgorithm::Ps256 => Algorithm::PS256,
            AssertionAlgorithm::Rs256 => Algorithm::RS256,
        });
        match algorithm {
            AssertionAlgorithm::Ps256 => header.x5t_s256 = Some(self.sha256.clone()),
            AssertionAlgorithm::Rs256 => header.x5t = Some(self.sha1.clone()),
        }
        let claims = Claims {
            aud: token_url.as_str(),
            iss: client.as_str(),
            sub: client.as_str(),
            jti: Uuid::new_v4().to_string(),
            nbf: now.as_second(),
            iat: now.as_second(),
            exp: (now + ASSERTION_MINUTES.minutes()).as_second(),
        };
        let signed = jsonwebtoken::encode(&header, &claims, &self.key);
        signed
            .map(SecretString::from)
            .map_err(|_| InvalidCertificate::UnusableKey)
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCertificate")
            .field("sha256", &self.sha256)
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}

/// Thumbprints are those of the certificates; the private key is not looked at.
impl PartialEq for AppCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
    }
}

impl Eq for AppCertificate {}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

fn private_key(blocks: &[pem::Pem]) -> Result<EncodingKey, InvalidCertificate> {
    let mut keys = blocks.iter().filter(|block| block.tag().ends_with("PRIVATE KEY"));
    let Some(block) = keys.next() else {
        return Err(InvalidCertificate::NoKey);
    };
    if keys.next().is_some() {
        return Err(InvalidCertificate::SeveralKeys);
    }
    let encrypted =
        block.tag().starts_with("ENCRYPTED") || block.headers().iter().any(|(name, _)| name == "Proc-Type");
    if encrypted {
        return Err(InvalidCertificate::EncryptedKey);
    }
    let text = secrecy::zeroize::Zeroizing::new(pem::encode(block));
    EncodingKey::from_rsa_pem(text.as_bytes()).map_err(|_| InvalidCertificate::NotRsa)
}

/// Whether what the key signs is good by the certificate's public key (in the form of PKCS#1).
fn belong_together(key: &EncodingKey, public: &[u8]) -> bool {
    let message = b"do key and certificate belong together?";
    jsonwebtoken::crypto::sign(message, key, Algorithm::RS256).is_ok_and(|signature| {
        let public = DecodingKey::from_rsa_der(public);
        jsonwebtoken::crypto::verify(&signature, message, &public, Algorithm::RS256).unwrap_or(false)
    })
}

/// Why nobody can sign in with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCertificate {
    /// The text is not PEM.
    #[error("it is not in PEM form")]
    NotPem,
    /// There is no certificate.
    #[error("it holds no certificate")]
    NoCertificate,
    /// There is no private key.
    #[error("it holds no private key")]
    NoKey,
    /// There are several private keys.
    #[error("it holds more than one private key")]
    SeveralKeys,
    /// The private key is encrypted.
    #[error("its private key is encrypted")]
    EncryptedKey,
    /// Key or certificate are not RSA.
    #[error("its certificate or its key is not RSA")]
    NotRsa,
    /// The key is too short.
    #[error("its key is shorter than 2048 bits")]
    Weak,
    /// The certificate cannot be read.
    #[error("its certificate cannot be read")]
    Unreadable,
    /// The certificate is that of another key.
    #[error("its certificate does not belong to its private key")]
    Mismatch,
    /// Nothing can be signed with the key.
    #[error("nothing can be signed with its private key")]
    UnusableKey,
    /// The certificate's end has passed.
    #[error("the certificate has expired: it was good until {0}")]
    Expired(Timestamp),
}

impl InvalidCertificate {
    /// What the operator can do about it, in an English sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotPem | Self::NoCertificate | Self::Unreadable => {
                "Put the certificate into the file, in PEM form: it begins with `-----BEGIN CERTIFICATE-----`."
            }
            Self::NoKey => {
                "Put the private key into the same file, beside the certificate: it begins with `-----BEGIN PRIVATE KEY-----`."
            }
            Self::SeveralKeys | Self::Mismatch => {
                "Keep one private key in the file, and the certificate that was made from it."
            }
            Self::EncryptedKey => {
                "Remove the passphrase with `openssl pkcs8 -in KEY -out NEW`; the rights of the file protect the key."
            }
            Self::NotRsa | Self::Weak | Self::UnusableKey => {
                "Make a certificate with an RSA key of 2048 bits or more, and upload it to the app registration."
            }
            Self::Expired(_) => {
                "Make a new certificate, upload it to the app registration and put it into the file with its key."
            }
        }
    }
}
