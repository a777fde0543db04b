//! Every call of the client on the bad days of a PBX and of the way there: a typed error of the right class, in bounded
//! time, and no credentials for anybody else.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;
use starface_api::{ChatModule, ChatStatus, Error, Failure, Fault, GroupId, ModuleName, Pbx, PbxUrl, UserId};
use wiremock::{MockServer, ResponseTemplate};

use crate::double::{Double, MODULE_SECRET, client, everything_of, ok, sign_in, status};
use crate::raw::{Behaviour, RawPbx};
use crate::ten::issued;

/// One call of the client, and the request that it is about.
struct Asked {
    request: (&'static str, &'static str),
    ask: for<'p> fn(&'p Pbx) -> BoxFuture<'p, Result<(), Error>>,
}

const PHONE: &str = "/rest/users/1004/phoneconfig";
fn user() -> UserId {
    UserId::new(1004)
}

fn module(pbx: &Pbx) -> ChatModule {
    ChatModule::new(
        pbx.clone(),
        ModuleName::parse("TeamsPresence").unwrap(),
        MODULE_SECRET.into(),
    )
}

fn every_call() -> Vec<Asked> {
    vec![
        Asked {
            request: ("GET", "/rest/users"),
            ask: |pbx| async { pbx.users().await.map(drop) }.boxed(),
        },
        Asked {
            request: ("GET", "/rest/groups"),
            ask: |pbx| async { pbx.groups().await.map(drop) }.boxed(),
        },
        Asked {
            request: ("GET", "/rest/groups/1000"),
            ask: |pbx| async { pbx.group(GroupId::new(1000)).await.map(drop) }.boxed(),
        },
        Asked {
            request: ("GET", PHONE),
            ask: |pbx| async { pbx.phone_config(user()).await.map(drop) }.boxed(),
        },
        Asked {
            request: ("PUT", PHONE),
            ask: |pbx| async { pbx.change_dnd(user(), true, Some(false)).await.map(drop) }.boxed(),
        },
        Asked {
            request: ("POST", "/xml-rpc"),
            ask: |pbx| {
                let module = module(pbx);
                async move { module.set(user(), ChatStatus::Away, "").await.map(drop) }.boxed()
            },
        },
        Asked {
            request: ("POST", "/xml-rpc"),
            ask: |pbx| {
                let module = module(pbx);
                async move { module.read(&[user()]).await.map(drop) }.boxed()
            },
        },
    ]
}

/// A double of either generation that lets anybody in, and has a phone to change.
async fn double(ten: bool) -> (Double, Pbx) {
    let double = Double::start().await;
    let pbx = if ten {
        double.documented().await;
        double.token(issued(1)).await;
        double.auto()
    } else {
        double.challenge("Internal").await;
        let token = ok(json!({"token": "SAMPLE-token"}));
        double.always("POST", "/rest/login", token).await;
        double.pbx()
    };
    pbx.sign_in().await.unwrap();
    (double, pbx)
}

fn raw(body: &str, kind: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_owned(), kind)
}

fn answers() -> Vec<(ResponseTemplate, Fault)> {
    let after = |status: u16, value: &str| ResponseTemplate::new(status).insert_header("retry-after", value);
    let throttled = |seconds: Option<u64>| Fault::Throttled {
        retry_after: seconds.map(Duration::from_secs),
    };
    let date =
        after(429, "Mon, 23 Nov 2026 12:01:30 GMT").insert_header("date", "Mon, 23 Nov 2026 12:00:00 GMT");
    let elsewhere = |status: u16, to: &str| ResponseTemplate::new(status).insert_header("location", to);
    vec![
        (status(429), throttled(None)),
        (after(429, "7"), throttled(Some(7))),
        (date, throttled(Some(90))),
        (after(429, "soon"), throttled(None)),
        (after(503, "7"), throttled(Some(7))),
        (status(500), Fault::Server),
        (status(502), Fault::Unreachable),
        (status(503), Fault::Unreachable),
        (status(504), Fault::Unreachable),
        (
            raw("<!DOCTYPE html><html>Guest network</html>", "text/html"),
            Fault::Protocol,
        ),
        (raw("", "application/json"), Fault::Protocol),
        (raw("[{\"id\": 1004, \"lo", "application/json"), Fault::Protocol),
        (raw("\u{0}\u{1}\u{fffd}", "application/json"), Fault::Protocol),
        (
            ok(json!({"id": {}, "doNotDisturb": "no", "assignableUsers": 7, "value": [[]]})),
            Fault::Protocol,
        ),
        (ok(json!(7)), Fault::Protocol),
        (elsewhere(301, "https://portal.example/"), Fault::Configuration),
        (elsewhere(302, "/elsewhere"), Fault::Configuration),
        (elsewhere(307, "/elsewhere"), Fault::Configuration),
        (elsewhere(308, "//portal.example/"), Fault::Configuration),
    ]
}

#[tokio::test]
async fn each_useless_answer_to_each_call_is_an_error_of_its_class_and_asked_for_once() {
    for ten in [false, true] {
        for Asked { request, ask } in every_call() {
            let (verb, at) = request;
            let (double, pbx) = double(ten).await;
            if verb == "PUT" {
                let config = json!({"doNotDisturb": false, "callWaiting": true});
                double.always("GET", PHONE, ok(config)).await;
            }
            for (asked, (answer, fault)) in (1..).zip(answers()) {
                double.once(verb, at, answer).await;
                let error = ask(&pbx).await.unwrap_err();
                assert_eq!(error.fault(), fault, "{verb} {at}: {error:?}");
                assert!(!error.advice().is_empty());
                assert!(!everything_of(&error).contains("SAMPLE"), "{error:?}");
                let calls = double.calls().await;
                assert_eq!(double.count(&format!("{verb} {at}")).await, asked, "{error:?}");
                assert!(
                    !calls.iter().any(|call| call.ends_with("/elsewhere")),
                    "{calls:?}"
                );
                assert_eq!(signed_in(&calls), 1, "{calls:?}");
            }
        }
    }
}

/// How often credentials were presented.
fn signed_in(calls: &[String]) -> usize {
    calls
        .iter()
        .filter(|call| *call == "POST /rest/login" || call.ends_with("/oauth2/token"))
        .count()
}

#[tokio::test]
async fn a_redirect_of_the_sign_in_takes_no_credentials_along() {
    for redirect in [301, 302, 303, 307, 308] {
        let double = Double::start().await;
        double.challenge("Internal").await;
        let away = status(redirect).insert_header("location", "/elsewhere");
        double.always("POST", "/rest/login", away).await;
        let error = double.pbx().sign_in().await.unwrap_err();
        assert!(
            matches!(error.failure(), Some(Failure::Redirected)),
            "{redirect}: {error:?}"
        );
        assert_eq!(double.calls().await, ["GET /rest/login", "POST /rest/login"]);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_outage_wherever_it_breaks() {
    for behaviour in [Behaviour::HangUp, Behaviour::HalfHead, Behaviour::HalfBody] {
        for Asked { request, ask } in every_call() {
            let raw = RawPbx::start(behaviour, request).await;
            let pbx = raw.pbx();
            let error = ask(&pbx).await.unwrap_err();
            assert!(
                matches!(error.failure(), Some(Failure::Unreachable(_))),
                "{behaviour:?}: {error:?}"
            );
            assert!(!everything_of(&error).contains("SAMPLE"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_at_the_limit_of_each_call() {
    for Asked { request, ask } in every_call() {
        // A write is over with its head.
        if request.0 == "PUT" {
            continue;
        }
        let raw = RawPbx::start(Behaviour::Endless, request).await;
        let error = ask(&raw.pbx()).await.unwrap_err();
        assert!(
            matches!(error.failure(), Some(Failure::TooLarge { .. })),
            "{request:?}: {error:?}"
        );
        assert_eq!(error.fault(), Fault::Protocol);
    }
}

#[tokio::test]
async fn an_answer_that_drips_or_never_comes_is_given_up_on_in_time() {
    for behaviour in [Behaviour::DripHead, Behaviour::DripBody, Behaviour::Silence] {
        for Asked { request, ask } in every_call() {
            let raw = RawPbx::start(behaviour, request).await;
            let pbx = raw.pbx();
            pbx.sign_in().await.unwrap();
            // From here on only the drops take time, and none of it is real.
            tokio::time::pause();
            let error = ask(&pbx).await.unwrap_err();
            tokio::time::resume();
            let patience = if request.1 == "/rest/users" { 3 } else { 1 };
            let limit = Pbx::DEFAULT_TIMEOUT * patience;
            assert!(
                matches!(error.failure(), Some(Failure::TimedOut { after }) if *after == limit),
                "{behaviour:?} {request:?}: {error:?}"
            );
            assert_eq!(error.fault(), Fault::Unreachable);
        }
    }
}

#[tokio::test]
async fn a_pbx_that_blocks_us_in_mid_flight_is_not_signed_in_to_again() {
    let raw = RawPbx::start(Behaviour::Silence, ("GET", "/rest/users")).await;
    let pbx = raw.pbx();
    pbx.sign_in().await.unwrap();
    let before = raw.asked();
    tokio::time::pause();
    for _ in 0..3 {
        let error = pbx.users().await.unwrap_err();
        assert!(error.advice().contains("blacklisted"), "{}", error.advice());
    }
    tokio::time::resume();
    let after = raw.asked();
    let asked: HashSet<_> = after[before.len()..].iter().collect();
    assert_eq!(asked, HashSet::from([&"GET /rest/users".to_owned()]));
}

#[tokio::test]
async fn a_pbx_that_restarts_is_out_of_reach_and_then_signed_in_to_once() {
    let mut raw = RawPbx::start(Behaviour::Answer, ("GET", "/rest/users")).await;
    let pbx = raw.pbx();
    pbx.users().await.unwrap();
    raw.shut_down().await;
    for _ in 0..2 {
        let error = pbx.users().await.unwrap_err();
        assert!(
            matches!(error.failure(), Some(Failure::Unreachable(_))),
            "{error:?}"
        );
    }
    raw.boot().await;
    for _ in 0..3 {
        pbx.users().await.unwrap();
    }
    let asked = raw.asked();
    assert_eq!(
        asked[3..],
        [
            "GET /rest/users",
            "GET /rest/login",
            "POST /rest/login",
            "GET /rest/users",
            "GET /rest/users",
            "GET /rest/users"
        ]
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_an_outage() {
    let url = PbxUrl::parse("https://pbx.invalid").unwrap();
    let error = Pbx::new(client(), url, sign_in()).users().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unreachable, "{error:?}");
    assert!(error.advice().contains("address"));
}

#[tokio::test]
async fn a_pbx_is_reached_by_an_ipv6_address() {
    let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = MockServer::builder().listener(listener).start().await;
    for (verb, at, body) in [
        (
            "GET",
            "/rest/login",
            json!({"loginType": "Internal", "nonce": "n"}),
        ),
        ("POST", "/rest/login", json!({"token": "SAMPLE-token"})),
        ("GET", "/rest/users", json!([])),
    ] {
        wiremock::Mock::given(wiremock::matchers::method(verb))
            .and(wiremock::matchers::path(at))
            .respond_with(ok(body))
            .mount(&server)
            .await;
    }
    let url = PbxUrl::parse(&format!("http://{address}")).unwrap();
    assert_eq!(url.host_port(), address.to_string());
    Pbx::new(client(), url, sign_in()).users().await.unwrap();
}
