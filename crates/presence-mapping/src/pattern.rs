//! What an operator writes to name presences, and how it fits one.

mod fit;
mod shape;
mod written;

pub(crate) use self::fit::{Fit, IdleFit};
pub(crate) use self::shape::{ActivityKey, AvailabilityKey, Shape};
pub use self::written::{Pattern, PatternError};
