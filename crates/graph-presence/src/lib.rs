#![doc = include_str!("../README.md")]

mod advice;
mod call;
mod client;
mod client_secret;
mod cloud;
mod directory;
mod error;
mod exchange;
mod granted;
mod graph_error;
mod ids;
mod json;
mod limits;
mod observer;
mod presence;
mod retry_after;
mod sign_in;
mod token;
mod token_cache;

pub use client::GraphClient;
pub use client_secret::ClientSecret;
pub use cloud::{Cloud, CustomCloud, InvalidHost};
pub use directory::{DirectoryUser, ProxyAddress};
pub use error::{CallError, Cause, Error, Fault, ProtocolError};
pub use exchange::{Trace, TransportError};
pub use granted::Granted;
pub use graph_error::{Permission, Refusal};
pub use ids::{Address, ClientId, InvalidId, TenantId, UserId};
pub use limits::Limits;
pub use observer::{Api, CallObserver};
pub use presence::{MAX_IDS, PresenceAnswer, PresenceAnswers};
pub use sign_in::{EntraRefusal, SignInError};
pub use token::{AccessToken, InvalidToken, TokenSource};
