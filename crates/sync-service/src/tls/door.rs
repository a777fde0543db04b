//! The door of the listener: each connection shakes hands by itself, within a time, and keeps nobody else waiting.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::identity::TlsIdentity;
use super::seat::{Seated, Seats};

/// So many connections at once; most systems give a process a thousand files.
const SEATS: usize = 256;
/// A handshake takes no longer.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first byte of every TLS connection: a record of the handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// What whoever speaks plain HTTP to a door with TLS is told.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 49\r\nConnection: close\r\n\r\nthis address speaks HTTPS: write https:// before\n";

/// Lets connections in, by TLS where there is an identity.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// The identity of the moment; a new one is for connections that come after it.
    identity: Option<watch::Receiver<TlsIdentity>>,
    patience: Duration,
    seats: Seats,
}

/// A connection that is in.
pub(crate) type Stream = Seated<Either<TlsStream<TcpStream>, TcpStream>>;

impl Door {
    pub(crate) fn new(identity: Option<watch::Receiver<TlsIdentity>>, patience: Duration) -> Self {
        Self {
            identity,
            patience,
            seats: Seats::new(SEATS),
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Stream;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let identity = self.identity.as_ref().map(|identity| identity.borrow().clone());
        let patience = self.patience;
        let seat = self.seats.take();
        Box::pin(async move {
            let seat = seat?;
            let stream = match identity {
                Some(identity) => Either::Left(timeout(patience, shake_hands(stream, &identity)).await??),
                None => Either::Right(stream),
            };
            Ok((Seated::new(stream, seat), service))
        })
    }
}

async fn shake_hands(mut stream: TcpStream, identity: &TlsIdentity) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
        stream.write_all(SPEAK_TLS).await?;
        finish(&mut stream).await?;
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "somebody spoke plain HTTP",
        ));
    }
    TlsAcceptor::from(identity.server()).accept(stream).await
}

/// Closes a connection so that the answer arrives: what was sent is read first, because a system drops an answer together
/// with a connection that is closed over unread bytes.
async fn finish(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut left = tokio::io::AsyncReadExt::take(stream, 64 * 1024);
    tokio::io::copy(&mut left, &mut tokio::io::sink()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    fn identity() -> TlsIdentity {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["page.example".to_owned()]).unwrap();
        TlsIdentity::from_pem(format!("{}{}", cert.pem(), signing_key.serialize_pem()).as_bytes()).unwrap()
    }

    /// Both ends of a connection to a door with TLS.
    async fn at_the_door() -> (TcpStream, impl Future<Output = io::Result<(Stream, ())>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let outside = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (inside, _) = listener.accept().await.unwrap();
        let (sender, presented) = watch::channel(identity());
        let door = Door::new(Some(presented), HANDSHAKE);
        (outside, async move {
            let _sender = sender;
            door.accept(inside, ()).await
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_does_not_come_is_given_up() {
        let (mut outside, accepted) = at_the_door().await;
        let error = accepted.await.expect_err("nobody shook hands");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut nothing = Vec::new();
        assert_eq!(
            outside.read_to_end(&mut nothing).await.unwrap(),
            0,
            "it is closed"
        );
    }

    #[tokio::test]
    async fn whoever_speaks_plain_http_is_told_so() {
        let (mut outside, accepted) = at_the_door().await;
        outside
            .write_all(b"GET / HTTP/1.1\r\nHost: page.example\r\n\r\n")
            .await
            .unwrap();
        let asking = async {
            let mut answer = String::new();
            outside.read_to_string(&mut answer).await.unwrap();
            // Only now, so that the door has to wait for it.
            outside.shutdown().await.unwrap();
            answer
        };
        let (answer, accepted) = tokio::join!(asking, accepted);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{head}"
        );
        assert!(accepted.is_err());
    }

    #[tokio::test]
    async fn whoever_comes_when_all_seats_are_taken_is_sent_away() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Door {
            identity: None,
            patience: HANDSHAKE,
            seats: Seats::new(1),
        };
        let mut outside = Vec::new();
        let mut knock = async || {
            let address = listener.local_addr().unwrap();
            outside.push(TcpStream::connect(address).await.unwrap());
            let (inside, _) = listener.accept().await.unwrap();
            door.accept(inside, ()).await
        };
        let first = knock().await.expect("there is a seat");
        let second = knock().await.map(drop).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::QuotaExceeded);
        drop(first);
        assert!(knock().await.is_ok(), "the seat is free again");
    }
}
