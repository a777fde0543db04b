#![doc = include_str!("../README.md")]

pub mod api;
mod assembly;
pub mod config;
pub mod daemon;
pub mod doctor;
mod fingerprint;
pub mod language;
pub mod login;
mod retention;
mod sign_ins;
pub mod standalone;
pub mod telemetry;
pub mod tls;
mod ways;

pub use assembly::Assembly;
pub use sign_ins::SignIns;
