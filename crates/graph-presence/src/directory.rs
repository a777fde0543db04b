//! Looking up users by address.

mod batch;
mod filter;
mod lookup;
mod user;

pub(crate) use lookup::users_by_address;
pub use user::{DirectoryUser, ProxyAddress};
