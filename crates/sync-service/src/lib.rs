#![doc = include_str!("../README.md")]

pub mod api;
mod assembly;
pub mod config;
pub mod daemon;
pub mod doctor;
mod fingerprint;
pub mod language;
pub mod login;
mod opened;
pub mod private_file;
mod refusals;
mod retention;
mod settings_audit;
mod settings_name;
mod sign_ins;
pub mod standalone;
pub mod telemetry;
pub mod tls;
mod ways;

pub use assembly::Assembly;
pub use refusals::{Noted, Presented};
pub use settings_audit::SettingsChange;
pub use sign_ins::SignIns;
