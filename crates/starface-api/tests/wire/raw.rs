//! A PBX without an HTTP library: it lets anybody in, and misbehaves at one kind of request.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use starface_api::{Pbx, PbxUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::double::{client, sign_in};

/// What it does instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Nothing: it answers.
    Answer,
    /// Ends the connection without a word.
    HangUp,
    /// Ends it within the head.
    HalfHead,
    /// Ends it within the body.
    HalfBody,
    /// Sends a body without an end.
    Endless,
    /// Sends the head byte by byte, one each second.
    DripHead,
    /// Sends the body byte by byte, one each second.
    DripBody,
    /// Keeps the connection, and says nothing.
    Silence,
}

pub(crate) struct RawPbx {
    address: SocketAddr,
    kept: Arc<Kept>,
    task: JoinHandle<()>,
}

struct Kept {
    behaviour: Behaviour,
    request: (&'static str, &'static str),
    asked: Mutex<Vec<String>>,
    /// How often it was booted: sessions of earlier times are lost.
    boots: AtomicUsize,
}

/// More than any test needs.
const MOST_CONNECTIONS: usize = 32;

impl RawPbx {
    /// Misbehaves at this request, by method and path.
    pub(crate) async fn start(behaviour: Behaviour, request: (&'static str, &'static str)) -> Self {
        let kept = Arc::new(Kept {
            behaviour,
            request,
            asked: Mutex::default(),
            boots: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            task: tokio::spawn(serve(listener, Arc::clone(&kept))),
            kept,
        }
    }

    pub(crate) fn pbx(&self) -> Pbx {
        let url = PbxUrl::parse(&format!("http://{}", self.address)).unwrap();
        Pbx::new(client(), url, sign_in())
    }

    /// Every request so far as `METHOD /path`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.kept.asked.lock().unwrap().clone()
    }

    pub(crate) async fn shut_down(&mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }

    /// Comes back at the same address, without its sessions.
    pub(crate) async fn boot(&mut self) {
        self.kept.boots.fetch_add(1, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = tokio::spawn(serve(listener, Arc::clone(&self.kept)));
    }
}

async fn serve(listener: TcpListener, kept: Arc<Kept>) {
    for _ in 0..MOST_CONNECTIONS {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        tokio::spawn(connection(stream, Arc::clone(&kept)));
    }
}

/// One request for each connection.
async fn connection(mut stream: TcpStream, kept: Arc<Kept>) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let mut words = request.split([' ', '?']);
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    kept.asked.lock().unwrap().push(format!("{method} {path}"));
    let behaviour = if (method, path) == kept.request {
        kept.behaviour
    } else {
        Behaviour::Answer
    };
    // Whoever is written to may be gone; that is what these tests are about.
    let _ = misbehave(&mut stream, behaviour, &kept.answer(method, path, &request)).await;
}

impl Kept {
    fn answer(&self, method: &str, path: &str, request: &str) -> String {
        let token = format!("SAMPLE-token-{}", self.boots.load(Ordering::SeqCst));
        let body = match (method, path) {
            ("GET", "/rest/login") => json!({"loginType": "Internal", "nonce": "n"}),
            ("POST", "/rest/login") => json!({ "token": token }),
            _ if !request
                .to_ascii_lowercase()
                .contains(&format!("authtoken: {}\r\n", token.to_lowercase())) =>
            {
                return "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    .to_owned();
            }
            (_, path) if path.ends_with("/phoneconfig") => json!({"doNotDisturb": false}),
            _ => json!([]),
        };
        let body = body.to_string();
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }
}

async fn misbehave(stream: &mut TcpStream, behaviour: Behaviour, answer: &str) -> std::io::Result<()> {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    match behaviour {
        Behaviour::Answer => stream.write_all(answer.as_bytes()).await,
        Behaviour::HangUp => Ok(()),
        Behaviour::HalfHead => stream.write_all(&answer.as_bytes()[..20]).await,
        Behaviour::HalfBody => {
            let half = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n[";
            stream.write_all(half.as_bytes()).await
        }
        Behaviour::Endless => {
            stream.write_all(endless.as_bytes()).await?;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
            for _ in 0..16_384 {
                stream.write_all(chunk.as_bytes()).await?;
            }
            Ok(())
        }
        Behaviour::DripHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-drops: ").await?;
            drip(stream, b".").await
        }
        Behaviour::DripBody => {
            stream.write_all(endless.as_bytes()).await?;
            drip(stream, b"1\r\n \r\n").await
        }
        Behaviour::Silence => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(())
        }
    }
}

async fn drip(stream: &mut TcpStream, drop: &[u8]) -> std::io::Result<()> {
    for _ in 0..600 {
        stream.write_all(drop).await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Reads a request to its end.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(text.into_owned());
        }
    }
}
