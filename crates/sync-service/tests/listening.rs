//! A daemon that speaks TLS, and whoever speaks to it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

mod home;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sync_adapters::http::{Fingerprint, HttpClient, HttpSettings};
use sync_service::api::{Client, ClientError, Endpoint};

use home::Home;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A daemon without instances, listening there by a certificate of its own.
fn listening_on(address: &str) -> (Home, Fingerprint) {
    let configuration =
        format!("version = 1\n[daemon]\nlisten = \"{address}\"\ntls_certificate_file = \"page.pem\"\n");
    let home = Home::with(&[("presence-sync.toml", &configuration)]);
    let fingerprint = certify(&home);
    (home, fingerprint)
}

/// Writes a new certificate with its key.
fn certify(home: &Home) -> Fingerprint {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["page.example".to_owned()]).unwrap();
    home.write(
        "page.pem",
        &format!("{}{}", cert.pem(), signing_key.serialize_pem()),
    );
    Fingerprint::of(cert.der())
}

fn trusting(certificate: Fingerprint) -> reqwest::Client {
    let settings = HttpSettings {
        certificate_sha256: Some(certificate),
        ..HttpSettings::default()
    };
    HttpClient::build(&settings).unwrap()
}

#[tokio::test]
async fn the_client_trusts_the_certificate_of_the_endpoint_and_no_other() {
    let (home, fingerprint) = listening_on("127.0.0.1:0");
    let daemon = home.start(None).await.unwrap();
    assert!(daemon.speaks_tls());
    let endpoint = home.endpoint();
    assert_eq!(endpoint.certificate, Some(fingerprint));
    let client = Client::connect(endpoint.clone()).unwrap();
    assert_eq!(client.status().await.unwrap().daemon.program, "0.0.0-test");

    let other = Endpoint {
        certificate: Some(Fingerprint::of(b"another one")),
        ..endpoint
    };
    let refused = Client::connect(other).unwrap().status().await;
    assert!(
        matches!(refused, Err(ClientError::Broken { .. })),
        "it answers, and is not believed: {refused:?}"
    );
    daemon.stop().await;
    assert!(matches!(client.status().await, Err(ClientError::NotRunning(_))));
}

#[tokio::test]
async fn whoever_listens_on_all_addresses_is_found_on_this_machine() {
    let (home, _) = listening_on("0.0.0.0:0");
    let daemon = home.start(None).await.unwrap();
    assert!(daemon.address().ip().is_unspecified());
    let endpoint = home.endpoint();
    assert!(endpoint.address.ip().is_loopback(), "{endpoint:?}");
    assert!(Client::connect(endpoint).unwrap().status().await.is_ok());
    daemon.stop().await;
}

#[tokio::test]
async fn a_plain_request_is_refused_and_the_next_one_by_tls_is_served() {
    let (home, fingerprint) = listening_on("127.0.0.1:0");
    let daemon = home.start(None).await.unwrap();
    let plain = HttpClient::plain().unwrap();
    let answer = plain
        .get(format!("http://{}/healthz", daemon.address()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    let text = answer.text().await.unwrap();
    assert!(text.contains("https://"), "{text}");
    let url = format!("https://{}/healthz", daemon.address());
    let answer = trusting(fingerprint).get(url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok\n");
    daemon.stop().await;
}

#[tokio::test]
async fn whoever_does_not_shake_hands_keeps_nobody_waiting() {
    let (home, fingerprint) = listening_on("127.0.0.1:0");
    let daemon = home.start(None).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(daemon.address()).await.unwrap());
    }
    let url = format!("https://{}/healthz", daemon.address());
    let answer = trusting(fingerprint)
        .get(url)
        // Shorter than a handshake may take.
        .timeout(std::time::Duration::from_secs(8))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    // They are still there, and end with the daemon at the latest.
    daemon.stop().await;
    let mut byte = [0];
    assert!(matches!(silent[0].read(&mut byte).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_changed_certificate_is_taken_up_by_a_reload() {
    let (home, first) = listening_on("127.0.0.1:0");
    let daemon = home.start(None).await.unwrap();
    let url = format!("https://{}/healthz", daemon.address());
    let second = certify(&home);
    assert!(
        trusting(first).get(&url).send().await.is_ok(),
        "nothing was read yet"
    );
    daemon.reload().await.unwrap();
    assert!(trusting(first).get(&url).send().await.is_err());
    assert!(trusting(second).get(&url).send().await.is_ok());
    assert_eq!(home.endpoint().certificate, Some(second));
    assert!(Client::connect(home.endpoint()).unwrap().status().await.is_ok());

    home.write("page.pem", "SAMPLE");
    let errors = daemon.reload().await.unwrap_err().to_string();
    assert!(errors.contains("`daemon.tls_certificate_file`"), "{errors}");
    assert!(
        trusting(second).get(&url).send().await.is_ok(),
        "the old settings go on"
    );
    daemon.stop().await;
}
