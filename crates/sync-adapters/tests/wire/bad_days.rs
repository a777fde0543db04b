//! Both ports of the PBX on its bad days: the fault that the engine decides by.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sync_adapters::starface::{
    GroupId, Login, ModuleName, OAuth, OAuthClient, Pbx, PbxUrl, SignIn, StarfaceAdapter, TargetGroup,
};
use sync_core::{ChatPort, Clock, Fault, PbxPort, PbxUserId, PortError, Value, Write};
use wiremock::ResponseTemplate;

use crate::support::{Clocks, Server, http, ok, status};

const USER: PbxUserId = PbxUserId(1004);
const PHONE: &str = "/rest/users/1004/phoneconfig";
const TOKEN_AT: &str = "/auth/realms/pbx/oauth2/token";

fn answers() -> Vec<(ResponseTemplate, Fault)> {
    let throttled = |seconds: Option<u64>| Fault::Throttled {
        retry_after: seconds.map(Duration::from_secs),
    };
    let page = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html>", "text/html");
    let cut = ResponseTemplate::new(200).set_body_raw("{\"doNotDisturb\": tr", "application/json");
    vec![
        (status(429), throttled(None)),
        (status(429).insert_header("retry-after", "7"), throttled(Some(7))),
        (status(503).insert_header("retry-after", "7"), throttled(Some(7))),
        (status(500), Fault::Server),
        (status(502), Fault::Unreachable),
        (page, Fault::Protocol),
        (cut, Fault::Protocol),
        (ok(&json!({"doNotDisturb": "no"})), Fault::Protocol),
        (
            status(307).insert_header("location", "https://portal.example/"),
            Fault::Configuration,
        ),
    ]
}

fn write() -> Write {
    Write {
        user: USER,
        login: sync_core::Login("0004".into()),
        from: Value::Dnd(false),
        to: Value::Dnd(true),
    }
}

/// A PBX of version 10 that issues no token yet.
async fn ten() -> (Server, StarfaceAdapter, Arc<Clocks>) {
    let server = Server::start().await;
    let document = json!({"token_endpoint": format!("https://pbx.example{TOKEN_AT}")});
    server
        .on("GET", "/.well-known/openid-configuration", ok(&document))
        .await;
    let client = OAuthClient::confidential(OAuthClient::HEADLESS, "SAMPLE-client-secret".into());
    let sign_in = SignIn::Auto {
        login: Login::new("0001"),
        password: "Pass123".into(),
        oauth: OAuth {
            client: Some(client),
            ..OAuth::default()
        },
    };
    let clocks = Arc::new(Clocks::default());
    let clock: Arc<dyn Clock> = clocks.clone();
    let pbx = Pbx::new(http(), PbxUrl::parse(server.url().as_str()).unwrap(), sign_in);
    let adapter = StarfaceAdapter::new(pbx, TargetGroup::Id(GroupId::new(1000)), clock);
    (server, adapter, clocks)
}

fn token() -> ResponseTemplate {
    ok(&json!({"access_token": "SAMPLE-access", "expires_in": 300, "token_type": "Bearer"}))
}

fn assert_told(error: &PortError, fault: Fault) {
    assert_eq!(error.fault, fault, "{}", error.chain());
    assert!(error.advice.is_some());
    let shown = format!("{error:?} {}", error.chain());
    assert!(!shown.contains("SAMPLE") && !shown.contains("Pass123"), "{shown}");
}

#[tokio::test]
async fn each_port_tells_each_bad_day_by_its_fault() {
    let server = Server::pbx().await;
    let pbx = server.starface(&Arc::default());
    let chat = pbx.chat(
        ModuleName::parse("TeamsPresence").unwrap(),
        "SAMPLE-module".into(),
    );
    for (answer, fault) in answers() {
        server.once("GET", "/rest/groups/1000", answer.clone()).await;
        assert_told(&pbx.roster().await.unwrap_err(), fault);
        server.once("GET", PHONE, answer.clone()).await;
        assert_told(&pbx.dnd(USER).await.unwrap_err(), fault);
        server
            .once("GET", PHONE, ok(&json!({"doNotDisturb": false})))
            .await;
        server.once("PUT", PHONE, answer.clone()).await;
        assert_told(&pbx.set_dnd(&write()).await.unwrap_err(), fault);
        server.once("POST", "/xml-rpc", answer).await;
        assert_told(&chat.chat(&[USER]).await.unwrap_err(), fault);
    }
    assert_eq!(server.count("POST /rest/login").await, 1);
}

#[tokio::test]
async fn a_bad_day_of_the_token_endpoint_is_no_refusal_and_is_got_over() {
    for (answer, fault) in answers() {
        let (server, pbx, _) = ten().await;
        server.once("POST", TOKEN_AT, answer).await;
        server.on("POST", TOKEN_AT, token()).await;
        server.on("GET", PHONE, ok(&json!({"doNotDisturb": true}))).await;
        assert_told(&pbx.dnd(USER).await.unwrap_err(), fault);
        assert!(pbx.dnd(USER).await.unwrap());
    }
}

#[tokio::test]
async fn what_version_10_refuses_is_sent_once_a_minute_at_most() {
    let refusal =
        status(400).set_body_json(json!({"error": "invalid_grant", "error_description": "Pass123 is wrong"}));
    let (server, pbx, clock) = ten().await;
    server.on("POST", TOKEN_AT, refusal).await;
    for (seconds, attempts) in [(0, 1), (59, 1), (1, 2), (3600, 3)] {
        clock.go_on(seconds);
        for _ in 0..3 {
            assert_told(&pbx.dnd(USER).await.unwrap_err(), Fault::Credentials);
            assert_told(&pbx.roster().await.unwrap_err(), Fault::Credentials);
        }
        assert_eq!(server.count(&format!("POST {TOKEN_AT}")).await, attempts);
    }
}

#[tokio::test]
async fn a_missing_client_is_a_fault_of_the_settings_and_presents_nothing() {
    let (server, _, clocks) = ten().await;
    let sign_in = SignIn::Auto {
        login: Login::new("0001"),
        password: "Pass123".into(),
        oauth: OAuth::default(),
    };
    let clock: Arc<dyn Clock> = clocks;
    let pbx = Pbx::new(http(), PbxUrl::parse(server.url().as_str()).unwrap(), sign_in);
    let pbx = StarfaceAdapter::new(pbx, TargetGroup::Id(GroupId::new(1000)), clock);
    let error = pbx.roster().await.unwrap_err();
    assert_told(&error, Fault::Configuration);
    assert_eq!(
        error.chain(),
        "cannot sign in to the PBX as `0001`: the PBX signs in by OAuth, and no OAuth client is configured"
    );
    assert_eq!(server.calls().await, ["GET /.well-known/openid-configuration"]);
}
