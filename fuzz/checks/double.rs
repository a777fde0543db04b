//! A server on loopback that signs everybody in, and answers everything else with what it was told last.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::runtime::{Builder, Runtime};

pub(super) struct Double {
    pub(super) url: String,
    answer: Arc<Mutex<Vec<u8>>>,
    runtime: Runtime,
}

impl Double {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let answer = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                thread::spawn(move || serve(&stream, &told));
            }
        });
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("it can be made");
        Self { url, answer, runtime }
    }

    /// What a call comes to that is answered with this.
    pub(super) fn answers<T>(&self, answer: &[u8], call: impl Future<Output = T>) -> T {
        *self.answer.lock().expect("nobody panics with it") = answer.to_vec();
        self.runtime.block_on(call)
    }
}

/// Answers one request after the other on a connection.
fn serve(stream: &TcpStream, told: &Mutex<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let login = line.starts_with("GET");
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        reader.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
        let (status, body) = match path.as_str() {
            "/rest/login" if login => (
                "200 OK",
                br#"{"loginType":"Internal","nonce":"n","secret":null}"#.to_vec(),
            ),
            "/rest/login" => ("200 OK", br#"{"token":"SAMPLE-token"}"#.to_vec()),
            path if path.starts_with("/.well-known") => ("404 Not Found", Vec::new()),
            _ => ("200 OK", told.lock().ok()?.clone()),
        };
        let mut answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend(body);
        // In one piece: whoever waits for the second one of two waits for 40 ms.
        let mut stream = stream;
        stream.write_all(&answer).ok()?;
    }
}

/// A client of it.
#[expect(
    clippy::disallowed_methods,
    reason = "the factory of the product's clients is no part of what is tried"
)]
pub(super) fn http() -> reqwest::Client {
    reqwest::Client::new()
}
