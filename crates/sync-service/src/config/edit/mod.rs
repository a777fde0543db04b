//! Changing the configuration file without taking anything from whoever wrote it: comments, order and form stay.
//!
//! A [`Document`] is the text of a file. An [`Edit`] names the [`Revision`] that it was made for, and [`Change`]s of single
//! keys by their [`KeyPath`]. [`Document::edited`] makes the new text, and nothing here decides whether that is a good
//! configuration: [`parse`](super::parse) does, over the [`Overlay`] of the secrets that were typed in.

mod array;
mod change;
mod comments;
mod difference;
mod document;
mod effective;
mod error;
#[cfg(test)]
pub(crate) mod faulty;
mod file;
#[cfg(test)]
mod file_tests;
mod json;
mod key_path;
mod listed;
mod overlay;
mod revision;
mod storage;
mod tree;
mod typed;

pub use change::{Change, Edit};
pub use difference::Difference;
pub use document::Document;
pub use error::{EditError, ReadOnly, ReadOnlyCode};
pub use key_path::{KeyPath, NotAKeyPath};
pub use overlay::Overlay;
pub use revision::{NotARevision, Revision};

pub(in crate::config) use key_path::quoted;

pub(crate) use file::{ConfigFile, Found};
pub(crate) use listed::secret_keys;
pub(crate) use storage::Storage;
pub(crate) use typed::{TypedSecret, placed};
