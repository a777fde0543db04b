//! TLS of the daemon's own listener: its certificate, and the door at which every connection shakes hands.

mod door;
mod identity;
mod seat;

pub(crate) use door::{Door, HANDSHAKE};
pub use identity::{InvalidIdentity, TlsIdentity};
