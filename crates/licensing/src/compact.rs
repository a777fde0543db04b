//! The text of a licence: a JWS in its compact form, `header.payload.signature`.
//!
//! <https://www.rfc-editor.org/rfc/rfc7515#section-7.1>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde::Deserialize;

use crate::claims;
use crate::error::{NotALicence, Rejected};
use crate::issuers::Issuers;
use crate::key_id::KeyId;
use crate::licence::Licence;
use crate::name::Name;

/// The longest text of a licence, in bytes.
pub const LARGEST: usize = 8 * 1024;

/// What the header says that it is, so that nothing else that an issuer's key signed is taken for a licence.
///
/// <https://www.rfc-editor.org/rfc/rfc8725#section-3.11>
pub(crate) const TYPE: &str = "licence+jwt";

/// The one algorithm.
const ALGORITHM: &str = "EdDSA";

/// Something that has the form of a licence. Nothing that it says is certain, so all that can be seen of it is which key
/// it names and who claims to have issued it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    text: String,
    key: KeyId,
    payload: Vec<u8>,
}

/// The header: whatever else stands there could change what the rest means, and is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[expect(
        dead_code,
        reason = "it was looked at before; here it is one of the members that may stand there"
    )]
    alg: String,
    kid: KeyId,
    typ: String,
}

/// The header of any JWS, to name the algorithm that is refused.
#[derive(Deserialize)]
struct AnyHeader {
    alg: String,
}

impl Unverified {
    /// Reads the contents of a licence file. Line breaks and blanks are passed over wherever they stand, because mail
    /// programs put them there.
    ///
    /// # Errors
    /// When it has not the form of a licence.
    pub fn parse(contents: &[u8]) -> Result<Self, NotALicence> {
        // A text with line breaks may be a little longer than the licence in it.
        if contents.len() > 2 * LARGEST {
            return Err(NotALicence::TooLong { most: LARGEST });
        }
        let text = std::str::from_utf8(contents).map_err(|_| NotALicence::NotText)?;
        let text = text.trim_start_matches('\u{feff}');
        if text.contains("-----BEGIN") {
            return Err(NotALicence::Key);
        }
        let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if text.is_empty() {
            return Err(NotALicence::Empty);
        }
        if text.len() > LARGEST {
            return Err(NotALicence::TooLong { most: LARGEST });
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotALicence::Form);
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NotALicence::Form);
        let (header, payload, _) = (decode(header)?, decode(payload)?, decode(signature)?);
        let key = key_named_by(&header)?;
        Ok(Self { text, key, payload })
    }

    /// The key that it names.
    pub fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// Who claims to have issued it.
    pub fn claimed_issuer(&self) -> Option<Name> {
        claims::claimed_issuer(&self.payload)
    }

    /// Verifies the signature, and reads what the licence says.
    ///
    /// # Errors
    /// When the key is not one of `issuers`, the signature is not that key's, or the licence says too little.
    pub fn verify(self, issuers: &Issuers) -> Result<Licence, Rejected> {
        let Self { text, key, payload } = self;
        let Some(issuer) = issuers.key(&key) else {
            return Err(Rejected::UnknownIssuer(key));
        };
        let signed = text.rsplit_once('.').is_some_and(|(message, signature)| {
            crypto::verify(
                signature,
                message.as_bytes(),
                &issuer.decoding(),
                Algorithm::EdDSA,
            )
            .unwrap_or(false)
        });
        if !signed {
            return Err(Rejected::Signature);
        }
        let terms = claims::read(&payload)?;
        Ok(Licence::new(text, key, terms))
    }
}

fn key_named_by(header: &[u8]) -> Result<KeyId, NotALicence> {
    let AnyHeader { alg } = serde_json::from_slice(header).map_err(|_| NotALicence::Header)?;
    if alg != ALGORITHM {
        let shown = alg.chars().filter(char::is_ascii_graphic).take(20).collect();
        return Err(NotALicence::Algorithm(shown));
    }
    let Header { kid, typ, .. } = serde_json::from_slice(header).map_err(|_| NotALicence::Header)?;
    if typ == TYPE {
        Ok(kid)
    } else {
        Err(NotALicence::Header)
    }
}
