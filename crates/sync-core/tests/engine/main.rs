//! The engine behind its driver, on paused time, against ports in memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod approval;
mod audit;
mod breaker;
mod chat;
mod explanations;
mod lease;
mod looking;
mod pauses;
mod polling;
mod promises;
mod seat_gate;
mod signing_in;
mod support;
