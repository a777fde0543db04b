//! The client against a mocked tenant: every request in full, every kind of answer.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, also in what tests share"
)]

mod bounds;
mod browser;
mod certificate;
mod delegated;
mod device_code;
mod directory;
mod presences;
mod secrets;
mod sign_in;
mod support;
