//! What goes over the wire, request by request, against a double of the PBX on loopback.
#![expect(clippy::unwrap_used, reason = "tests, and what only they use")]

mod bad_days;
mod chat;
mod dnd;
mod double;
mod faults;
mod generation;
mod oauth;
mod raw;
mod roster;
mod secrets;
mod sign_in;
mod ten;
mod token_life;
mod token_life_ten;
