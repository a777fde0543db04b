//! The settings of a running daemon: shown, tried out, and changed in the one file.

mod change;
mod shown;
#[cfg(test)]
mod tests;

pub use change::{Author, Changed, Proposal};
pub use shown::{SecretStatus, SettingsAnswer};
