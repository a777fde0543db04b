//! The groups of the PBX and who is in them.

mod members;
mod names;

pub use members::{Group, GroupMember};
pub use names::GroupSummary;
