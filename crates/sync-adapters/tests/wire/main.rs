//! The adapters over real connections: what they send, and how they put answers and failures into the engine's words.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its server up has failed"
)]

mod bad_days;
mod chat;
mod directory;
mod http;
mod pbx;
mod presence;
mod refusal;
mod support;
mod tls;
