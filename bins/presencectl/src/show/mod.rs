//! Results in words: pure functions from what is known to text.

mod explanation;
mod licence;
mod login;
mod members;
mod plan;
mod status;
mod table;
mod time;
mod words;

pub(crate) use explanation::explanation;
pub(crate) use licence::{ShownLicence, Unsaid, inspected, licence, licence_details};
pub(crate) use login::LoginTexts;
pub(crate) use members::members;
pub(crate) use plan::plan;
pub(crate) use status::{instance, offline, status};
pub(crate) use table::Table;
pub(crate) use time::Now;
pub(crate) use words::count;
