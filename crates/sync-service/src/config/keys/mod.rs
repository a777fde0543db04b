//! The one list of all keys: reader, schema and documentation are held to it.

mod behaviour;
mod file;
mod links;

pub(super) use file::FILE;
