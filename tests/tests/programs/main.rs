//! The built daemon and command line against a sandbox, as their users run them; and what is held against the repository as a
//! whole. One program, so that it is linked once and waits in parallel.

#[path = "../../../fuzz/checks/mod.rs"]
mod checks;

mod api;
mod audit;
mod bad_days;
mod breaker;
mod chat;
mod damaged;
mod disk;
mod doctor;
mod examples;
mod licences;
mod listening;
mod log;
mod observe;
mod oidc;
mod operations;
mod pbx_sign_in;
mod refused_credentials;
mod restart;
mod several_daemons;
mod sign_in;
mod steady;
mod table;
mod vendor_description;
mod walls;
mod way_to_the_pbx;
