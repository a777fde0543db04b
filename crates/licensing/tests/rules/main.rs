//! The rules of licences: what is accepted, what is refused, and with which words.

#![expect(
    clippy::unwrap_used,
    reason = "what a test writes down is right, or the test fails"
)]

mod desk;
mod expected;
mod form;
mod keys;
mod messages;
mod mutations;
mod outcomes;
mod round_trip;
mod time;
mod vectors;
