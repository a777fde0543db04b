//! What the daemon tells: its log, the way of a member at trace, and its history.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod decision;
#[path = "../home/mod.rs"]
mod home;
mod levels;
mod served;
mod support;
