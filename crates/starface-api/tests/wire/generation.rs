//! Finding out the generation of a PBX, without credentials.

use std::time::Duration;

use serde_json::json;
use starface_api::{ClientAuth, Error, Failure, Fault, KnownSignIn, OAuth, SignInMemory};
use wiremock::ResponseTemplate;

use crate::double::{Double, OUTER_HASH, PASSWORD, expected, headers, ok, status};
use crate::ten::{
    CLIENT_SECRET, DOCUMENT, TOKEN_AT, WELL_KNOWN, forced, issued, known, oauth, refused, remembering,
};

const LOGIN_AT: &str = "/rest/login";

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html></html>", "text/html")
}

/// Nothing in all requests so far is a credential of ours.
async fn assert_nothing_presented(double: &Double) {
    for request in double.requests().await {
        let shown = format!(
            "{} {:?} {}",
            request.url,
            request.headers,
            String::from_utf8_lossy(&request.body)
        );
        for secret in [PASSWORD, OUTER_HASH, CLIENT_SECRET, "uthorization", "0001"] {
            assert!(!shown.contains(secret), "`{secret}` in {shown}");
        }
        assert_eq!(request.method, "GET");
    }
}

#[tokio::test]
async fn a_pbx_with_a_discovery_document_signs_in_by_oauth() {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    double.always("GET", "/rest/users", ok(json!([]))).await;
    let pbx = double.auto();
    for _ in 0..2 {
        assert_eq!(pbx.users().await.unwrap(), []);
    }
    assert_eq!(
        double.calls().await,
        [
            format!("GET {WELL_KNOWN}"),
            format!("GET {DOCUMENT}"),
            format!("POST {TOKEN_AT}"),
            "GET /rest/users".to_owned(),
            "GET /rest/users".to_owned(),
        ]
    );
    let seen = double.requests().await;
    let json = "application/json";
    for discovery in &seen[..2] {
        assert_eq!(headers(discovery), expected([("accept", json)]));
        assert!(discovery.body.is_empty() && discovery.url.query().is_none());
    }
    assert_eq!(
        headers(&seen[2]),
        expected([
            ("accept", json),
            ("content-type", "application/x-www-form-urlencoded")
        ])
    );
    let form = &double.forms().await[0];
    assert_eq!(
        *form,
        expected([
            ("grant_type", "password"),
            ("username", "0001"),
            ("password", PASSWORD),
            ("scope", "login"),
            ("client_id", "rest-client-headless"),
            ("client_secret", CLIENT_SECRET),
        ])
    );
    let signed = expected([
        ("accept", json),
        ("authorization", "Bearer SAMPLE-access-1"),
        ("x-version", "2"),
    ]);
    assert_eq!((headers(&seen[3]), headers(&seen[4])), (signed.clone(), signed));
}

#[tokio::test]
async fn a_pbx_without_one_signs_in_with_a_nonce() {
    for answer in [
        status(404),
        status(403),
        page(),
        status(302).insert_header("location", "/index.html"),
        status(302).insert_header("location", "https://portal.example/guest"),
        status(301),
    ] {
        let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
        double.always("GET", WELL_KNOWN, answer).await;
        double.always("GET", "/rest/users", ok(json!([]))).await;
        double.auto().users().await.unwrap();
        assert_eq!(
            double.calls().await,
            [
                &format!("GET {WELL_KNOWN}"),
                "GET /rest/login",
                "POST /rest/login",
                "GET /rest/users"
            ]
        );
    }
}

#[tokio::test]
async fn a_pbx_that_is_just_starting_or_answers_nonsense_is_of_no_generation() {
    let seven = Some(Duration::from_secs(7));
    for (answer, fault) in [
        (status(500), Fault::Server),
        (status(503), Fault::Unreachable),
        (
            status(429).insert_header("retry-after", "7"),
            Fault::Throttled { retry_after: seven },
        ),
        (ok(json!({"issuer": "x"})), Fault::Protocol),
        (ok(json!({"token_endpoint": "/relative"})), Fault::Protocol),
        (ok(json!({"token_endpoint": 7})), Fault::Protocol),
        (ok(json!(["token_endpoint"])), Fault::Protocol),
        (
            ResponseTemplate::new(200).set_body_raw("{\"token_endpoint\": \"https://pb", "application/json"),
            Fault::Protocol,
        ),
        (
            ResponseTemplate::new(200).set_body_raw(" ".repeat(300 * 1024), "application/json"),
            Fault::Protocol,
        ),
        (
            status(302).insert_header("location", WELL_KNOWN),
            Fault::Configuration,
        ),
    ] {
        let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
        double.always("GET", WELL_KNOWN, answer).await;
        let error = double.auto().sign_in().await.unwrap_err();
        assert_eq!(error.fault(), fault, "{error:?}");
        assert_nothing_presented(&double).await;
        assert_eq!(double.count("GET /rest/login").await, 0);
    }
}

#[tokio::test]
async fn a_captive_portal_is_shown_no_password_by_either_way() {
    for answer in [
        page(),
        status(302).insert_header("location", "https://portal.example/guest"),
    ] {
        let double = Double::start().await;
        for at in [WELL_KNOWN, LOGIN_AT] {
            double.always("GET", at, answer.clone()).await;
        }
        let error = double.auto().sign_in().await.unwrap_err();
        assert!(
            matches!(error.fault(), Fault::Protocol | Fault::Configuration),
            "{error:?}"
        );
        assert_nothing_presented(&double).await;
    }
}

#[tokio::test]
async fn credentials_stay_on_the_pbx_whatever_the_document_says() {
    let double = Double::start().await;
    let elsewhere = json!({"token_endpoint": "https://login.example.cloud/issue", "edgeNodeId": "42"});
    double.once("GET", WELL_KNOWN, ok(elsewhere)).await;
    let pbx = double.auto();
    let error = pbx.sign_in().await.unwrap_err();
    assert!(
        matches!(error.failure(), Some(Failure::SignInElsewhere { host }) if host == "login.example.cloud"),
        "{error:?}"
    );
    assert_eq!(error.fault(), Fault::Configuration);
    assert_nothing_presented(&double).await;

    let here = json!({"token_endpoint": "https://pbx.internal/issue?x=1", "edgeNodeId": null});
    double.once("GET", WELL_KNOWN, ok(here)).await;
    double.once("POST", "/issue", issued(1)).await;
    pbx.sign_in().await.unwrap();
    assert_eq!(double.calls().await.last().unwrap(), "POST /issue");
}

#[tokio::test]
async fn a_pbx_that_is_attached_to_a_cloud_and_signs_in_itself_is_told_which_node_is_meant() {
    let double = Double::start().await;
    let endpoint = format!("{}{TOKEN_AT}", double.url());
    let document = json!({"token_endpoint": endpoint, "edgeNodeId": 42});
    double.always("GET", WELL_KNOWN, ok(document)).await;
    double.token(issued(1)).await;
    double.auto().sign_in().await.unwrap();
    assert_eq!(double.forms().await[0]["resource"], "edgenode://42");
}

#[tokio::test]
async fn a_forced_generation_is_not_looked_behind() {
    let old = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let error = old.pbx_as(forced(oauth())).sign_in().await.unwrap_err();
    assert!(matches!(error.failure(), Some(Failure::NoOAuth)), "{error:?}");
    assert_eq!(error.fault(), Fault::Configuration);
    assert!(error.advice().contains("`nonce`"));
    assert_nothing_presented(&old).await;
    assert_eq!(old.calls().await, [format!("GET {WELL_KNOWN}")]);

    let new = Double::ten().await;
    new.challenge("Internal").await;
    new.always("POST", LOGIN_AT, ok(json!({"token": "SAMPLE-token"})))
        .await;
    new.pbx().sign_in().await.unwrap();
    assert_eq!(new.calls().await, ["GET /rest/login", "POST /rest/login"]);
}

#[tokio::test]
async fn without_a_client_nothing_is_presented_to_version_10() {
    let double = Double::ten().await;
    let pbx = double.pbx_as(crate::ten::auto(OAuth::default()));
    let error = pbx.sign_in().await.unwrap_err();
    assert!(
        matches!(error.failure(), Some(Failure::NoOAuthClient)),
        "{error:?}"
    );
    assert_eq!(error.fault(), Fault::Configuration);
    assert!(error.advice().contains("oauth_client_secret_file"));
    assert_nothing_presented(&double).await;
}

#[tokio::test]
async fn what_worked_is_remembered_and_not_found_out_again() {
    let ten = Double::ten().await;
    ten.token(issued(1)).await;
    ten.token(issued(2)).await;
    let memory = std::sync::Arc::default();
    ten.auto_remembering(&memory).sign_in().await.unwrap();
    assert_eq!(memory.load().await, Some(known("login", ClientAuth::Body)));
    ten.auto_remembering(&memory).sign_in().await.unwrap();
    assert_eq!(ten.count(&format!("GET {WELL_KNOWN}")).await, 1);

    let nine = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    let memory = std::sync::Arc::default();
    for _ in 0..2 {
        nine.auto_remembering(&memory).sign_in().await.unwrap();
        assert_eq!(memory.load().await, Some(KnownSignIn::Nonce));
    }
    assert_eq!(nine.count(&format!("GET {WELL_KNOWN}")).await, 1);
}

#[tokio::test]
async fn nothing_is_remembered_of_what_did_not_work() {
    let double = Double::ten().await;
    double.token(refused(400, "invalid_grant")).await;
    let memory = std::sync::Arc::default();
    double.auto_remembering(&memory).sign_in().await.unwrap_err();
    assert_eq!(memory.load().await, None);
}

#[tokio::test]
async fn a_pbx_that_was_updated_is_found_out_again_before_anything_is_presented() {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    let memory = remembering(KnownSignIn::Nonce).await;
    double.auto_remembering(&memory).sign_in().await.unwrap();
    assert_eq!(
        double.calls().await,
        [
            "GET /rest/login",
            &format!("GET {WELL_KNOWN}"),
            &format!("GET {DOCUMENT}"),
            &format!("POST {TOKEN_AT}")
        ]
    );
    assert_eq!(memory.load().await, Some(known("login", ClientAuth::Body)));
}

#[tokio::test]
async fn a_token_endpoint_that_moved_is_found_again_with_what_else_is_known() {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    let moved =
        json!({"generation": "oauth", "token_path": "/old", "scope": "pbx-login", "client_auth": "basic"});
    let memory = remembering(serde_json::from_value(moved).unwrap()).await;
    double.auto_remembering(&memory).sign_in().await.unwrap();
    assert_eq!(double.calls().await[0], "POST /old");
    let form = &double.forms().await[0];
    assert_eq!(form["scope"], "pbx-login");
    assert!(form.contains_key("Authorization") && !form.contains_key("client_secret"));
    assert_eq!(memory.load().await, Some(known("pbx-login", ClientAuth::Basic)));
}

#[tokio::test]
async fn an_outage_and_a_wrong_password_leave_the_memory_as_it_is() {
    let before = known("pbx-login", ClientAuth::Basic);
    for answer in [status(503), status(429), refused(400, "invalid_grant")] {
        let double = Double::ten().await;
        double.token(answer).await;
        let memory = remembering(before.clone()).await;
        double.auto_remembering(&memory).sign_in().await.unwrap_err();
        assert_eq!(double.calls().await, [format!("POST {TOKEN_AT}")]);
        assert_eq!(memory.load().await, Some(before.clone()));
    }
}

#[tokio::test]
async fn a_known_client_that_is_refused_is_not_tried_in_another_way_now_but_found_out_anew_later() {
    let double = Double::ten().await;
    double.token(refused(401, "invalid_client")).await;
    let memory = remembering(known("login", ClientAuth::Body)).await;
    let pbx = double.auto_remembering(&memory);
    for _ in 0..2 {
        let error = pbx.sign_in().await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }));
        assert_eq!(error.fault(), Fault::Credentials);
    }
    assert_eq!(double.calls().await, [format!("POST {TOKEN_AT}")]);
    assert_eq!(memory.load().await, None);
    pbx.forget_refusal();
    double.token(issued(1)).await;
    pbx.sign_in().await.unwrap();
    assert_eq!(double.calls().await[1], format!("GET {WELL_KNOWN}"));
}

#[tokio::test]
async fn a_refused_nonce_login_is_not_followed_by_oauth_but_looked_at_again_later() {
    let double = Double::ten().await;
    double.challenge("Internal").await;
    double.once("POST", LOGIN_AT, status(400)).await;
    double.token(issued(1)).await;
    let memory = remembering(KnownSignIn::Nonce).await;
    let pbx = double.auto_remembering(&memory);
    assert_eq!(pbx.sign_in().await.unwrap_err().fault(), Fault::Credentials);
    assert_eq!(double.calls().await, ["GET /rest/login", "POST /rest/login"]);
    pbx.forget_refusal();
    pbx.sign_in().await.unwrap();
    assert_eq!(memory.load().await, Some(known("login", ClientAuth::Body)));
}
