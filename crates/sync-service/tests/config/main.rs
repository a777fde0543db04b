//! The configuration file as its operators meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage has failed")]

mod documents;
mod edit;
mod edit_any;
mod every_key;
mod faults;
mod instances;
mod licences;
mod listening;
mod mutations;
mod named_files;
mod postgres;
mod settings;
mod sign_in;
mod starface;
mod support;
