//! Issuing.

use jsonwebtoken::{Algorithm, Header, encode};

use crate::claims::Claims;
use crate::compact::TYPE;
use crate::error::BadTerms;
use crate::signing::SigningKey;
use crate::terms::Terms;

impl SigningKey {
    /// Issues a licence: its text, one line without a line break. Times are rounded down to whole seconds. The same terms
    /// give the same text.
    ///
    /// # Errors
    /// When no licence may have these terms.
    pub fn issue(&self, terms: &Terms) -> Result<String, BadTerms> {
        terms.check()?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.public().id().to_string());
        encode(&header, &Claims::from(terms), &self.encoding()).map_err(|_| BadTerms::Key)
    }
}
