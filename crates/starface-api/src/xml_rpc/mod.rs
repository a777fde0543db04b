//! XML-RPC as far as the companion module needs it: one struct to the PBX, one struct back.

mod call;
mod request;
mod response;
mod tree;

pub(crate) use call::{RpcCall, RpcState};
pub(crate) use request::Param;
pub(crate) use response::{Struct, Value};
