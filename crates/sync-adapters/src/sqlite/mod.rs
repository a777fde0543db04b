//! The ledger in an SQLite file, and small secrets beside it.

mod audit;
mod error;
mod ledger;
mod locks;
mod rows;
mod schema;
mod sealed;
mod seats;
mod state_key;
mod store;

pub use error::StateError;
pub use ledger::SqliteLedger;
pub use sealed::{SealedStore, Unsealed};
pub use state_key::{StateKey, StateKeyError};
