#![doc = include_str!("../README.md")]

mod armour;
mod claims;
mod compact;
mod error;
mod force;
mod issue;
mod issuers;
mod key_id;
mod licence;
mod mode;
mod name;
mod signing;
mod terms;

pub use compact::{LARGEST, Unverified};
pub use error::{BadTerms, KeyError, NotALicence, NotCovered, NotInForce, Refusal, Rejected};
pub use force::{Demand, Ending, InForce, Phase, WARN_DAYS};
pub use issuers::{IssuerKey, Issuers};
pub use key_id::KeyId;
pub use licence::Licence;
pub use mode::{NotAMode, OperatingMode};
pub use name::{Name, NotAName};
pub use signing::SigningKey;
pub use terms::{MOST_GRACE_DAYS, Terms};
