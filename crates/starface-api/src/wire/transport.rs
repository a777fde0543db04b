//! Sends one request and reads its answer, within limits.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response};
use rustls::{CertificateError, OtherError};
use url::Url;

use super::answer::Answer;
use crate::endpoint::PbxUrl;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::pbx::Observer;

/// An answer that is an error is read no further than this: only its beginning is ever shown.
const ERROR_BODY: usize = 16 * 1024;

/// The way to one PBX.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) client: Client,
    pub(crate) base: PbxUrl,
    pub(crate) timeout: Duration,
    pub(crate) observer: Option<Observer>,
}

/// One request, except for what signs it.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) url: Url,
    interface: Interface,
    body: Option<Body>,
    /// Whether a redirect is an answer here. It is never followed by itself.
    redirects: bool,
    /// The largest good answer, in bytes.
    pub(crate) limit: usize,
    /// How many times the ordinary time limit this call may take.
    pub(crate) patience: u32,
}

/// What a request carries.
#[derive(Clone)]
enum Body {
    Json(Vec<u8>),
    Xml(String),
    Form(Vec<u8>),
}

/// Which of the PBX's interfaces a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interface {
    Rest,
    XmlRpc,
    OAuth,
}

impl Call {
    /// A call of the REST interface: `X-Version: 2` is added to it when it is sent.
    pub(crate) fn rest(operation: Operation, method: Method, url: Url, limit: usize) -> Self {
        Self {
            operation,
            method,
            url,
            interface: Interface::Rest,
            body: None,
            redirects: false,
            limit,
            patience: 1,
        }
    }

    /// A call of the XML-RPC interface.
    pub(crate) fn xml_rpc(operation: Operation, url: Url, body: String, limit: usize) -> Self {
        Self {
            interface: Interface::XmlRpc,
            body: Some(Body::Xml(body)),
            ..Self::rest(operation, Method::POST, url, limit)
        }
    }

    /// Asks for a document of the PBX's authorization server; a redirect is an answer, too.
    pub(crate) fn document(operation: Operation, url: Url, limit: usize) -> Self {
        Self {
            interface: Interface::OAuth,
            redirects: true,
            ..Self::rest(operation, Method::GET, url, limit)
        }
    }

    /// Sends a form to the PBX's authorization server.
    pub(crate) fn form(operation: Operation, url: Url, form: Vec<u8>, limit: usize) -> Self {
        Self {
            interface: Interface::OAuth,
            body: Some(Body::Form(form)),
            ..Self::rest(operation, Method::POST, url, limit)
        }
    }

    pub(crate) fn json(self, body: Vec<u8>) -> Self {
        Self {
            body: Some(Body::Json(body)),
            ..self
        }
    }

    pub(crate) fn patient(self, patience: u32) -> Self {
        Self { patience, ..self }
    }
}

impl Transport {
    /// Sends the call with what `sign` adds to it.
    pub(crate) async fn send(
        &self,
        call: &Call,
        sign: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Failure> {
        let result = self.attempt(call, sign).await;
        let status = result.as_ref().ok().map(|answer| answer.status.as_u16());
        // Not the URL: on the XML-RPC interface it contains the password's hash.
        tracing::debug!(operation = %call.operation, status, "asked the PBX");
        if let Some(observer) = &self.observer {
            observer(call.operation, status);
        }
        result
    }

    async fn attempt(
        &self,
        call: &Call,
        sign: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Failure> {
        let timeout = self.timeout * call.patience;
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .timeout(timeout);
        request = match call.interface {
            Interface::Rest => rest(request),
            Interface::XmlRpc => request.header(header::ACCEPT, "text/xml"),
            Interface::OAuth => request.header(header::ACCEPT, "application/json"),
        };
        request = match &call.body {
            Some(Body::Xml(xml)) => typed(request, "text/xml; charset=utf-8").body(xml.clone()),
            Some(Body::Json(json)) => typed(request, "application/json").body(json.clone()),
            Some(Body::Form(form)) => typed(request, "application/x-www-form-urlencoded").body(form.clone()),
            None => request,
        };
        let unreachable = |error| failed(error, timeout);
        let response = sign(request).send().await.map_err(unreachable)?;
        let redirected = response.status().is_redirection() && !call.redirects;
        if redirected || response.url() != &call.url {
            return Err(Failure::Redirected);
        }
        read(response, call.limit).await.map_err(|fault| match fault {
            ReadFault::Broken(error) => failed(error, timeout),
            ReadFault::TooLarge { limit } => Failure::TooLarge { limit },
        })
    }
}

/// What the vendor's documentation asks of every REST call.
fn rest(request: RequestBuilder) -> RequestBuilder {
    request
        .header("X-Version", HeaderValue::from_static("2"))
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
}

fn typed(request: RequestBuilder, kind: &'static str) -> RequestBuilder {
    request.header(header::CONTENT_TYPE, HeaderValue::from_static(kind))
}

enum ReadFault {
    Broken(reqwest::Error),
    TooLarge { limit: usize },
}

async fn read(mut response: Response, limit: usize) -> Result<Answer, ReadFault> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    if status == StatusCode::NO_CONTENT {
        return Ok(Answer {
            status,
            headers,
            body,
            redacted: Vec::new(),
        });
    }
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            // The status is known and counts; the rest of an error page does not.
            Err(_) if !status.is_success() => break,
            Err(error) => return Err(ReadFault::Broken(error)),
        };
        if status.is_success() && body.len() + chunk.len() > limit {
            return Err(ReadFault::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
        if !status.is_success() && body.len() >= ERROR_BODY {
            body.truncate(ERROR_BODY);
            break;
        }
    }
    Ok(Answer {
        status,
        headers,
        body,
        redacted: Vec::new(),
    })
}

/// Says why there was no answer. The URL is taken out of the error, since it may contain the password's hash.
fn failed(error: reqwest::Error, timeout: Duration) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut { after: timeout };
    }
    if error.is_redirect() {
        return Failure::Redirected;
    }
    match untrusted(&error) {
        // A verifier of the caller's own says what it means by itself.
        Some(CertificateError::Other(OtherError(reason))) => Failure::Untrusted(reason),
        Some(reason) => Failure::Untrusted(Arc::new(rustls::Error::from(reason))),
        None => Failure::Unreachable(error.without_url().into()),
    }
}

/// What is wrong with the certificate, where the certificate is the reason why there is no connection.
fn untrusted(error: &reqwest::Error) -> Option<CertificateError> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        // An I/O error does not name what it wraps among its causes.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = match wrapped {
            Some(wrapped) => wrapped.downcast_ref::<rustls::Error>(),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if let Some(rustls::Error::InvalidCertificate(reason)) = tls {
            return Some(reason.clone());
        }
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
