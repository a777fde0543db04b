//! Ports that behave, in memory: a tenant, a PBX and a ledger for tests and for whoever embeds the engine.
//!
//! They do what the real ones do, as far as the engine can see it, and keep a history that a test can judge.

mod clock;
mod ledger;
mod pbx;
mod tenant;

pub use clock::TokioClock;
pub use ledger::MemoryLedger;
pub use pbx::{FakePbx, PbxWrite};
pub use tenant::FakeTenant;
