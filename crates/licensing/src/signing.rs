//! The private key of an issuing desk.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::EncodingKey;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use crate::armour::armoured;
use crate::error::KeyError;
use crate::issuers::IssuerKey;

const TAG: &str = "PRIVATE KEY";

/// The private key of an issuing desk (Ed25519). It is never printed.
pub struct SigningKey {
    /// PKCS #8.
    document: SecretBox<Vec<u8>>,
    public: IssuerKey,
}

impl SigningKey {
    /// The key that follows from 32 random bytes. Whoever knows them can forge every licence of the desk.
    ///
    /// # Errors
    /// When the cryptographic library refuses, which no seed is known to make it do.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Kind)?;
        let document = pair.to_pkcs8v1().map_err(|_| KeyError::Kind)?;
        Self::of(&pair, document.as_ref())
    }

    /// A key in PEM form (PKCS #8), as `issuer.key` and `openssl genpkey -algorithm ed25519` have it.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(text: &SecretString) -> Result<Self, KeyError> {
        let block = pem::parse(text.expose_secret()).map_err(|_| KeyError::Pem)?;
        let tag = block.tag().to_owned();
        let document = Zeroizing::new(block.into_contents());
        if tag != TAG {
            return Err(KeyError::NotPrivate);
        }
        let pair = Ed25519KeyPair::from_pkcs8(&document).map_err(|_| KeyError::Kind)?;
        Self::of(&pair, &document)
    }

    fn of(pair: &Ed25519KeyPair, document: &[u8]) -> Result<Self, KeyError> {
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Kind)?;
        Ok(Self {
            document: SecretBox::new(Box::new(document.to_vec())),
            public: IssuerKey::new(public),
        })
    }

    /// The public half, which programs need to verify licences.
    pub fn public(&self) -> &IssuerKey {
        &self.public
    }

    /// The key in PEM form, to be kept in a file that nobody else may read.
    pub fn to_pem(&self) -> SecretString {
        armoured(TAG, self.document.expose_secret().as_slice()).into()
    }

    pub(crate) fn encoding(&self) -> EncodingKey {
        EncodingKey::from_ed_der(self.document.expose_secret())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
