//! A PBX that answers too much, too slowly, or not at all.

use starface_api::{Error, Failure, Fault, Pbx, PbxUrl, UserId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::ResponseTemplate;

use crate::double::{Double, client, sign_in, status};

/// A server that answers every request with these bytes, repeats the last of them until the client hangs up, and never
/// sees more than a few connections.
async fn raw_server(head: &'static str, endless: &'static str) -> PbxUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for _ in 0..4 {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            tokio::spawn(serve(stream, head, endless));
        }
    });
    PbxUrl::parse(&format!("http://{address}")).unwrap()
}

async fn serve(mut stream: TcpStream, head: &str, endless: &str) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let mut sent = stream.write_all(head.as_bytes()).await;
    let most = 100_000;
    for _ in 0..most {
        if endless.is_empty() || sent.is_err() {
            return;
        }
        sent = stream.write_all(endless.as_bytes()).await;
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n";
    let url = raw_server(
        head,
        "400\r\n                                                                \r\n",
    )
    .await;
    // Chunks whose length is wrong end as a broken connection, correct ones as an answer too large: both must end.
    let error = Pbx::new(client(), url, sign_in()).sign_in().await.unwrap_err();
    assert!(
        matches!(error.fault(), Fault::Protocol | Fault::Unreachable),
        "{error:?}"
    );

    let chunk: &'static str = Box::leak(format!("400\r\n{}\r\n", " ".repeat(0x400)).into_boxed_str());
    let url = raw_server(head, chunk).await;
    let error = Pbx::new(client(), url, sign_in()).sign_in().await.unwrap_err();
    assert!(
        matches!(error.failure(), Some(Failure::TooLarge { .. })),
        "{error:?}"
    );
    assert_eq!(error.fault(), Fault::Protocol);
}

#[tokio::test]
async fn an_endless_error_page_counts_by_its_status() {
    let head = "HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk: &'static str = Box::leak(format!("400\r\n{}\r\n", "x".repeat(0x400)).into_boxed_str());
    let error = Pbx::new(client(), raw_server(head, chunk).await, sign_in())
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Server);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_of_its_call_is_refused() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let large = format!("{{\"doNotDisturb\":false,\"x\":\"{}\"}}", "x".repeat(300 * 1024));
    let answer = ResponseTemplate::new(200).set_body_raw(large, "application/json");
    double.always("GET", "/rest/users/1004/phoneconfig", answer).await;
    let error = double.pbx().phone_config(UserId::new(1004)).await.unwrap_err();
    assert!(
        matches!(error.failure(), Some(Failure::TooLarge { limit: 262_144 })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_list_of_many_users_is_within_its_limit() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let one = |id| {
        format!(
            r#"{{"id":{id},"login":"{id}","firstName":"Anna","familyName":"Berg","email":"a{id}@example.com"}}"#
        )
    };
    let all = format!("[{}]", (1..=20_000).map(one).collect::<Vec<_>>().join(","));
    double
        .always(
            "GET",
            "/rest/users",
            ResponseTemplate::new(200).set_body_raw(all, "application/json"),
        )
        .await;
    assert_eq!(double.pbx().users().await.unwrap().len(), 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_pbx_that_never_answers_is_given_up_on() {
    // The listener is there and says nothing, like a PBX that has blacklisted us.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = PbxUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let error = Pbx::new(client(), url, sign_in()).users().await.unwrap_err();
    assert!(
        matches!(error.failure(), Some(Failure::TimedOut { after }) if *after == Pbx::DEFAULT_TIMEOUT),
        "{error:?}"
    );
    assert_eq!(error.fault(), Fault::Unreachable);
    assert!(error.advice().contains("blacklisted"));
}

#[tokio::test]
async fn a_dead_host_is_unreachable_and_tried_again_at_the_next_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = PbxUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let pbx = Pbx::new(client(), url, sign_in());
    for _ in 0..2 {
        let error = pbx.users().await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::SignIn {
                    source: Failure::Unreachable(_),
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.fault(), Fault::Unreachable);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    double
        .always(
            "GET",
            "/rest/users",
            status(307).insert_header("location", "/rest/elsewhere"),
        )
        .await;
    let error = double.pbx().users().await.unwrap_err();
    assert!(matches!(error, Error::Users(Failure::Redirected)), "{error:?}");
    assert_eq!(double.count("GET /rest/elsewhere").await, 0);
}
