//! The claims as they stand in the signed text: names of JWT where it has them.
//!
//! <https://www.rfc-editor.org/rfc/rfc7519#section-4.1>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Rejected;
use crate::mode::OperatingMode;
use crate::name::{Name, printable};
use crate::terms::{Terms, seconds};

/// The version of licences that this crate issues and reads.
const VERSION: u64 = 1;

/// What a licence of version 1 says. A claim that this version does not know may restrict the licence, so it is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    ver: u64,
    jti: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<Name>,
    sub: Name,
    mode: OperatingMode,
    seats: u32,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    grace_days: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pbx: Option<Name>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(days: &u16) -> bool {
    *days == 0
}

/// The claims of any version, as far as they have to be known before the rest is understood.
#[derive(Deserialize)]
struct Version {
    ver: u64,
}

/// Who claims to have issued a licence; for people to read, and nothing more.
#[derive(Deserialize)]
struct Issuer {
    iss: Name,
}

/// Reads the claims of a signature that was verified.
pub(crate) fn read(payload: &[u8]) -> Result<Terms, Rejected> {
    // The error quotes the licence, and is printed on terminals.
    let wrong = |error: serde_json::Error| {
        Rejected::Claims(error.to_string().chars().filter(|c| printable(*c)).collect())
    };
    let Version { ver } = serde_json::from_slice(payload).map_err(wrong)?;
    if ver != VERSION {
        return Err(Rejected::Version {
            found: ver,
            known: VERSION,
        });
    }
    let claims: Claims = serde_json::from_slice(payload).map_err(wrong)?;
    let moment = |seconds, name: &str| {
        Timestamp::from_second(seconds).map_err(|_| Rejected::Claims(format!("`{name}` is no time")))
    };
    let terms = Terms {
        number: claims.jti,
        issuer: claims.iss,
        customer: claims.sub,
        mode: claims.mode,
        seats: claims.seats,
        issued: moment(claims.iat, "iat")?,
        from: moment(claims.nbf, "nbf")?,
        until: moment(claims.exp, "exp")?,
        grace_days: claims.grace_days,
        pbx: claims.pbx,
    };
    terms
        .check()
        .map_err(|error| Rejected::Claims(error.to_string()))?;
    Ok(terms)
}

/// Who claims, unverified, to have issued a licence.
pub(crate) fn claimed_issuer(payload: &[u8]) -> Option<Name> {
    serde_json::from_slice::<Issuer>(payload)
        .ok()
        .map(|claimed| claimed.iss)
}

impl From<&Terms> for Claims {
    fn from(terms: &Terms) -> Self {
        Self {
            ver: VERSION,
            jti: terms.number.clone(),
            iss: terms.issuer.clone(),
            sub: terms.customer.clone(),
            mode: terms.mode,
            seats: terms.seats,
            iat: seconds(terms.issued),
            nbf: seconds(terms.from),
            exp: seconds(terms.until),
            grace_days: terms.grace_days,
            pbx: terms.pbx.clone(),
        }
    }
}
