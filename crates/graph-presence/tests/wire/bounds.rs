use std::time::Duration;

use graph_presence::{Fault, Limits};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::ResponseTemplate;

use crate::support::{PRESENCE_PATH, Tenant, all_busy, chain, http, ids, ok, quick};

async fn error_of(answer: ResponseTemplate, limits: Limits) -> (Fault, String) {
    let tenant = Tenant::start().await;
    tenant.on_presence(move |_| answer.clone()).await;
    let error = tenant
        .client()
        .with_limits(limits)
        .presences(&ids(2))
        .await
        .unwrap_err();
    assert_eq!(tenant.count(PRESENCE_PATH).await, 1);
    (error.fault(), chain(&error))
}

#[tokio::test]
async fn an_answer_that_is_no_presence_is_a_fault_of_protocol() {
    let raw = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json");
    let rows = [
        raw("<html>captive portal</html>"),
        raw(""),
        raw("{\"value\":[{\"id\":\"fa8bf3dc"),
        raw("{\"value\":[]} and more"),
        raw("{}"),
        raw("[]"),
        raw("{\"value\":{}}"),
        ResponseTemplate::new(204),
        ResponseTemplate::new(418),
    ];
    for answer in rows {
        let (fault, chain) = error_of(answer, quick()).await;
        assert_eq!(fault, Fault::Protocol, "{chain}");
        assert!(!chain.contains("fa8bf3dc"), "{chain}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|_| ResponseTemplate::new(307).insert_header("Location", "/elsewhere"))
        .await;
    tenant.on("POST", "/elsewhere", all_busy).await;
    let error = tenant.client().presences(&ids(2)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert!(chain(&error).contains("redirect (HTTP 307)"), "{}", chain(&error));
    assert_eq!(tenant.count("/elsewhere").await, 0);
}

#[tokio::test]
async fn an_answer_is_refused_from_its_first_byte_too_many() {
    let body = json!({"value": [], "x": "y".repeat(100)});
    let size = body.to_string().len();
    let limits = |bytes| Limits {
        presence_bytes: bytes,
        ..quick()
    };
    let (fault, chain) = error_of(ok(&body), limits(size - 1)).await;
    assert_eq!(fault, Fault::Protocol);
    assert!(
        chain.contains(&format!("larger than {} bytes", size - 1)),
        "{chain}"
    );
    let tenant = Tenant::start().await;
    tenant.on_presence(move |_| ok(&body)).await;
    tenant
        .client()
        .with_limits(limits(size))
        .presences(&ids(2))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_slow_answer_is_unreachable() {
    let limits = Limits {
        timeout: Duration::from_millis(100),
        ..quick()
    };
    let slow = ok(&json!({"value": []})).set_delay(Duration::from_secs(60));
    let (fault, chain) = error_of(slow, limits).await;
    assert_eq!(fault, Fault::Unreachable);
    assert!(chain.contains("no whole answer within 100ms"), "{chain}");
}

/// A Graph that sends `head` and then `piece` so often, and hangs up or keeps silent.
async fn raw_graph(head: &'static str, piece: &'static [u8], times: usize, hangs_up: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 8192]).await;
        let _ = stream.write_all(head.as_bytes()).await;
        for _ in 0..times {
            if stream.write_all(piece).await.is_err() {
                break;
            }
        }
        if !hangs_up {
            let _ = stream.read(&mut [0; 1]).await;
        }
    });
    uri
}

async fn raw_error(uri: &str) -> (Fault, String) {
    let tenant = Tenant::start().await;
    let limits = Limits {
        presence_bytes: 64 << 10,
        timeout: Duration::from_secs(10),
        ..quick()
    };
    let tokens = std::sync::Arc::new(tenant.tokens());
    let client =
        graph_presence::GraphClient::new(http(), crate::support::cloud(uri), tokens).with_limits(limits);
    let error = client.presences(&ids(1)).await.unwrap_err();
    (error.fault(), chain(&error))
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let uri = raw_graph(head, b"10\r\n[[[[[[[[[[[[[[[[\r\n", 8192, false).await;
    let (fault, chain) = raw_error(&uri).await;
    assert_eq!(fault, Fault::Protocol);
    assert!(chain.contains("larger than 65536 bytes"), "{chain}");
}

#[tokio::test]
async fn an_endless_error_still_is_that_error() {
    let head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    let uri = raw_graph(head, b"10\r\n[[[[[[[[[[[[[[[[\r\n", 8192, false).await;
    let (fault, _) = raw_error(&uri).await;
    assert_eq!(
        fault,
        Fault::Throttled {
            retry_after: Some(Duration::from_secs(5))
        }
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unreachable() {
    let uri = raw_graph(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"{\"value\":[]}",
        1,
        true,
    )
    .await;
    let (fault, chain) = raw_error(&uri).await;
    assert_eq!(fault, Fault::Unreachable);
    assert!(chain.contains("the connection broke"), "{chain}");
}
