#![doc = include_str!("../README.md")]

mod advice;
mod chat;
mod endpoint;
mod error;
mod failure;
mod fault;
mod groups;
mod ids;
mod operation;
mod pbx;
mod phone_config;
mod sign_in;
mod users;
mod version;
mod wire;
mod xml_rpc;

pub use chat::{ChatModule, ChatPresence, ChatStatus, ModuleName};
pub use endpoint::{PbxUrl, PbxUrlError};
pub use error::Error;
pub use failure::{Failure, ServerText, TokenRefusal};
pub use fault::Fault;
pub use groups::{Group, GroupMember, GroupSummary};
pub use ids::{GroupId, Login, UserId};
pub use operation::Operation;
pub use pbx::{Observer, Pbx};
pub use phone_config::{DndChange, PhoneConfig};
pub use sign_in::{ClientAuth, KnownSignIn, OAuth, OAuthClient, SignIn, SignInMemory, VolatileMemory};
pub use users::User;
pub use version::ServerVersion;
