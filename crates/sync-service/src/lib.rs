#![doc = include_str!("../README.md")]

pub mod api;
mod assembly;
pub mod config;
pub mod daemon;
mod fingerprint;
pub mod language;
pub mod login;
mod retention;
mod sign_ins;
pub mod standalone;
pub mod telemetry;

pub use assembly::Assembly;
pub use sign_ins::SignIns;
