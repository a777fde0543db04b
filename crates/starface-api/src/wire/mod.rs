//! Requests and answers, bounded in time and size.

mod answer;
mod retry_after;
mod transport;

pub(crate) use answer::{Answer, lower_case_keys};
pub(crate) use transport::{Call, Transport};
