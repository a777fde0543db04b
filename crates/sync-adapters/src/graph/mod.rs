//! Presence and directory of a tenant, from Microsoft Graph.

mod adapter;
mod directory;
mod failure;
mod refused;
#[cfg(feature = "state")]
mod remembered;

pub use adapter::GraphAdapter;
/// What the adapter is made of, so that its users need not name the client.
pub use graph_presence::{
    Account, Api, AppCertificate, AssertionAlgorithm, BrowserSignIn, CallObserver, ClientCertificate,
    ClientId, ClientSecret, Cloud, CustomCloud, Delegated, DeviceSignIn, Granted, GraphClient,
    InvalidCertificate, InvalidHost, InvalidId, Limits, Permission, RefreshTokens, Remedy, RememberError,
    Remembered, SignInError, SignedIn, TenantId, TokenSource, UserSignIn, WallClock,
};
#[cfg(feature = "state")]
pub use remembered::{SealedRefreshToken, StoredSignIn};
