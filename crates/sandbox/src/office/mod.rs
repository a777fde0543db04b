//! A plausible company: people with names and addresses, a group with most of them, and the odd cases of real life.

mod day;
mod names;
mod population;

pub use day::{Day, DayEvent};
pub(crate) use population::GROUP;
pub use population::{Employee, Oddity, Office};
