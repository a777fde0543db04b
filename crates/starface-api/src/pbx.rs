//! The client: signs every call, and signs in again once when a token has died.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use reqwest::Client;
use serde::de::DeserializeOwned;

use crate::endpoint::PbxUrl;
use crate::error::Error;
use crate::failure::Failure;
use crate::ids::Login;
use crate::operation::Operation;
use crate::sign_in::{Session, SignIn, Ticket};
use crate::wire::{Answer, Call, Transport};
use crate::xml_rpc::RpcState;

/// Is told of every request that went out: what for, and the HTTP status, or `None` where no complete answer came.
pub type Observer = Arc<dyn Fn(Operation, Option<u16>) + Send + Sync>;

/// A client of one PBX. Cheap to clone; all clones share one sign-in.
///
/// After the PBX has refused the credentials, every call fails with that same refusal and without a request, until
/// [`Pbx::forget_refusal`]: a PBX blacklists addresses that keep failing, and then simply stops answering them.
#[derive(Clone)]
pub struct Pbx {
    pub(crate) transport: Transport,
    pub(crate) session: Session,
    login: Login,
    pub(crate) rpc: Arc<Mutex<RpcState>>,
}

/// Why a call did not come back with an answer: the sign-in before it, or the call itself.
pub(crate) enum CallError {
    SignIn(Error),
    Call(Failure),
}

impl CallError {
    pub(crate) fn during(self, error: impl FnOnce(Failure) -> Error) -> Error {
        match self {
            Self::SignIn(error) => error,
            Self::Call(failure) => error(failure),
        }
    }
}

impl Pbx {
    /// How long a call may take unless [`Pbx::with`] says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    /// A client with the default time limit. Sends nothing yet.
    ///
    /// `client` decides about certificates and proxies. Build it with `redirect(Policy::none())`: a redirect that it
    /// followed by itself would carry the token along.
    #[must_use]
    pub fn new(client: Client, url: PbxUrl, sign_in: SignIn) -> Self {
        Self::with(client, url, sign_in, Self::DEFAULT_TIMEOUT, None)
    }

    /// A client with another time limit per call (reading all users may take three times as long), and with an observer
    /// that is told of every request.
    #[must_use]
    pub fn with(
        client: Client,
        url: PbxUrl,
        sign_in: SignIn,
        timeout: Duration,
        observer: Option<Observer>,
    ) -> Self {
        let transport = Transport {
            client,
            base: url,
            timeout,
            observer,
        };
        let login = sign_in.login().clone();
        let session = Session::new(sign_in.authority(transport.clone()));
        Self {
            transport,
            session,
            login,
            rpc: Arc::default(),
        }
    }

    /// Where this PBX is.
    #[must_use]
    pub fn url(&self) -> &PbxUrl {
        &self.transport.base
    }

    /// Signs in now, where no valid sign-in is at hand. Other calls do so by themselves.
    ///
    /// # Errors
    /// [`Error::SignIn`], with [`Fault::Credentials`](crate::Fault::Credentials) where login or password are wrong.
    pub async fn sign_in(&self) -> Result<(), Error> {
        match self.session.grant().await {
            Ok(_) => Ok(()),
            Err(source) => Err(self.sign_in_failed(source)),
        }
    }

    /// Gives the token back (`DELETE /rest/login`), once the program stops. A failure is only logged. A later call would sign in anew.
    pub async fn logout(&self) {
        self.session.sign_out().await;
        self.rpc.lock().unwrap_or_else(PoisonError::into_inner).cookie = None;
    }

    /// Allows refused credentials to be tried once more, for example because the password was changed on the PBX.
    pub fn forget_refusal(&self) {
        self.session.forget_refusal();
        *self.rpc.lock().unwrap_or_else(PoisonError::into_inner) = RpcState::default();
    }

    /// Sends a REST call with the token, and once more with a new one after a 401.
    pub(crate) async fn rest(&self, call: Call) -> Result<Answer, CallError> {
        let ticket = self
            .session
            .grant()
            .await
            .map_err(|source| self.no_grant(source))?;
        let answer = self.send_signed(&call, &ticket).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let renewed = self
            .session
            .instead_of(&ticket)
            .await
            .map_err(|source| self.no_grant(source))?;
        let Some(ticket) = renewed else {
            return Err(CallError::Call(Failure::StillUnauthorized));
        };
        let answer = self.send_signed(&call, &ticket).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        self.session.signing_in_was_futile();
        Err(CallError::Call(Failure::StillUnauthorized))
    }

    async fn send_signed(&self, call: &Call, ticket: &Ticket) -> Result<Answer, CallError> {
        let answer = self
            .transport
            .send(call, |request| ticket.grant.sign(request))
            .await;
        Ok(answer.map_err(CallError::Call)?.without(&ticket.grant.token))
    }

    /// Sends a REST call and reads the JSON of its answer.
    pub(crate) async fn rest_json<T: DeserializeOwned>(
        &self,
        call: Call,
        what: &'static str,
    ) -> Result<T, CallError> {
        self.rest(call).await?.json(what).map_err(CallError::Call)
    }

    pub(crate) fn no_grant(&self, source: Failure) -> CallError {
        CallError::SignIn(self.sign_in_failed(source))
    }

    fn sign_in_failed(&self, source: Failure) -> Error {
        Error::SignIn {
            login: self.login.clone(),
            source,
        }
    }
}

impl fmt::Debug for Pbx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pbx")
            .field("url", &self.transport.base)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
