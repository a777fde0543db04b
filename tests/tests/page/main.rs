//! The administrator's page in a real Chromium, which looks at what the built daemon serves. Needs chromium, node and npm, and
//! npm's registry at the first time; without them the tests say so and pass.
//!
//! Each test sets its stage here and lets the browser play a scenario of `tests/page/scenarios`, which asks for what only
//! the stage can do or know. `docs/testing.md` has more.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod azure;
mod browser;
mod door;
mod forms;
mod guide;
mod hostile;
mod licence;
mod log;
mod overview;
mod people;
mod plain;
mod served;
mod settings;
mod several;
mod tls;
mod tour;
