//! What the end-to-end tests share: a sandbox, and the built daemon and command line against it.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test that cannot set its stage has failed"
)]

mod estate;
mod licences;
pub mod measure;
mod node;
mod npm;
#[path = "../../crates/sync-adapters/tests/ledger/server.rs"]
pub mod postgres;
mod program;
mod stage;

pub use estate::{Estate, name};
pub use licences::{issuer_keys, licence, terms};
pub use node::Node;
pub use npm::{Absent, installed};
pub use program::{Daemon, Login, Output, presencectl, presencectl_with};
pub use stage::{Stage, StageOptions, eventually};
