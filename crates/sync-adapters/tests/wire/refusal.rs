//! Refused credentials.

use std::sync::Arc;

use sync_adapters::starface::ModuleName;
use sync_core::{ChatPort, Fault, PbxPort, PbxUserId};

use crate::support::{Clocks, Server, ok, status};

const USER: PbxUserId = PbxUserId(1004);

async fn refusing() -> Server {
    let server = Server::start().await;
    let template = serde_json::json!({"loginType": "Internal", "nonce": "n", "secret": null});
    server.on("GET", "/rest/login", ok(&template)).await;
    server
}

#[tokio::test]
async fn a_refused_password_is_sent_once_a_minute_at_most_however_many_ask() {
    let server = refusing().await;
    server.on("POST", "/rest/login", status(401)).await;
    let clock = Arc::new(Clocks::default());
    let pbx = server.starface(&clock);
    let chat = pbx.chat(ModuleName::parse("TeamsPresence").unwrap(), "SAMPLE".into());
    for (seconds, attempts) in [(0, 1), (30, 1), (29, 1), (1, 2), (59, 2), (1, 3), (3600, 4)] {
        clock.go_on(seconds);
        for _ in 0..3 {
            assert_eq!(pbx.dnd(USER).await.unwrap_err().fault, Fault::Credentials);
            assert_eq!(pbx.roster().await.unwrap_err().fault, Fault::Credentials);
            assert_eq!(chat.chat(&[USER]).await.unwrap_err().fault, Fault::Credentials);
        }
        assert_eq!(
            server.count("POST /rest/login").await,
            attempts,
            "after {seconds} s more"
        );
    }
}

#[tokio::test]
async fn a_password_that_was_put_right_on_the_pbx_works_again() {
    let server = refusing().await;
    server.once("POST", "/rest/login", status(401)).await;
    server
        .on(
            "POST",
            "/rest/login",
            ok(&serde_json::json!({"token": "SAMPLE-token"})),
        )
        .await;
    server
        .on(
            "GET",
            "/rest/users/1004/phoneconfig",
            ok(&serde_json::json!({"doNotDisturb": true})),
        )
        .await;
    let clock = Arc::new(Clocks::default());
    let pbx = server.starface(&clock);
    assert!(pbx.dnd(USER).await.is_err());
    clock.go_on(60);
    assert!(pbx.dnd(USER).await.unwrap());
    clock.go_on(600);
    assert!(pbx.dnd(USER).await.unwrap());
    assert_eq!(server.count("POST /rest/login").await, 2);
}

#[tokio::test]
async fn an_operator_may_have_a_refused_password_tried_again_at_once() {
    let server = refusing().await;
    server.on("POST", "/rest/login", status(401)).await;
    let pbx = server.starface(&Arc::new(Clocks::default()));
    for attempts in [1, 2] {
        assert!(pbx.dnd(USER).await.is_err());
        assert!(pbx.dnd(USER).await.is_err());
        assert_eq!(server.count("POST /rest/login").await, attempts);
        pbx.forget_refusal();
    }
}

#[tokio::test]
async fn other_failures_are_no_refusal() {
    let server = Server::pbx().await;
    server
        .on("GET", "/rest/users/1004/phoneconfig", status(403))
        .await;
    let clock = Arc::new(Clocks::default());
    let pbx = server.starface(&clock);
    for _ in 0..3 {
        assert_eq!(pbx.dnd(USER).await.unwrap_err().fault, Fault::Permission);
        clock.go_on(100);
    }
    assert_eq!(server.count("POST /rest/login").await, 1);
    assert_eq!(server.count("GET /rest/users/1004/phoneconfig").await, 3);
}
