//! The OAuth sign-in of version 10: what is tried, in which order, and when never again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use starface_api::{
    ChatModule, ChatStatus, ClientAuth, Failure, Fault, ModuleName, OAuth, OAuthClient, TokenRefusal, UserId,
};
use wiremock::ResponseTemplate;

use crate::double::{Double, MODULE_SECRET, PASSWORD, everything_of, ok, status};
use crate::ten::{CLIENT_SECRET, TOKEN_AT, auto, forced, issue, issued, known, oauth, refused, remembering};

/// `rest-client-headless:SAMPLE-client-secret` as HTTP Basic has it.
const BASIC: &str = "Basic cmVzdC1jbGllbnQtaGVhZGxlc3M6U0FNUExFLWNsaWVudC1zZWNyZXQ=";

fn fields(forms: &[BTreeMap<String, String>], name: &str) -> Vec<String> {
    forms
        .iter()
        .map(|form| form.get(name).cloned().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn another_scope_is_tried_after_invalid_scope_and_the_one_that_worked_is_kept() {
    let double = Double::ten().await;
    double.token(refused(400, "invalid_scope")).await;
    double.token(refused(400, "invalid_scope")).await;
    double.token(issued(1)).await;
    double.token(issued(2)).await;
    let memory = std::sync::Arc::default();
    double.auto_remembering(&memory).sign_in().await.unwrap();
    double.auto_remembering(&memory).sign_in().await.unwrap();
    assert_eq!(
        fields(&double.forms().await, "scope"),
        ["login", "pbx-login pbx-admin", "pbx-login", "pbx-login"]
    );
}

#[tokio::test]
async fn a_remembered_scope_that_is_no_more_is_followed_by_the_others_once_each() {
    let double = Double::ten().await;
    for _ in 0..3 {
        double.token(refused(400, "invalid_scope")).await;
    }
    let memory = remembering(known("pbx-login", ClientAuth::Body)).await;
    let error = double.auto_remembering(&memory).sign_in().await.unwrap_err();
    assert_eq!(
        fields(&double.forms().await, "scope"),
        ["pbx-login", "login", "pbx-login pbx-admin"]
    );
    assert_eq!(error.fault(), Fault::Credentials);
    assert!(error.advice().contains("oauth_scope"), "{}", error.advice());
}

#[tokio::test]
async fn a_chosen_scope_is_the_only_one() {
    let double = Double::ten().await;
    double.token(refused(400, "invalid_scope")).await;
    let chosen = OAuth {
        scope: Some("pbx-login  pbx-admin".into()),
        ..oauth()
    };
    let pbx = double.pbx_as(auto(chosen));
    for _ in 0..2 {
        let error = pbx.sign_in().await.unwrap_err();
        let reason = match error.failure() {
            Some(Failure::TokenRefused { reason, .. }) => *reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason, TokenRefusal::Scope);
    }
    assert_eq!(fields(&double.forms().await, "scope"), ["pbx-login pbx-admin"]);
}

#[tokio::test]
async fn http_basic_is_tried_after_invalid_client_and_kept_where_it_worked() {
    let double = Double::ten().await;
    double.token(refused(401, "invalid_client")).await;
    double.token(refused(400, "invalid_scope")).await;
    double.token(issued(1)).await;
    double.token(issued(2)).await;
    let memory = std::sync::Arc::default();
    double.auto_remembering(&memory).sign_in().await.unwrap();
    double.auto_remembering(&memory).sign_in().await.unwrap();
    let forms = double.forms().await;
    assert_eq!(fields(&forms, "Authorization"), ["", BASIC, BASIC, BASIC]);
    assert_eq!(fields(&forms, "client_secret"), [CLIENT_SECRET, "", "", ""]);
    assert_eq!(fields(&forms, "client_id"), ["rest-client-headless", "", "", ""]);
    assert_eq!(
        fields(&forms, "scope"),
        ["login", "login", "pbx-login pbx-admin", "pbx-login pbx-admin"]
    );
}

#[tokio::test]
async fn a_wrong_password_is_presented_once_until_told() {
    for answer in [
        refused(400, "invalid_grant"),
        refused(401, "invalid_grant"),
        refused(403, "access_denied"),
        refused(400, "unauthorized_client"),
        refused(400, "something-new"),
        status(400),
        status(401),
    ] {
        let double = Double::ten().await;
        double.token(answer).await;
        double.token(issued(1)).await;
        double.always("GET", "/rest/users", ok(json!([]))).await;
        let pbx = double.auto();
        let module = ChatModule::new(
            pbx.clone(),
            ModuleName::parse("TeamsPresence").unwrap(),
            MODULE_SECRET.into(),
        );
        for error in [
            pbx.users().await.unwrap_err(),
            module.read(&[UserId::new(1004)]).await.unwrap_err(),
            pbx.clone().sign_in().await.unwrap_err(),
        ] {
            assert_eq!(error.fault(), Fault::Credentials, "{error:?}");
            assert!(error.advice().contains("OAuth password grant"));
        }
        assert_eq!(double.forms().await.len(), 1);
        pbx.forget_refusal();
        pbx.users().await.unwrap();
        assert_eq!(double.forms().await.len(), 2);
    }
}

#[tokio::test]
async fn a_wrong_password_behind_http_basic_is_presented_once() {
    let double = Double::ten().await;
    // Whoever refuses the client has not looked at the password.
    double.token(refused(401, "invalid_client")).await;
    double.token(refused(400, "invalid_grant")).await;
    let pbx = double.auto();
    for _ in 0..3 {
        assert_eq!(pbx.sign_in().await.unwrap_err().fault(), Fault::Credentials);
    }
    assert_eq!(double.forms().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_client_secret_is_presented_in_each_way_once() {
    let double = Double::ten().await;
    for _ in 0..2 {
        double.token(refused(401, "invalid_client")).await;
    }
    double.token(issued(1)).await;
    let pbx = double.auto();
    for _ in 0..3 {
        let error = pbx.sign_in().await.unwrap_err();
        assert_eq!(error.fault(), Fault::Credentials);
        assert_eq!(
            error.failure().unwrap().to_string(),
            "the PBX issued no token (401: invalid_client, Sample text.)"
        );
    }
    assert_eq!(
        fields(&double.forms().await, "Authorization"),
        ["".to_owned(), BASIC.to_owned()]
    );
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_show_in_another_way() {
    let double = Double::ten().await;
    double.token(refused(401, "invalid_client")).await;
    let public = OAuth {
        client: Some(OAuthClient {
            id: "windows-app".into(),
            secret: None,
        }),
        ..OAuth::default()
    };
    let error = double.pbx_as(forced(public)).sign_in().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Credentials);
    let forms = double.forms().await;
    assert_eq!(forms.len(), 1);
    assert_eq!(forms[0]["client_id"], "windows-app");
    assert!(!forms[0].contains_key("client_secret") && !forms[0].contains_key("Authorization"));
}

#[tokio::test]
async fn other_faults_of_the_token_endpoint_are_no_refusal() {
    let raw = |body: &str, kind: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), kind);
    let mut foreign = issue(1);
    foreign["token_type"] = json!("mac");
    let mut unsendable = issue(1);
    unsendable["access_token"] = json!("two\r\nlines");
    let mut wrong = issue(1);
    wrong["expires_in"] = json!({"seconds": 300});
    let seven = Some(Duration::from_secs(7));
    for (answer, fault) in [
        (
            status(429).insert_header("retry-after", "7"),
            Fault::Throttled { retry_after: seven },
        ),
        (status(429), Fault::Throttled { retry_after: None }),
        (status(500), Fault::Server),
        (status(502), Fault::Unreachable),
        (raw("<html>", "text/html"), Fault::Protocol),
        (
            raw("{\"access_token\": \"SAMPLE", "application/json"),
            Fault::Protocol,
        ),
        (raw("[]", "application/json"), Fault::Protocol),
        (raw(&" ".repeat(70_000), "application/json"), Fault::Protocol),
        (ok(json!({"token_type": "Bearer"})), Fault::Protocol),
        (ok(foreign), Fault::Protocol),
        (ok(unsendable), Fault::Protocol),
        (ok(wrong), Fault::Protocol),
        (
            status(307).insert_header("location", "https://elsewhere.example/token"),
            Fault::Configuration,
        ),
    ] {
        let double = Double::ten().await;
        double.token(answer).await;
        double.token(issued(1)).await;
        let pbx = double.auto();
        let error = pbx.sign_in().await.unwrap_err();
        assert_eq!(error.fault(), fault, "{error:?}");
        assert_eq!(double.forms().await.len(), 1, "tried once: {error:?}");
        pbx.sign_in().await.unwrap();
    }
}

#[tokio::test]
async fn a_token_answer_with_surprises_beside_the_token_serves() {
    for (name, value) in [
        ("refresh_expires_in", json!("soon")),
        ("refresh_token", json!(null)),
        ("session_state", json!({"a": [1]})),
        ("token_type", json!("bearer")),
        ("refresh_token", json!("")),
    ] {
        let double = Double::ten().await;
        let mut answer = issue(1);
        answer[name] = value;
        double.token(ok(answer)).await;
        double.auto().sign_in().await.unwrap();
    }
}

#[tokio::test]
async fn xml_rpc_is_signed_with_the_token_and_once_more_with_a_new_one() {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    double.token(issued(2)).await;
    let answer = "<methodResponse><params><param><value><struct><member><name>OK</name><value><boolean>1</boolean></value>\
        </member></struct></value></param></params></methodResponse>";
    double.once("POST", "/xml-rpc", status(401)).await;
    let fine = ResponseTemplate::new(200).set_body_raw(answer, "text/xml");
    double.always("POST", "/xml-rpc", fine).await;
    let module = ChatModule::new(
        double.auto(),
        ModuleName::parse("TeamsPresence").unwrap(),
        MODULE_SECRET.into(),
    );
    module.set(UserId::new(1004), ChatStatus::Away, "").await.unwrap();
    let queries: Vec<String> = double
        .requests()
        .await
        .iter()
        .filter(|request| request.url.path() == "/xml-rpc")
        .map(|request| request.url.query().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        queries,
        [
            "de.vertico.starface.jwt=SAMPLE-access-1",
            "de.vertico.starface.jwt=SAMPLE-access-2"
        ]
    );
}

#[tokio::test]
async fn no_error_and_no_debug_text_shows_a_secret() {
    let secrets = [
        PASSWORD,
        CLIENT_SECRET,
        "SAMPLE-access-1",
        "SAMPLE-refresh-1",
        MODULE_SECRET,
    ];
    let double = Double::ten().await;
    let echo = json!({
        "error": "invalid_grant",
        "error_description": format!("{PASSWORD} of {CLIENT_SECRET} is wrong"),
    });
    double.token(status(400).set_body_json(echo)).await;
    let pbx = double.auto();
    let error = pbx.sign_in().await.unwrap_err();
    let mut shown = everything_of(&error);
    assert!(shown.contains("*** of *** is wrong"), "{shown}");

    pbx.forget_refusal();
    double.token(issued(1)).await;
    let echo = json!({"message": "SAMPLE-access-1 is not allowed"});
    double
        .always("GET", "/rest/users", status(403).set_body_json(echo))
        .await;
    shown += &everything_of(&pbx.users().await.unwrap_err());
    shown += &format!("{pbx:?} {:?} {:?}", auto(oauth()), forced(oauth()));
    for secret in secrets {
        assert!(!shown.contains(secret), "`{secret}` in {shown}");
    }
    assert!(shown.contains("rest-client-headless"));
}

#[tokio::test]
async fn signing_out_of_version_10_sends_nothing() {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    let pbx = double.auto();
    pbx.sign_in().await.unwrap();
    let before = double.calls().await;
    assert_eq!(before.last().unwrap(), &format!("POST {TOKEN_AT}"));
    pbx.logout().await;
    assert_eq!(double.calls().await, before);
}
