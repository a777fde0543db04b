//! What the end-to-end tests share: a sandbox, and the built daemon and command line against it.

mod program;
mod stage;

pub use program::{Daemon, Output, presencectl};
pub use stage::{Stage, StageOptions, eventually};
