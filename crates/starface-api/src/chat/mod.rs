//! Chat statuses, read and set through the companion module.

mod module;
mod presence;
mod read;

pub use module::{ChatModule, ModuleName};
pub use presence::{ChatPresence, ChatStatus};
