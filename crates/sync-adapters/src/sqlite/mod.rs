//! The ledger in an SQLite file.

mod audit;
mod error;
mod ledger;
mod locks;
mod rows;
mod schema;
mod seats;
mod store;

pub use error::StateError;
pub use ledger::SqliteLedger;
