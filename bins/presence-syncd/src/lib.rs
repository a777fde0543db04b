#![doc = include_str!("../README.md")]

mod arguments;
mod failure;
mod files;
mod life;
mod signals;
mod systemd;

pub use arguments::{Arguments, Refused};
pub use failure::Failure;
pub use life::run;
