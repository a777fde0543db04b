//! Random schedules against a simulated world, and scenarios with golden output. No network, no runtime, no clock:
//! everything follows from a number.

#![expect(
    clippy::unwrap_used,
    reason = "a simulation that cannot set its world up has failed"
)]

mod books;
mod conclude;
mod daemon;
mod fights;
mod generate;
mod golden;
mod judge;
mod life;
mod op;
mod operator;
mod oracle;
mod pbx;
mod perform;
mod random;
mod request;
mod running;
mod scenarios;
mod schedules;
mod script;
mod serving;
mod shrink;
mod slots;
mod text;
mod troubles;
mod verdict;
mod world;
