//! What a failed call leaves in the log. The only test of its process: a subscriber of one thread does not reliably
//! hear what another test's thread registered first.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use graph_presence::{AccessToken, Address, Cloud, GraphClient, SignInError, TokenSource};
use serde_json::json;
use url::Url;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

struct OneToken(AccessToken);

#[async_trait]
impl TokenSource for OneToken {
    async fn token(&self) -> Result<AccessToken, SignInError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _: &AccessToken) -> Result<AccessToken, SignInError> {
        Ok(self.0.clone())
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the client is handed its HTTP client, and here it comes from"
)]
async fn a_failed_call_leaves_its_ids_and_neither_secret_nor_person() {
    let server = MockServer::start().await;
    let echo =
        json!({"error": {"code": "SAMPLE-token", "message": "Bearer SAMPLE-token for anna@example.com"}});
    let answer = ResponseTemplate::new(404)
        .insert_header("request-id", "r-1")
        .insert_header("Date", "Tue, 01 Dec 2026 09:00:00 GMT")
        .set_body_json(echo);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let uri = Url::parse(&server.uri()).unwrap();
    let token = AccessToken::new("SAMPLE-token".to_owned().into()).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = GraphClient::new(
        http,
        Cloud::custom(uri.clone(), uri).unwrap(),
        Arc::new(OneToken(token)),
    );

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let error = {
        let _logging = tracing::subscriber::set_default(subscriber);
        client
            .users_by_address(&[Address::new("anna@example.com").unwrap()])
            .await
            .unwrap_err()
    };

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains(&error.trace().unwrap().to_string()), "{log}");
    assert!(
        log.contains("request-id r-1, Tue, 01 Dec 2026 09:00:00 GMT"),
        "{log}"
    );
    assert!(log.contains("status=404"), "{log}");
    assert!(!log.contains('@') && !log.contains("SAMPLE"), "{log}");
}
