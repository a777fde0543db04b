//! What reaches the log, and what errors carry, when a call breaks off. A program of its own, because a log is collected for a
//! whole process.
#![expect(clippy::unwrap_used, reason = "a test, and what only it uses")]

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use starface_api::{
    ChatModule, ChatStatus, Fault, Login, ModuleName, OAuth, OAuthClient, Pbx, PbxUrl, SignIn, UserId,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::fmt::MakeWriter;

const PASSWORD: &str = "Pass123";
const TOKEN: &str = "SAMPLE-token-1";
const MODULE_SECRET: &str = "SAMPLE-module-secret";
const CLIENT_SECRET: &str = "SAMPLE-client-secret";
const NONCE: &str = "pds24hmip1ctbogn1l8ujvs5u4";
/// The beginnings of the hashes that the two sign-ins of this login, password and nonce send.
const HASHES: [&str; 2] = ["092e2b8d5daf530d", "31436ea367a9c01c"];

fn assert_no_secret(text: &str) {
    for secret in [PASSWORD, TOKEN, MODULE_SECRET, CLIENT_SECRET]
        .iter()
        .chain(&HASHES)
    {
        assert!(!text.contains(secret), "`{secret}` in: {text}");
    }
}

fn everything_of(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error}; {error:?}; "));
        next = error.source();
    }
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client is handed in, and here is where the test makes its own"
)]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A PBX that lets us sign in and then hangs up on whatever is asked.
async fn hangs_up_after_sign_in() -> PbxUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for _ in 0..16 {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            tokio::spawn(one_request(stream));
        }
    });
    PbxUrl::parse(&format!("http://{address}")).unwrap()
}

async fn one_request(mut stream: TcpStream) {
    let mut request = Vec::new();
    let body = loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap_or(0);
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        if text.starts_with("GET /rest/login") && text.contains("\r\n\r\n") {
            break json!({"loginType": "Internal", "nonce": NONCE}).to_string();
        }
        if text.starts_with("POST /rest/login") && text.ends_with('}') {
            break json!({ "token": TOKEN }).to_string();
        }
        if text.starts_with("GET /.well-known/") && text.contains("\r\n\r\n") {
            break json!({ "token_endpoint": "https://pbx.example/token" }).to_string();
        }
        if text.starts_with("POST /token") && text.contains(CLIENT_SECRET) {
            let refresh = format!("{TOKEN}-refresh");
            break json!({ "access_token": TOKEN, "refresh_token": refresh, "token_type": "Bearer" })
                .to_string();
        }
        let ours = [
            "GET /rest/login",
            "POST /rest/login",
            "GET /.well-known/",
            "POST /token",
        ];
        let ours = ours.iter().any(|beginning| text.starts_with(beginning));
        if read == 0 || !ours {
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_errors_nor_logs_show_what_signs_in_and_what_signs_calls() {
    let (login, password) = (Login::new("0001"), PASSWORD);
    let client = OAuthClient::confidential(OAuthClient::HEADLESS, CLIENT_SECRET.into());
    for sign_in in [
        SignIn::Nonce {
            login: login.clone(),
            password: password.into(),
        },
        SignIn::Auto {
            login,
            password: password.into(),
            oauth: OAuth {
                client: Some(client),
                ..OAuth::default()
            },
        },
    ] {
        assert_nothing_shown(sign_in).await;
    }
}

async fn assert_nothing_shown(sign_in: SignIn) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let pbx = Pbx::new(client(), hangs_up_after_sign_in().await, sign_in);
    let module = ChatModule::new(
        pbx.clone(),
        ModuleName::parse("TeamsPresence").unwrap(),
        MODULE_SECRET.into(),
    );
    let error = module
        .set(UserId::new(1004), ChatStatus::Away, "")
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Unreachable);
    assert_no_secret(&everything_of(&error));
    let error = pbx.users().await.unwrap_err();
    assert_no_secret(&everything_of(&error));
    pbx.logout().await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("operation=set-chat"), "{log}");
    assert_no_secret(&log);
}
