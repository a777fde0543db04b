//! The configuration file as its operators meet it.

mod documents;
mod every_key;
mod faults;
mod instances;
mod mutations;
mod named_files;
mod settings;
mod support;
