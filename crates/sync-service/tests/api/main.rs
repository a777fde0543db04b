//! The local API and its description.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

#[path = "../home/dead.rs"]
mod dead_site;
mod document;
#[path = "../home/mod.rs"]
mod home;
mod questions;
mod routes;
mod settings;
mod support;
