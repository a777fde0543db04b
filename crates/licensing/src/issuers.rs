//! The keys of the issuers that are accepted.

use std::collections::BTreeMap;

use jsonwebtoken::DecodingKey;
use pem::Pem;

use crate::armour::{armoured, blocks};
use crate::error::KeyError;
use crate::key_id::KeyId;

/// What stands before the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo`.
///
/// <https://www.rfc-editor.org/rfc/rfc8410#section-4>
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const TAG: &str = "PUBLIC KEY";

/// The vendor's keys, one PEM block after the other.
const BUILT_IN: &str = include_str!(concat!(env!("OUT_DIR"), "/issuers.pem"));

/// The public key of an issuing desk (Ed25519).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    id: KeyId,
    public: [u8; 32],
}

impl IssuerKey {
    pub(crate) fn new(public: [u8; 32]) -> Self {
        Self {
            id: KeyId::of(&public),
            public,
        }
    }

    fn from_block(block: &Pem) -> Result<Self, KeyError> {
        match block.tag() {
            TAG => {}
            tag if tag.contains("PRIVATE") => return Err(KeyError::Private),
            _ => return Err(KeyError::Pem),
        }
        block
            .contents()
            .strip_prefix(&PREFIX)
            .and_then(|key| <[u8; 32]>::try_from(key).ok())
            .map(Self::new)
            .ok_or(KeyError::Kind)
    }

    /// Its id, which licences name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key in PEM form, as `issuer.pub` holds it.
    pub fn to_pem(&self) -> String {
        armoured(TAG, [PREFIX.as_slice(), &self.public].concat())
    }

    pub(crate) fn decoding(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.public)
    }
}

/// The issuers that are accepted; several at once, so that keys can be changed while old licences go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issuers(BTreeMap<KeyId, IssuerKey>);

impl Issuers {
    /// Nobody.
    pub fn none() -> Self {
        Self::default()
    }

    /// The vendor's own, which were compiled in: every `issuers/*.pub` of this crate's folder.
    ///
    /// # Errors
    /// When one of these files is not a public key.
    pub fn builtin() -> Result<Self, KeyError> {
        if BUILT_IN.trim().is_empty() {
            return Ok(Self::none());
        }
        Self::from_pem(BUILT_IN.as_bytes())
    }

    /// The public keys of a file: one or more blocks `PUBLIC KEY` in PEM form. What stands around them is passed over.
    ///
    /// # Errors
    /// When there is none, or one of the blocks is something else or was cut off.
    pub fn from_pem(contents: &[u8]) -> Result<Self, KeyError> {
        blocks(contents)?.iter().map(IssuerKey::from_block).collect()
    }

    /// These and `others`.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The ids of all keys.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.0.keys()
    }

    pub(crate) fn key(&self, id: &KeyId) -> Option<&IssuerKey> {
        self.0.get(id)
    }
}

impl FromIterator<IssuerKey> for Issuers {
    fn from_iter<I: IntoIterator<Item = IssuerKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id.clone(), key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_are_compiled_in_are_good() {
        Issuers::builtin().unwrap();
    }
}
