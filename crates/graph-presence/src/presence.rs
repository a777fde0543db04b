//! Reading the presence of many users.

mod answers;
mod halving;
mod item;

pub use answers::{PresenceAnswer, PresenceAnswers};
pub(crate) use halving::read;

/// The most users that one call may name.
pub const MAX_IDS: usize = 650;
