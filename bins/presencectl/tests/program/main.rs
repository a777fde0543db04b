//! The built program: standard output, standard error and exit code of its commands.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, also in what tests share"
)]

mod calls;
mod configuration;
mod generated;
mod offline;
mod rules;
mod support;
