//! Group, phones and chat status of a STARFACE PBX.

mod adapter;
mod chat;
mod failure;
mod link;
mod refusal;
#[cfg(feature = "state")]
mod remembered;
mod steps;

pub use adapter::{StarfaceAdapter, TargetGroup};
pub use chat::StarfaceChatAdapter;
pub use failure::REMEDIES;
pub use link::StarfaceLink;
#[cfg(feature = "state")]
pub use remembered::SealedSignIn;
/// What the adapters are made of, so that their users need not name the client.
pub use starface_api::{
    ChatModule, ClientAuth, GroupId, KnownSignIn, Login, ModuleName, OAuth, OAuthClient, Observer, Operation,
    Pbx, PbxUrl, PbxUrlError, SignIn, SignInMemory, VolatileMemory,
};
pub use steps::{GroupChoice, SeenGroup};
