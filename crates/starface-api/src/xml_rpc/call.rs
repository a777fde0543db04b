//! Calls an entry point of a PBX module.

use std::sync::PoisonError;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use super::request::{Param, method_call};
use super::response::{self, Struct};
use crate::failure::{Failure, ServerText};
use crate::operation::Operation;
use crate::pbx::{CallError, Pbx};
use crate::sign_in::Ticket;
use crate::wire::{Answer, Call};

const LIMIT: usize = 1024 * 1024;

/// What is remembered between XML-RPC calls.
#[derive(Default)]
pub(crate) struct RpcState {
    /// The session cookie. Every call signs itself, but without the cookie the PBX would begin a session per call.
    pub(crate) cookie: Option<SecretString>,
    /// The PBX accepted us for REST but not here. It is not asked again, like after a refused sign-in.
    refused: Option<Failure>,
}

/// One call.
pub(crate) struct RpcCall<'a> {
    pub(crate) operation: Operation,
    pub(crate) method: &'a str,
    pub(crate) members: &'a [(&'a str, Param<'a>)],
    /// A secret among the members.
    pub(crate) secret: &'a SecretString,
}

impl Pbx {
    /// Calls a module's entry point with one struct, and returns the struct that comes back.
    pub(crate) async fn rpc(&self, rpc: &RpcCall<'_>) -> Result<Struct, CallError> {
        if let Some(failure) = self.rpc_state(|state| state.refused.clone()) {
            return Err(CallError::Call(failure));
        }
        let mut ticket = self
            .session
            .grant()
            .await
            .map_err(|source| self.no_grant(source))?;
        let mut answer = self.post(rpc, &ticket).await.map_err(CallError::Call)?;
        if answer.status == StatusCode::UNAUTHORIZED && ticket.grant.rpc.follows_token {
            let renewed = self
                .session
                .instead_of(&ticket)
                .await
                .map_err(|source| self.no_grant(source))?;
            if let Some(renewed) = renewed {
                ticket = renewed;
                answer = self.post(rpc, &ticket).await.map_err(CallError::Call)?;
            }
        }
        self.read(&answer, &ticket, rpc.secret).map_err(CallError::Call)
    }

    async fn post(&self, rpc: &RpcCall<'_>, ticket: &Ticket) -> Result<Answer, Failure> {
        let mut url = self.transport.base.join(&["xml-rpc"]);
        url.set_query(Some(&ticket.grant.rpc.query()));
        let call = Call::xml_rpc(rpc.operation, url, method_call(rpc.method, rpc.members), LIMIT);
        let cookie = self.rpc_state(|state| state.cookie.clone());
        let answer = self
            .transport
            .send(&call, |request| match cookie.as_ref().and_then(sensitive) {
                Some(cookie) => request.header(header::COOKIE, cookie),
                None => request,
            });
        let answer = answer.await?;
        if let Some(cookie) = session_cookie(&answer.headers) {
            self.rpc_state(|state| state.cookie = Some(cookie));
        }
        Ok(answer.without(&ticket.grant.rpc.value).without(rpc.secret))
    }

    fn read(&self, answer: &Answer, ticket: &Ticket, secret: &SecretString) -> Result<Struct, Failure> {
        match answer.status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let status = answer.status.as_u16();
                let failure = Failure::CredentialsRefused {
                    status,
                    text: ServerText::default(),
                };
                self.rpc_state(|state| {
                    *state = RpcState {
                        cookie: None,
                        refused: Some(failure.clone()),
                    }
                });
                return Err(failure);
            }
            _ => return Err(answer.failure(StatusCode::OK)),
        }
        let auth = ticket.grant.rpc.value.expose_secret();
        let hash = auth.rsplit(':').next().unwrap_or_default();
        response::parse(&answer.body, &[auth, hash, secret.expose_secret()])
    }

    /// The lock is held for this look alone, never while waiting for anything.
    fn rpc_state<T>(&self, look: impl FnOnce(&mut RpcState) -> T) -> T {
        look(&mut self.rpc.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The session cookie that an answer sets, as `name=value`.
fn session_cookie(headers: &HeaderMap) -> Option<SecretString> {
    let mut cookies = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let cookie = cookies.find(|cookie| cookie.starts_with("JSESSIONID="))?;
    Some(cookie.split(';').next()?.trim().into())
}

fn sensitive(text: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
