//! The listener of the local API, and the file by which it is found.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum_server::{Handle, Server};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::{Endpoint, EndpointError};
use crate::tls::{Door, HANDSHAKE, TlsIdentity};

/// Whoever connects has to have asked for something by then; an idle connection is closed after this time, too. Longer than
/// clients keep an idle one.
const HEADERS: Duration = Duration::from_secs(30);
/// What is under way when the daemon stops gets this long to end.
const END: Duration = Duration::from_secs(1);

/// What is known of a running listener.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    path: PathBuf,
    endpoint: Arc<Mutex<Endpoint>>,
    /// Where it speaks TLS: what it presents.
    identity: Option<watch::Sender<TlsIdentity>>,
}

impl Listening {
    pub(super) fn new(path: PathBuf, endpoint: Endpoint, identity: Option<TlsIdentity>) -> Self {
        let endpoint = Endpoint {
            address: reachable_here(endpoint.address),
            certificate: identity.as_ref().map(TlsIdentity::fingerprint),
            ..endpoint
        };
        Self {
            path,
            endpoint: Arc::new(Mutex::new(endpoint)),
            identity: identity.map(watch::Sender::new),
        }
    }

    /// Publishes the endpoint, unless another daemon that runs has published its own.
    pub(super) fn publish(&self) -> Result<(), EndpointError> {
        self.endpoint().publish_unless_taken(&self.path).map(drop)
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.identity.is_some()
    }

    /// Where somebody on this machine reaches it, without a path.
    pub(super) fn url(&self) -> String {
        self.endpoint().url()
    }

    /// Takes the file back.
    pub(super) fn withdraw(&self) {
        self.endpoint().withdraw(&self.path);
    }

    /// Presents another certificate to everybody who connects from now on. Connections that are open stay.
    pub(super) fn present(&self, identity: &TlsIdentity) {
        let Some(presented) = &self.identity else {
            return;
        };
        let fingerprint = identity.fingerprint();
        self.endpoint().certificate = Some(fingerprint);
        presented.send_replace(identity.clone());
        if let Err(error) = self.publish() {
            tracing::error!(%error, "the new certificate cannot be published to `presencectl`");
        }
        tracing::info!(%fingerprint, "a new certificate is presented");
    }

    /// A daemon that waits behind another one is found as soon as that one has ended.
    pub(super) async fn keep_published(self, closing: CancellationToken) {
        while closing
            .run_until_cancelled(tokio::time::sleep(Duration::from_secs(2)))
            .await
            .is_some()
        {
            if let Err(error) = self.publish() {
                tracing::debug!(%error, "the local API cannot be published");
            }
        }
    }

    /// Serves until the daemon closes.
    pub(super) fn serve(
        &self,
        listener: TcpListener,
        router: Router,
        closing: CancellationToken,
    ) -> JoinHandle<()> {
        let identity = self.identity.as_ref().map(watch::Sender::subscribe);
        let handle = Handle::new();
        let mut server = Server::<SocketAddr>::from_listener(listener)
            .acceptor(Door::new(identity, HANDSHAKE))
            .first_request_timeout(HEADERS)
            .handle(handle.clone())
            .http1_only();
        server.http_builder().http1().header_read_timeout(HEADERS);
        tokio::spawn(async move {
            closing.cancelled().await;
            handle.graceful_shutdown(Some(END));
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move {
            if let Err(error) = server.serve(service).await {
                tracing::error!(%error, "the local API ended");
            }
        })
    }

    fn endpoint(&self) -> MutexGuard<'_, Endpoint> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where somebody on this machine reaches whoever listens on all its addresses.
fn reachable_here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
