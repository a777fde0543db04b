//! The address on this machine to which the browser comes back, and what it is shown there.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The last page is on its way for so long at most.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// A page for people.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// One sentence or two.
    pub text: String,
}

/// What a browser is shown.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The language, such as `de`.
    pub language: &'static str,
    /// Where the sign-in was stored.
    pub signed_in: Page,
    /// Where it was not.
    pub failed: Page,
    /// Where the browser brought something that belongs to no sign-in of now.
    pub another: Page,
}

/// A port of this machine's own, on both of its loopback addresses where there are two: `localhost` may be either.
#[derive(Debug)]
pub(super) struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    pub(super) async fn bind() -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = first.local_addr()?.port();
        let mut listeners = vec![first];
        // Machines without IPv6 have no second one.
        let second: SocketAddr = (Ipv6Addr::LOCALHOST, port).into();
        listeners.extend(TcpListener::bind(second).await.ok());
        Ok(Self { listeners, port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Shows the pages until it is closed.
    pub(super) fn serve(self, pages: Pages) -> Visits {
        let (sender, visits) = mpsc::channel(1);
        let routes = Router::new()
            .route("/", get(visit))
            .fallback(async || StatusCode::NOT_FOUND)
            .with_state(Door {
                visits: sender,
                pages: Arc::new(pages),
            });
        let closing = CancellationToken::new();
        let mut servers = JoinSet::new();
        for listener in self.listeners {
            let (routes, closed) = (routes.clone(), closing.clone());
            servers.spawn(async move {
                let serve = axum::serve(listener, routes).with_graceful_shutdown(closed.cancelled_owned());
                if let Err(error) = serve.await {
                    tracing::debug!(%error, "the address for the browser ended");
                }
            });
        }
        Visits {
            visits,
            closing,
            servers,
        }
    }
}

/// The browsers that come.
pub(super) struct Visits {
    visits: mpsc::Receiver<Visit>,
    closing: CancellationToken,
    servers: JoinSet<()>,
}

impl Visits {
    pub(super) async fn next(&mut self) -> Option<Visit> {
        self.visits.recv().await
    }

    /// Lets the last page go out, and listens no more.
    pub(super) async fn close(mut self) {
        self.visits.close();
        self.closing.cancel();
        let ended = async { while self.servers.join_next().await.is_some() {} };
        // A browser may keep its connection open; nothing depends on its end.
        let _ = tokio::time::timeout(LAST_PAGE, ended).await;
    }
}

/// A browser that waits for its page.
pub(super) struct Visit {
    query: String,
    outcome: oneshot::Sender<Outcome>,
}

enum Outcome {
    SignedIn,
    Failed,
    Another,
}

impl Visit {
    pub(super) fn query(&self) -> &str {
        &self.query
    }

    /// Shows how the sign-in ended.
    pub(super) fn ends(self, well: bool) {
        self.show(if well { Outcome::SignedIn } else { Outcome::Failed });
    }

    /// Shows that what was brought belongs to another sign-in.
    pub(super) fn turn_away(self) {
        self.show(Outcome::Another);
    }

    fn show(self, outcome: Outcome) {
        // A browser that was closed does not want to see it.
        let _ = self.outcome.send(outcome);
    }
}

#[derive(Clone)]
struct Door {
    visits: mpsc::Sender<Visit>,
    pages: Arc<Pages>,
}

async fn visit(State(door): State<Door>, RawQuery(query): RawQuery) -> Response {
    let (outcome, told) = oneshot::channel();
    let visit = Visit {
        query: query.unwrap_or_default(),
        outcome,
    };
    let outcome = match door.visits.send(visit).await {
        Ok(()) => told.await.unwrap_or(Outcome::Another),
        Err(_) => Outcome::Another,
    };
    let (status, page) = match outcome {
        Outcome::SignedIn => (StatusCode::OK, &door.pages.signed_in),
        Outcome::Failed => (StatusCode::OK, &door.pages.failed),
        Outcome::Another => (StatusCode::BAD_REQUEST, &door.pages.another),
    };
    // The address has the code in it: nothing of it may be kept or passed on, and nothing on the page may ask for more.
    let headers: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html(door.pages.language, page))).into_response()
}

fn html(language: &str, page: &Page) -> String {
    let (title, text) = (escaped(&page.title), escaped(&page.text));
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1><p>{text}</p></body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
