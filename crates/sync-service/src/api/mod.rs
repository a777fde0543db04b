//! The local API: what the running daemon tells and takes, over HTTP on loopback, or over HTTPS.

mod arguments;
mod client;
mod endpoint;
mod log_client;
mod openapi;
mod refusal;
mod routes;
mod server;
mod settings_client;
mod types;

pub use client::{Client, ClientError, Order};
pub use endpoint::{Endpoint, EndpointError, endpoint_file};
pub use openapi::document;
pub(crate) use refusal::nothing_here;
pub use routes::{
    HistoryAnswer, LogAnswer, LogLevelAnswer, PreviewAnswer, SettingsAuditAnswer, SettingsRefusal,
};
pub use server::{Api, new_token, router};
pub use types::{
    API_VERSION, DaemonStatus, ErrorAnswer, ExplainAnswer, GroupAnswer, GroupsAnswer, InstanceAnswer,
    InstanceState, InstanceStatus, MembersAnswer, OrderAnswer, PeopleAnswer, PlansAnswer, ReadyAnswer,
    SetupLinkAnswer, SignInStatus, StatusAnswer,
};
