//! The routes of the local API and their description, made from one table: a route that is not described cannot be
//! served, and one that is not served cannot be described.

mod document;
mod operation;
mod prose;
mod table;

pub use document::document;
pub(super) use operation::{Operation, get, post};
pub(super) use table::Table;
