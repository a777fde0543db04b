//! The built daemon on the way to a PBX with a certificate that nobody has signed, and through a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use end_to_end::{Daemon, Stage, StageOptions, eventually};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sandbox::{Except, Generation, OAuthRules, Subject};
use sync_adapters::http::Fingerprint;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// More connections than any test here makes.
const MOST: usize = 1_000;

/// TLS in front of the sandbox's PBX.
struct Front {
    address: SocketAddr,
    fingerprint: Fingerprint,
}

impl Front {
    async fn of(stage: &Stage) -> Self {
        let upstream = stage.sandbox.pbx_url();
        let upstream: SocketAddr = upstream
            .trim_start_matches("http://")
            .parse()
            .expect("an address on loopback");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["starface.local".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .expect("a certificate");
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.der().clone()], private)
            })
            .expect("a TLS configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            for _ in 0..MOST {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever does not trust the certificate hangs up here.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    if let Ok(mut upstream) = TcpStream::connect(upstream).await {
                        let _ = copy_bidirectional(&mut stream, &mut upstream).await;
                    }
                });
            }
        });
        Self {
            address,
            fingerprint: Fingerprint::of(certificate.der()),
        }
    }
}

/// A proxy that leads whatever is asked for to `target`, and keeps what that was.
async fn proxy_to(target: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        for _ in 0..MOST {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let Some(head) = head(&mut stream).await else {
                    return;
                };
                let line = head.lines().next().unwrap_or_default().to_owned();
                kept.lock().expect("nobody panicked").push(line);
                let Ok(mut upstream) = TcpStream::connect(target).await else {
                    return;
                };
                if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
                    let _ = copy_bidirectional(&mut stream, &mut upstream).await;
                }
            });
        }
    });
    (format!("http://{address}"), asked)
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn stage() -> Stage {
    Stage::set(StageOptions {
        generation: Generation::Ten(OAuthRules::default()),
        ..StageOptions::plain(5)
    })
    .await
}

/// The configuration with another address of the PBX and further lines about it.
fn configure(stage: &Stage, url: &str, lines: &str) {
    let text = std::fs::read_to_string(stage.config()).expect("the configuration can be read");
    let before = format!("url = \"{}\"\n", stage.sandbox.pbx_url());
    assert!(text.contains(&before), "{text}");
    stage.write(
        "presence-sync.toml",
        &text.replace(&before, &format!("url = \"{url}\"\n{lines}\n")),
    );
}

async fn in_line(stage: &Stage) {
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    let history = stage.sandbox.history();
    assert!(history.iter().any(|record| record.subject == Subject::Chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_pbx_is_kept_in_line_with_its_chat_status() {
    let stage = stage().await;
    let front = Front::of(&stage).await;
    let pin = format!("certificate_sha256 = \"{}\"", front.fingerprint);
    configure(&stage, &format!("https://{}", front.address), &pin);
    let _daemon = stage.daemon();
    in_line(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_pinned_is_named_and_nothing_is_sent() {
    let stage = stage().await;
    let front = Front::of(&stage).await;
    let other = Fingerprint::of(b"another certificate");
    let pin = format!("certificate_sha256 = \"{other}\"");
    configure(&stage, &format!("https://{}", front.address), &pin);
    let _daemon = stage.daemon();
    let seen = front.fingerprint.to_string();
    let told = eventually(|| async {
        let log = stage.log();
        let mut lines = log.lines();
        lines
            .find(|line| line.contains("ERROR") && line.contains(&seen))
            .map(str::to_owned)
    });
    let line = told.await.unwrap_or_else(|| panic!("{}", stage.log()));
    assert!(
        line.contains(&other.to_string()) && line.contains("certificate_sha256"),
        "{line}"
    );
    assert_eq!(stage.sandbox.counters().pbx(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_behind_a_proxy_is_asked_for_by_its_name() {
    for by_environment in [false, true] {
        let stage = stage().await;
        let front = Front::of(&stage).await;
        let (proxy, asked) = proxy_to(front.address).await;
        let mut lines = format!("certificate_sha256 = \"{}\"", front.fingerprint);
        if !by_environment {
            lines += &format!("\nproxy = \"{proxy}\"");
        }
        configure(&stage, "https://pbx.invalid", &lines);
        let variables = [("HTTPS_PROXY", proxy.as_str())];
        let variables = if by_environment { &variables[..] } else { &[] };
        let _daemon = Daemon::start_with(stage.config(), variables);
        in_line(&stage).await;
        let asked = asked.lock().expect("nobody panicked");
        assert!(!asked.is_empty());
        assert!(
            asked
                .iter()
                .all(|line| line.starts_with("CONNECT pbx.invalid:443 ")),
            "{asked:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_proxy_is_none_whatever_the_environment_says() {
    let stage = stage().await;
    let front = Front::of(&stage).await;
    let (proxy, asked) = proxy_to(front.address).await;
    let lines = format!("certificate_sha256 = \"{}\"\nproxy = \"\"", front.fingerprint);
    configure(&stage, "https://pbx.invalid", &lines);
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("ALL_PROXY", proxy.as_str())];
    let _daemon = Daemon::start_with(stage.config(), &variables);
    let failed = eventually(|| async { stage.log().contains("sign in to the PBX").then_some(()) });
    assert!(failed.await.is_some(), "{}", stage.log());
    assert_eq!(*asked.lock().expect("nobody panicked"), Vec::<String>::new());
}
