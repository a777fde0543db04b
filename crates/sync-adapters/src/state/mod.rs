//! What every durable state has in common, whichever database keeps it: the ledger's rows, the audit, seats of licences, small
//! secrets and who changed the settings.
//!
//! The statements are written once, in the SQL that SQLite and PostgreSQL share. A database adds how it is opened, what its
//! transactions guarantee, and who may write for an instance.

mod audit;
mod cell;
mod error;
mod ledger;
mod port;
mod rows;
mod sealed;
mod seats;
mod settings_audit;
mod state_key;
mod store;

pub(crate) use cell::{Cell, Cells, Row, with};
pub use error::StateError;
pub(crate) use ledger::{Tables, know};
pub use sealed::{Beside, SealedStore, Unsealed};
pub use settings_audit::{SettingsAudit, StoredChange};
pub use state_key::{StateKey, StateKeyError};
pub(crate) use store::{Alone, Connection, Store, Transaction};
