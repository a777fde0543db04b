//! The built program: standard output, standard error and exit code of its commands.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, also in what tests share"
)]

mod audit;
mod calls;
mod configuration;
mod fast_motion;
mod generated;
mod license;
mod office;
mod offline;
mod rules;
mod support;
mod with_daemon;
mod without_daemon;
