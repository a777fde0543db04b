//! The door of the page: one password, sessions, and whoever knocks too often.

mod attempts;
mod password;
mod sessions;
mod visitor;

pub(crate) use attempts::Attempts;
pub(crate) use password::{PasswordError, PasswordFile};
pub(crate) use sessions::{Session, Sessions};
pub(crate) use visitor::{Fields, Posted, Visitor, session_cookie, without_session_cookie};
