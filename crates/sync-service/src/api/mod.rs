//! The local API: what the running daemon tells and takes, over HTTP on loopback, or over HTTPS.

mod client;
mod endpoint;
mod history_routes;
mod log_client;
mod log_routes;
mod server;
mod settings_routes;
mod types;

pub use client::{Client, ClientError, Order};
pub use endpoint::{Endpoint, EndpointError, endpoint_file};
pub use history_routes::HistoryAnswer;
pub use log_routes::{LogAnswer, LogLevelAnswer};
pub(crate) use server::nothing_here;
pub use server::{Api, new_token, router};
pub use settings_routes::{PreviewAnswer, SettingsAuditAnswer, SettingsRefusal};
pub use types::{
    API_VERSION, DaemonStatus, ErrorAnswer, ExplainAnswer, InstanceState, InstanceStatus, MembersAnswer,
    OrderAnswer, PlansAnswer, ReadyAnswer, SetupLinkAnswer, StatusAnswer,
};
