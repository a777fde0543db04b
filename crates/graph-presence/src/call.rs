//! One call of Graph: authorised, repeated where that is safe, its status made a typed error.

use std::sync::Arc;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    cloud::Cloud,
    error::{CallError, ProtocolError},
    exchange::{Answer, Exchange, Trace},
    graph_error::{Permission, Refusal, is_passing},
    limits::Limits,
    observer::Api,
    retry_after,
    token::{AccessToken, TokenSource},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What every call shares.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) exchange: Exchange,
    pub(crate) cloud: Cloud,
    pub(crate) tokens: Arc<dyn TokenSource>,
    pub(crate) limits: Limits,
}

/// One request, with what its answer may weigh and what it needs.
pub(crate) struct Call {
    pub(crate) api: Api,
    pub(crate) permission: Permission,
    pub(crate) bytes: usize,
    request: reqwest::Request,
}

impl Call {
    pub(crate) fn get(api: Api, permission: Permission, bytes: usize, url: Url) -> Self {
        let mut request = reqwest::Request::new(Method::GET, url);
        request.headers_mut().insert(ACCEPT, JSON);
        Self {
            api,
            permission,
            bytes,
            request,
        }
    }

    pub(crate) fn post(
        api: Api,
        permission: Permission,
        bytes: usize,
        url: Url,
        body: &impl Serialize,
    ) -> Self {
        let mut request = reqwest::Request::new(Method::POST, url);
        request.headers_mut().insert(ACCEPT, JSON);
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        *request.body_mut() = Some(
            serde_json::to_vec(body)
                .expect("a request is made of text alone")
                .into(),
        );
        Self {
            api,
            permission,
            bytes,
            request,
        }
    }
}

/// A good answer, not yet read.
pub(crate) struct Body {
    pub(crate) trace: Trace,
    bytes: Vec<u8>,
    token: AccessToken,
}

impl Body {
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, CallError> {
        serde_json::from_slice(&self.bytes).map_err(|error| self.wrong(error))
    }

    pub(crate) fn wrong(&self, error: impl Into<ProtocolError>) -> CallError {
        CallError::new(self.trace.clone(), error.into())
    }

    /// A text of the answer without the token that it was called with.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.token.scrub(text)
    }
}

impl Caller {
    /// Makes the call: one new token after a 401, a few repetitions after 500 and 502. Where Graph asks for a pause,
    /// the pause is the caller's.
    pub(crate) async fn send(&self, call: &Call) -> Result<Body, CallError> {
        let mut token = self.tokens.token().await?;
        let mut renewed = false;
        let mut delays = self.delays();
        loop {
            let (trace, answer) = self.attempt(call, &token).await?;
            match answer.status {
                status if status.is_success() => {
                    return Ok(Body {
                        trace,
                        bytes: answer.body,
                        token,
                    });
                }
                status if status.is_redirection() => {
                    return Err(CallError::new(trace, ProtocolError::Redirect(status.as_u16())));
                }
                StatusCode::UNAUTHORIZED if !renewed => {
                    renewed = true;
                    token = self.tokens.renew(&token).await?;
                    continue;
                }
                status if is_passing(status) && retry_after::of_headers(&answer.headers).is_none() => {
                    if let Some(delay) = delays.next() {
                        tokio::time::sleep(delay).await;
                        continue;
                    }
                }
                _ => {}
            }
            let refusal = Refusal::of_answer(&answer, call.permission, |text| token.scrub(text));
            return Err(CallError::new(trace, refusal));
        }
    }

    /// The delays before each repetition.
    pub(crate) fn delays(&self) -> impl Iterator<Item = std::time::Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.limits.retry_delay)
            .with_max_times(self.limits.retries)
            .with_jitter()
            .build()
    }

    async fn attempt(&self, call: &Call, token: &AccessToken) -> Result<(Trace, Answer), CallError> {
        let mut request = call.request.try_clone().expect("the body is bytes");
        request.headers_mut().insert(AUTHORIZATION, token.bearer());
        let (trace, answer) = self.exchange.send(call.api, request, call.bytes).await;
        match answer {
            Ok(answer) => Ok((trace, answer)),
            Err(error) => Err(CallError::new(trace, error)),
        }
    }
}
