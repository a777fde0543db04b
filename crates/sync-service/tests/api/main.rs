//! The local API and its description.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod document;
mod questions;
mod routes;
mod support;
