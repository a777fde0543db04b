//! Presence and directory of a tenant, from Microsoft Graph.

mod adapter;
mod directory;
mod failure;
mod refused;

pub use adapter::GraphAdapter;
/// What the adapter is made of, so that its users need not name the client.
pub use graph_presence::{
    Api, CallObserver, ClientId, ClientSecret, Cloud, CustomCloud, GraphClient, InvalidHost, InvalidId,
    Limits, TenantId, TokenSource,
};
