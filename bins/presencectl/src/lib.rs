#![doc = include_str!("../README.md")]

mod arguments;
mod commands;
mod configuration;
mod daemon;
mod exit;
mod failure;
mod run;
mod show;
mod surroundings;

pub use arguments::{Arguments, Refused};
pub use exit::Exit;
pub use failure::Failure;
pub use run::run;
pub use surroundings::Surroundings;
