//! The client of the local API, which the command line speaks through.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use sync_adapters::http::{HttpClient, HttpError, HttpSettings, tls_error};
use sync_core::{Address, InstanceName, MemberQuery, PbxUserId, Plan, PlanId, Side};

use super::endpoint::Endpoint;
use super::routes::SettingsRefusal;
use super::types::{
    ErrorAnswer, ExplainAnswer, GroupsAnswer, MembersAnswer, OrderAnswer, PeopleAnswer, PlansAnswer,
    SetupLinkAnswer, StatusAnswer,
};

/// Orders that change something may wait for the PBX.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running daemon could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens at the address that the daemon published: it does not run any more.
    #[error("no daemon answers at {0}")]
    NotRunning(std::net::SocketAddr),
    /// The daemon refused.
    #[error("{message}")]
    Refused {
        /// What it said.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// Whether what was asked for does not exist.
        unknown: bool,
    },
    /// The settings were not changed.
    #[error("{}", .0.error)]
    NotChanged(Box<SettingsRefusal>),
    /// The connection failed, or the answer made no sense.
    #[error("cannot speak to the daemon at {address}")]
    Broken {
        /// Its address.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

/// Speaks to one running daemon.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
}

/// An order to an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Freeze writes, for the member with this address alone where there is one, and for so long where that is said.
    Pause {
        /// The member.
        member: Option<Address>,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// Go on, with the member alone where there is one.
    Resume {
        /// The member.
        member: Option<Address>,
    },
    /// Take back what is ours, and pause.
    Release,
    /// Try links again at once that wait for somebody to mend something.
    Retry {
        /// Whose credentials are known to be good again.
        sides: Vec<Side>,
    },
}

impl Order {
    /// The last part of its path.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Release => "release",
            Self::Retry { .. } => "retry",
        }
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        let (member, lasts) = match self {
            Self::Pause { member, lasts } => (member.as_ref(), *lasts),
            Self::Resume { member } => (member.as_ref(), None),
            Self::Release | Self::Retry { .. } => (None, None),
        };
        if let Self::Retry { sides } = self {
            let sides: Vec<&str> = sides.iter().map(|side| side.as_str()).collect();
            query.push(("sides", sides.join(",")));
        }
        query.extend(member.map(|address| ("address", address.to_string())));
        query.extend(lasts.map(|lasts| ("seconds", lasts.as_secs().to_string())));
        query
    }
}

impl Client {
    /// A client for the daemon at `endpoint`: directly, and by the one certificate that the endpoint names, where it does.
    ///
    /// # Errors
    /// When the system does not let HTTP clients be made.
    pub fn connect(endpoint: Endpoint) -> Result<Self, HttpError> {
        let http = match endpoint.certificate {
            None => HttpClient::plain()?,
            certificate_sha256 => HttpClient::build(&HttpSettings {
                certificate_sha256,
                ..HttpSettings::default()
            })?,
        };
        Ok(Self::new(http, endpoint))
    }

    /// The same with a client of one's own, which has to trust the endpoint's certificate.
    pub fn new(http: reqwest::Client, endpoint: Endpoint) -> Self {
        Self { http, endpoint }
    }

    /// Where the daemon is, and how it is spoken to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The daemon and all its instances.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self) -> Result<StatusAnswer, ClientError> {
        self.call(Method::GET, "status", &[]).await
    }

    /// The members of an instance.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn members(&self, instance: &InstanceName) -> Result<MembersAnswer, ClientError> {
        self.call(Method::GET, &format!("instances/{instance}/members"), &[])
            .await
    }

    /// A page of the members of an instance. At most 500 are answered, whatever the limit.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn people(
        &self,
        instance: &InstanceName,
        query: &MemberQuery,
    ) -> Result<PeopleAnswer, ClientError> {
        let (offset, limit) = (query.offset.to_string(), query.limit.to_string());
        let pairs = [
            ("show", query.show.as_str()),
            ("search", query.search.as_str()),
            ("offset", offset.as_str()),
            ("limit", limit.as_str()),
        ];
        self.call(Method::GET, &format!("instances/{instance}/people"), &pairs)
            .await
    }

    /// The groups of the PBX of an instance, as its user there sees them now.
    ///
    /// # Errors
    /// [`ClientError`]; refused where the PBX cannot be asked.
    pub async fn groups(&self, instance: &InstanceName) -> Result<GroupsAnswer, ClientError> {
        self.call(Method::GET, &format!("instances/{instance}/groups"), &[])
            .await
    }

    /// What a pass of one instance would change now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn plan(&self, instance: &InstanceName) -> Result<Plan, ClientError> {
        self.call(Method::GET, &format!("instances/{instance}/plan"), &[])
            .await
    }

    /// What a pass of each running instance would change now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn plans(&self) -> Result<PlansAnswer, ClientError> {
        self.call(Method::GET, "plans", &[]).await
    }

    /// Why the members with this address are as they are.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn explain(&self, address: &Address) -> Result<ExplainAnswer, ClientError> {
        self.call(Method::GET, "explain", &[("address", address.as_str())])
            .await
    }

    /// Why a member of an instance is as it is, also one without an address; none where it has no such member.
    ///
    /// # Errors
    /// [`ClientError`]; refused where there is no such instance, or it does not run.
    pub async fn explain_user(
        &self,
        instance: &InstanceName,
        user: PbxUserId,
    ) -> Result<ExplainAnswer, ClientError> {
        let (instance, user) = (instance.to_string(), user.to_string());
        let query = [("instance", instance.as_str()), ("user", user.as_str())];
        self.call(Method::GET, "explain", &query).await
    }

    /// Lets the daemon read its licence files again, and tells how its instances do then.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn reload_licences(&self) -> Result<StatusAnswer, ClientError> {
        self.call(Method::POST, "licences/reload", &[]).await
    }

    /// Tells the daemon that somebody has signed in for an instance.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn signed_in(&self, instance: &InstanceName) -> Result<OrderAnswer, ClientError> {
        self.call(Method::POST, &format!("instances/{instance}/signed-in"), &[])
            .await
    }

    /// A one-time link to the administrator's page.
    ///
    /// # Errors
    /// [`ClientError`]; refused where the daemon serves no page.
    pub async fn setup_link(&self) -> Result<SetupLinkAnswer, ClientError> {
        self.call(Method::POST, "setup-link", &[]).await
    }

    /// Lets a held plan pass.
    ///
    /// # Errors
    /// [`ClientError`]; refused where nobody holds a plan of this id.
    pub async fn approve(&self, plan: PlanId) -> Result<OrderAnswer, ClientError> {
        self.call(Method::POST, &format!("plans/{plan}/approve"), &[])
            .await
    }

    /// Gives an order to an instance. A release answers when nothing is ours any more, or says that it goes on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn order(&self, instance: &InstanceName, order: &Order) -> Result<OrderAnswer, ClientError> {
        let path = format!("instances/{instance}/{}", order.as_str());
        let query = order.query();
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.call(Method::POST, &path, &query).await
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, ClientError> {
        let request = self.request(method, path, query);
        let answer = self.send(request).await?;
        if answer.status().is_success() {
            return answer.json().await.map_err(|error| self.broken(error));
        }
        let status = answer.status();
        let said = answer.json::<ErrorAnswer>().await.ok();
        Err(refused(status, said.map(|said| (said.error, said.hint))))
    }

    pub(super) fn broken(&self, source: reqwest::Error) -> ClientError {
        let address = self.endpoint.address;
        // Whoever presents another certificate does answer.
        match source.is_connect() && tls_error(&source).is_none() {
            true => ClientError::NotRunning(address),
            false => ClientError::Broken { address, source },
        }
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        request.send().await.map_err(|error| self.broken(error))
    }

    pub(super) fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = format!("{}/api/v1/{path}", self.endpoint.url());
        if !query.is_empty() {
            url.push('?');
            url.push_str(
                &url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(query)
                    .finish(),
            );
        }
        self.http
            .request(method, url)
            .bearer_auth(self.endpoint.token.expose_secret())
            .timeout(TIMEOUT)
    }
}

/// A refusal, in the daemon's words where it had some.
pub(super) fn refused(status: StatusCode, said: Option<(String, Option<String>)>) -> ClientError {
    let (message, hint) = said.unwrap_or_else(|| (format!("the daemon answered {status}"), None));
    ClientError::Refused {
        message,
        hint,
        unknown: status == StatusCode::NOT_FOUND,
    }
}
