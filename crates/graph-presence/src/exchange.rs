//! One HTTP exchange: bounded in time and size, traced by a request id, never redirected.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header::DATE};
use uuid::Uuid;

use crate::observer::{Api, CallObserver};

/// The header that Microsoft keeps with its own trace of a call.
pub(crate) const CLIENT_REQUEST_ID: &str = "client-request-id";

/// More of an error's body than this says nothing more.
const ERROR_BYTES: usize = 64 << 10;

/// What identifies one call to Microsoft's support.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// The id that we sent as `client-request-id`.
    pub client_request_id: Uuid,
    /// The id that the service answered with, as `request-id` (Graph) or `x-ms-request-id` (Entra).
    pub request_id: Option<String>,
    /// The `Date` of the answer.
    pub date: Option<String>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self {
            client_request_id: Uuid::new_v4(),
            request_id: None,
            date: None,
        }
    }

    fn read(&mut self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(|text| clean(text, 128));
        self.request_id = text("request-id").or_else(|| text("x-ms-request-id"));
        self.date = text(DATE.as_str());
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLIENT_REQUEST_ID} {}", self.client_request_id)?;
        if let Some(id) = &self.request_id {
            write!(f, ", request-id {id}")?;
        }
        if let Some(date) = &self.date {
            write!(f, ", {date}")?;
        }
        Ok(())
    }
}

/// No whole answer came.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The exchange took longer than its limit.
    #[error("no whole answer within {0:?}")]
    TimedOut(Duration),
    /// No connection was made: name, route, proxy or certificate.
    #[error("no connection")]
    Connect(#[source] Arc<reqwest::Error>),
    /// The connection broke before the answer was whole.
    #[error("the connection broke")]
    Broken(#[source] Arc<reqwest::Error>),
    /// The answer was larger than its limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        // The address can hold people's e-mail addresses, in a link to a further page.
        let error = Arc::new(error.without_url());
        if error.is_connect() {
            Self::Connect(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// An answer of whatever status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The HTTP client with the bounds of its calls.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) http: reqwest::Client,
    pub(crate) timeout: Duration,
    pub(crate) observer: Arc<dyn CallObserver>,
}

impl Exchange {
    /// Sends a request; the trace is there also where no answer came. An error's body is cut, any other one that is
    /// larger than `most` bytes is refused.
    pub(crate) async fn send(
        &self,
        api: Api,
        mut request: reqwest::Request,
        most: usize,
    ) -> (Trace, Result<Answer, TransportError>) {
        let mut trace = Trace::new();
        let id =
            HeaderValue::from_str(&trace.client_request_id.to_string()).expect("a UUID is a header value");
        request.headers_mut().insert(CLIENT_REQUEST_ID, id);
        let answer = tokio::time::timeout(self.timeout, self.read(request, most, &mut trace))
            .await
            .unwrap_or(Err(TransportError::TimedOut(self.timeout)));
        self.observer
            .ended(api, answer.as_ref().ok().map(|answer| answer.status.as_u16()));
        match &answer {
            Err(error) => tracing::debug!(%api, %trace, %error, "call failed"),
            Ok(answer) if !answer.status.is_success() => {
                tracing::debug!(%api, %trace, status = answer.status.as_u16(), "call refused");
            }
            Ok(_) => {}
        }
        (trace, answer)
    }

    async fn read(
        &self,
        request: reqwest::Request,
        most: usize,
        trace: &mut Trace,
    ) -> Result<Answer, TransportError> {
        let mut response = self.http.execute(request).await?;
        trace.read(response.headers());
        let status = response.status();
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        if status.is_success() && announced > most {
            return Err(TransportError::TooLarge(most));
        }
        let mut body = Vec::with_capacity(announced.min(most));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if status.is_success() => return Err(error.into()),
                // The status of an error is worth more than the rest of its body.
                Err(_) => break,
            }
            if status.is_success() && body.len() > most {
                return Err(TransportError::TooLarge(most));
            }
            if !status.is_success() && body.len() >= ERROR_BYTES {
                body.truncate(ERROR_BYTES);
                break;
            }
        }
        Ok(Answer {
            status,
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

/// Another party's text as one printable line of at most `most` characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Another party's text without a secret that it may have echoed.
pub(crate) fn scrub(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        text.to_owned()
    } else {
        text.replace(secret, "[secret]")
    }
}
