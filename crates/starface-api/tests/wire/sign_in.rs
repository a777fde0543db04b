//! The sign-in: what is sent, how often, and when never again.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use starface_api::{Error, Fault, Login, Observer, Pbx, SignIn};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, Respond, ResponseTemplate};

use crate::double::{Double, LOGIN, NONCE, OUTER_HASH, client, expected, headers, ok, status};

const USERS: &str = "/rest/users";

#[tokio::test]
async fn a_sign_in_is_two_calls_and_signs_what_follows() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    double.always("GET", USERS, ok(json!([]))).await;
    let pbx = double.pbx();
    assert_eq!(pbx.users().await.unwrap(), []);
    assert_eq!(pbx.users().await.unwrap(), []);

    let seen = double.requests().await;
    assert_eq!(
        double.calls().await,
        [
            "GET /rest/login",
            "POST /rest/login",
            "GET /rest/users",
            "GET /rest/users"
        ]
    );
    assert_eq!(
        headers(&seen[0]),
        expected([("accept", "application/json"), ("x-version", "2")])
    );
    assert!(seen[0].body.is_empty());
    let json = "application/json";
    assert_eq!(
        headers(&seen[1]),
        expected([("accept", json), ("content-type", json), ("x-version", "2")])
    );
    let secret = format!("{LOGIN}:{OUTER_HASH}");
    let body: Value = seen[1].body_json().unwrap();
    assert_eq!(
        body,
        json!({"loginType": "Internal", "nonce": NONCE, "secret": secret})
    );
    let signed = expected([
        ("accept", json),
        ("authtoken", "SAMPLE-token-1"),
        ("x-version", "2"),
    ]);
    assert_eq!((headers(&seen[2]), headers(&seen[3])), (signed.clone(), signed));
    assert!(seen[2].body.is_empty() && seen[2].url.query().is_none());
}

#[tokio::test]
async fn a_login_type_is_understood_however_it_is_spelled_and_sent_back_as_it_came() {
    let internal = format!("{LOGIN}:{OUTER_HASH}");
    let directory = "MDAwMXBkczI0aG1pcDFjdGJvZ24xbDh1anZzNXU0UGFzczEyMw==";
    for (spelled, secret) in [
        ("Internal", &*internal),
        ("INTERNAL", &internal),
        ("internal", &internal),
        ("ActiveDirectory", directory),
        ("ACTIVE_DIRECTORY", directory),
        ("active_directory", directory),
    ] {
        let double = Double::start().await;
        double.challenge(spelled).await;
        double
            .always("POST", "/rest/login", ok(json!({"authToken": "SAMPLE-token"})))
            .await;
        double.pbx().sign_in().await.unwrap();
        let body: Value = double.requests().await[1].body_json().unwrap();
        assert_eq!(
            body,
            json!({"loginType": spelled, "nonce": NONCE, "secret": secret})
        );
    }
}

#[tokio::test]
async fn a_refused_password_is_sent_once_and_never_again_until_told() {
    for refusal in [400, 401, 403] {
        let double = Double::start().await;
        double.challenge("Internal").await;
        let body = json!({"code": "X", "message": "invalid login"});
        double
            .once("POST", "/rest/login", status(refusal).set_body_json(body))
            .await;
        double
            .once("POST", "/rest/login", ok(json!({"token": "SAMPLE-token"})))
            .await;
        double.always("GET", USERS, ok(json!([]))).await;
        let pbx = double.pbx();

        let mut shown = Vec::new();
        for error in [
            pbx.users().await.unwrap_err(),
            pbx.groups().await.unwrap_err(),
            pbx.clone().sign_in().await.unwrap_err(),
        ] {
            assert_eq!(error.fault(), Fault::Credentials);
            assert!(matches!(error, Error::SignIn { .. }), "{error:?}");
            shown.push(error.failure().unwrap().to_string());
        }
        assert_eq!(
            shown[0],
            format!("the PBX refused the login or the password ({refusal}: X, invalid login)")
        );
        assert!(shown.iter().all(|text| *text == shown[0]));
        pbx.logout().await;
        assert_eq!(double.calls().await, ["GET /rest/login", "POST /rest/login"]);

        pbx.forget_refusal();
        pbx.users().await.unwrap();
        assert_eq!(double.count("POST /rest/login").await, 2);
    }
}

#[tokio::test]
async fn other_faults_at_sign_in_are_not_taken_for_a_refusal() {
    let double = Double::start().await;
    double.once("GET", "/rest/login", status(500)).await;
    double
        .once(
            "GET",
            "/rest/login",
            ok(json!({"loginType": "Kerberos", "nonce": "n"})),
        )
        .await;
    double
        .once("GET", "/rest/login", ok(json!({"loginType": "Internal"})))
        .await;
    double
        .once(
            "GET",
            "/rest/login",
            status(302).insert_header("location", "https://other.example/"),
        )
        .await;
    double.challenge("Internal").await;
    double.once("POST", "/rest/login", status(500)).await;
    double
        .once(
            "POST",
            "/rest/login",
            status(429).insert_header("retry-after", "7"),
        )
        .await;
    double.once("POST", "/rest/login", ok(json!({"token": ""}))).await;
    double
        .once("POST", "/rest/login", ok(json!({"token": "two\r\nlines"})))
        .await;
    double
        .once("POST", "/rest/login", ok(json!({"token": "SAMPLE-token"})))
        .await;
    let pbx = double.pbx();
    for fault in [
        Fault::Server,
        Fault::Protocol,
        Fault::Protocol,
        Fault::Configuration,
        Fault::Server,
        Fault::Throttled {
            retry_after: Some(Duration::from_secs(7)),
        },
        Fault::Protocol,
        Fault::Protocol,
    ] {
        assert_eq!(pbx.sign_in().await.unwrap_err().fault(), fault);
    }
    pbx.sign_in().await.unwrap();
}

#[tokio::test]
async fn signing_out_gives_the_token_back_and_only_where_there_is_one() {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    double.once("DELETE", "/rest/login", status(204)).await;
    double.once("DELETE", "/rest/login", status(500)).await;
    let pbx = double.pbx();
    pbx.logout().await;
    assert_eq!(double.requests().await.len(), 0);
    pbx.sign_in().await.unwrap();
    pbx.logout().await;
    pbx.logout().await;
    let seen = double.requests().await;
    assert_eq!(
        double.calls().await,
        ["GET /rest/login", "POST /rest/login", "DELETE /rest/login"]
    );
    let signed = expected([
        ("accept", "application/json"),
        ("authtoken", "SAMPLE-token-1"),
        ("x-version", "2"),
    ]);
    assert_eq!(headers(&seen[2]), signed);
    pbx.sign_in().await.unwrap();
    pbx.logout().await;
    assert_eq!(double.count("DELETE /rest/login").await, 2);
}

/// Refuses a login, but not before the test says so.
struct Held {
    arrived: UnboundedSender<()>,
    release: Mutex<mpsc::Receiver<()>>,
}

impl Respond for Held {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.arrived.send(()).unwrap();
        self.release
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(30))
            .unwrap();
        ResponseTemplate::new(400)
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_during_the_sign_in_does_not_make_the_password_go_twice() {
    let double = Double::start().await;
    double.challenge("Internal").await;
    let (arrived, mut arrivals): (_, UnboundedReceiver<()>) = unbounded_channel();
    let (release, released) = mpsc::channel();
    let held = Held {
        arrived,
        release: released.into(),
    };
    double
        .mount(
            Mock::given(method("POST"))
                .and(path("/rest/login"))
                .respond_with(held),
        )
        .await;
    let pbx = double.pbx();
    tokio::select! {
        _ = arrivals.recv() => {}
        result = pbx.users() => panic!("answered too early: {result:?}"),
    }
    release.send(()).unwrap();
    for _ in 0..2 {
        assert_eq!(pbx.users().await.unwrap_err().fault(), Fault::Credentials);
    }
    assert_eq!(double.calls().await, ["GET /rest/login", "POST /rest/login"]);
}

#[tokio::test]
async fn every_request_is_told_to_the_observer() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    double.always("GET", USERS, status(403)).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let observer: Observer =
        Arc::new(move |operation, status| log.lock().unwrap().push((operation.as_str(), status)));
    let sign_in = SignIn::Nonce {
        login: Login::new(LOGIN),
        password: "Pass123".into(),
    };
    let pbx = Pbx::with(
        client(),
        double.url(),
        sign_in,
        Pbx::DEFAULT_TIMEOUT,
        Some(observer),
    );
    assert_eq!(pbx.users().await.unwrap_err().fault(), Fault::Permission);
    assert_eq!(
        *told.lock().unwrap(),
        [
            ("login-challenge", Some(200)),
            ("login", Some(200)),
            ("users", Some(403))
        ]
    );
}
