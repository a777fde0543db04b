#![doc = include_str!("../README.md")]

pub mod api;
mod assembly;
pub mod config;
pub mod daemon;
mod fingerprint;
pub mod language;
mod retention;
pub mod standalone;
pub mod telemetry;

pub use assembly::Assembly;
