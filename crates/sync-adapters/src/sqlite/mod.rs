//! The ledger in an SQLite file, and beside it small secrets and who changed the settings.

mod ledger;
mod locks;
mod schema;
mod store;
mod transaction;

pub use ledger::SqliteLedger;
