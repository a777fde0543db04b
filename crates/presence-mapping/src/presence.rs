//! What Teams says about one person, raw and as it is read.

mod reading;
mod said;

pub use self::reading::{ActivityReading, KnownReading, Reading, UnknownReason};
pub use self::said::{Presence, PresenceError};
