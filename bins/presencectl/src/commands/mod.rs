//! The commands, each in a module of its name.

pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod generate;
mod interrupt;
pub(crate) mod license;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod members;
pub(crate) mod orders;
pub(crate) mod plan;
pub(crate) mod rules;
pub(crate) mod sandbox;
pub(crate) mod setup_link;
pub(crate) mod status;
pub(crate) mod sync;
mod throwaway;

pub(crate) use context::Context;
