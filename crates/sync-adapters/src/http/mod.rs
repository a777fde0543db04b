//! The one place that makes HTTP clients: what is true of every connection is decided here.

mod client;
mod error;
mod proxies;

pub use client::{HttpClient, HttpSettings};
pub use error::HttpError;
pub use proxies::Proxies;
