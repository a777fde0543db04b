//! The ledger in PostgreSQL, shared by several daemons: leases, and beside them the same tables as in SQLite.

mod address;
mod leases;
mod ledger;
mod quota;
mod renewals;
mod schema;
mod sessions;
mod store;
mod transaction;
mod watching;

pub use address::{PostgresAddress, PostgresAddressError, Tls};
pub use ledger::{PostgresLedger, PostgresOptions};
