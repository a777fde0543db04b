//! Do not disturb, which lives in a user's phone configuration.

mod change;
mod document;

pub use change::DndChange;
pub use document::PhoneConfig;
