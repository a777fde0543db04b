//! The ledger in an SQLite file, and beside it small secrets and who changed the settings.

mod audit;
mod error;
mod ledger;
mod locks;
mod rows;
mod schema;
mod sealed;
mod seats;
mod settings_audit;
mod state_key;
mod store;

pub use error::StateError;
pub use ledger::SqliteLedger;
pub use sealed::{SealedStore, Unsealed};
pub use settings_audit::{SettingsAudit, StoredChange};
pub use state_key::{StateKey, StateKeyError};
