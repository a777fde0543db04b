//! What both servers have in common: loopback alone, counting, and faults before and after the real answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use futures_util::{Stream, stream};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::counters::Operation;
use crate::faults::Fault;
use crate::state::{World, seconds_since_1970};

/// The largest body that is read: far above what any caller should send.
const BODY: usize = 64 * 1024 * 1024;
/// A request that is not answered ends with the connection, at the latest after this time.
const HANG: Duration = Duration::from_secs(120);
/// The time between two bytes of a dripping answer, and their number: it ends later than any caller's patience.
const DRIP: Duration = Duration::from_millis(100);
const DRIPS: u32 = 3_000;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    closing: CancellationToken,
    task: JoinHandle<()>,
}

/// The sandbox could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not one of this machine's own loopback.
    #[error("the sandbox listens on loopback alone, and {0} is not that")]
    NotLoopback(SocketAddr),
    /// The port is taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Server {
    pub(crate) async fn start(address: SocketAddr, routes: Router) -> Result<Self, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let refuse = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let closing = CancellationToken::new();
        let closed = closing.clone();
        let task = tokio::spawn(async move {
            // What a caller does to its connection is the caller's matter.
            let _ = axum::serve(listener, routes)
                .with_graceful_shutdown(closed.cancelled_owned())
                .await;
        });
        Ok(Self {
            address,
            closing,
            task,
        })
    }

    pub(crate) async fn stop(self) {
        self.closing.cancel();
        // Callers may keep connections open; they are not waited for.
        let abort = self.task.abort_handle();
        if tokio::time::timeout(Duration::from_millis(200), self.task)
            .await
            .is_err()
        {
            abort.abort();
        }
    }
}

/// Which kind of request it is. The kind of an XML-RPC call is in its body.
type Classify = fn(&axum::http::Method, &str, &[u8]) -> Operation;

#[derive(Clone)]
struct Gate {
    world: Arc<World>,
    classify: Classify,
}

/// Puts counting and faults in front of the routes.
pub(crate) fn guarded(routes: Router, world: Arc<World>, classify: Classify) -> Router {
    routes.layer(from_fn_with_state(Gate { world, classify }, guard))
}

async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response<Body> {
    let Gate { world, classify } = gate;
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let operation = classify(&head.method, head.uri.path(), &body);
    let fault = {
        let mut state = world.state();
        state.counters.begin(operation);
        if operation.is_pbx() && state.is_blacklisted() {
            Some(Fault::Hang)
        } else {
            state.faults.next(operation)
        }
    };
    if !world.fixed.answer_delay.is_zero() {
        tokio::time::sleep(world.fixed.answer_delay).await;
    }
    let request = Request::from_parts(head, Body::from(body));
    let counted = Counted {
        world: Arc::clone(&world),
        operation,
        status: 0,
    };
    let mut answer = counted.answer(fault, next, request).await;
    let ahead = world.state().ahead;
    if ahead != 0 {
        let at = u64::try_from(seconds_since_1970().saturating_add(ahead)).unwrap_or_default();
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at));
        if let Ok(date) = date.parse() {
            answer.headers_mut().insert(header::DATE, date);
        }
    }
    answer
}

/// Counts the request when it ends, whichever way: a caller may go away before.
struct Counted {
    world: Arc<World>,
    operation: Operation,
    status: u16,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let (operation, status) = (self.operation, self.status);
        self.world.change(|state| state.counters.end(operation, status));
    }
}

impl Counted {
    async fn answer(mut self, fault: Option<Fault>, next: Next, request: Request) -> Response<Body> {
        let answer = match fault {
            None => next.run(request).await,
            Some(Fault::Status(status, after)) => refusal(self.operation, status, after),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                next.run(request).await
            }
            Some(Fault::Hang) => {
                tokio::time::sleep(HANG).await;
                return cut();
            }
            Some(Fault::Drop) => return cut(),
            Some(Fault::Lost) => {
                drop(next.run(request).await);
                return cut();
            }
            Some(Fault::Html) => page(),
            Some(Fault::Malformed) => (
                [(header::CONTENT_TYPE, "application/json")],
                "{\"value\": [{\"id\":",
            )
                .into_response(),
            Some(Fault::WrongTypes) => (
                [(header::CONTENT_TYPE, "application/json")],
                "{\"value\": 7, \"token\": [], \"access_token\": {}}",
            )
                .into_response(),
            Some(Fault::Endless) => endless(),
            Some(Fault::Drip) => drip(),
            Some(Fault::Omit) => omitted(next.run(request).await).await,
        };
        self.status = answer.status().as_u16();
        answer
    }
}

/// An answer that promises more than it sends.
fn cut() -> Response<Body> {
    let parts = [
        Ok(Bytes::from_static(b"{")),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    json(stream::iter(parts))
}

fn endless() -> Response<Body> {
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    // One gigabyte, so that a caller who reads on ends some day, too.
    json(stream::iter(
        std::iter::repeat_n(chunk, 16_384).map(Ok::<_, io::Error>),
    ))
}

/// White space may stand before JSON, so no byte of it says that the answer is not good.
fn drip() -> Response<Body> {
    json(stream::unfold(0, |sent| async move {
        tokio::time::sleep(DRIP).await;
        (sent < DRIPS).then(|| (Ok::<_, io::Error>(Bytes::from_static(b" ")), sent + 1))
    }))
}

fn json(parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response<Body> {
    let mut answer = Response::new(Body::from_stream(parts));
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn page() -> Response<Body> {
    let body = "<!DOCTYPE html><html><body><h1>Please sign in to the guest network</h1></body></html>";
    ([(header::CONTENT_TYPE, "text/html")], body).into_response()
}

fn refusal(operation: Operation, status: u16, after: Option<u64>) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = if operation == Operation::PbxToken {
        serde_json::json!({ "error": "temporarily_unavailable", "error_description": "a fault of the sandbox" })
    } else if operation.is_pbx() {
        serde_json::json!({ "code": status.as_u16(), "message": "a fault of the sandbox" })
    } else if operation == Operation::Token {
        serde_json::json!({ "error": "temporarily_unavailable", "error_description": "a fault of the sandbox", "error_codes": [90033] })
    } else {
        serde_json::json!({ "error": { "code": "sandboxFault", "message": "a fault of the sandbox", "innerError": {} } })
    };
    let mut answer = (status, axum::Json(body)).into_response();
    if let Some(after) = after {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(after));
    }
    answer
}

/// Leaves every second item of `value` out.
async fn omitted(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let bytes = to_bytes(body, BODY).await.unwrap_or_default();
    let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    if let Some(items) = answer.get_mut("value").and_then(Value::as_array_mut) {
        let mut keep = false;
        items.retain(|_| {
            keep = !keep;
            keep
        });
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(answer.to_string()))
}
