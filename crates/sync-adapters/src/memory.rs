//! The ledger in memory: the same rules, gone with the process.

pub use sync_core::fakes::MemoryLedger;
