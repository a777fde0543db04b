//! A licence as a form for programs.

use jiff::Timestamp;
use licensing::{KeyId, Licence, OperatingMode, Terms};
use serde::Serialize;

/// Everything that a verified licence says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Details {
    number: String,
    customer: String,
    issuer: Option<String>,
    key_id: KeyId,
    mode: OperatingMode,
    seats: u32,
    issued: Timestamp,
    from: Timestamp,
    until: Timestamp,
    grace_days: u16,
    grace_until: Timestamp,
    pbx: Option<String>,
    #[serde(skip)]
    pub(super) terms: Terms,
}

impl Details {
    pub(super) fn of(licence: &Licence) -> Self {
        let terms = licence.terms().clone();
        Self {
            number: terms.number.to_string(),
            customer: terms.customer.to_string(),
            issuer: terms.issuer.as_ref().map(ToString::to_string),
            key_id: licence.key_id().clone(),
            mode: terms.mode,
            seats: terms.seats,
            issued: terms.issued,
            from: terms.from,
            until: terms.until,
            grace_days: terms.grace_days,
            grace_until: terms.grace_until(),
            pbx: terms.pbx.as_ref().map(ToString::to_string),
            terms,
        }
    }
}
