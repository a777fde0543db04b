use std::{collections::BTreeMap, net::TcpListener, time::Duration};

use futures_util::future::join_all;
use graph_presence::{Fault, SignInError, TokenSource};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{CLIENT, SECRET, TENANT, TOKEN_PATH, Tenant, chain, header, ok, tokens};

#[tokio::test]
async fn the_request_is_the_documented_grant_and_nothing_else() {
    let tenant = Tenant::start().await;
    tenant.tokens().token().await.unwrap();

    let calls = tenant.calls(TOKEN_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(call.url.query(), None);
    assert_eq!(
        header(call, "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(header(call, "accept"), Some("application/json"));
    assert_eq!(header(call, "authorization"), None);
    uuid::Uuid::parse_str(header(call, "client-request-id").unwrap()).unwrap();
    let pairs: Vec<_> = url::form_urlencoded::parse(&call.body).into_owned().collect();
    assert_eq!(pairs.len(), 4);
    let scope = format!("{}/.default", tenant.uri());
    let expected = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
        ("scope", &scope),
    ];
    assert_eq!(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect::<BTreeMap<_, _>>(),
        BTreeMap::from(expected)
    );
}

#[tokio::test]
async fn a_hundred_callers_cause_one_token_request() {
    let tenant = Tenant::start().await;
    let tokens = tenant.tokens();
    let first = tokens.token().await.unwrap();
    let tokens = join_all((0..100).map(|_| tokens.renew(&first))).await;
    let second = tokens[0].as_ref().unwrap();
    assert!(!second.is_same(&first));
    assert!(tokens.iter().all(|token| token.as_ref().unwrap().is_same(second)));
    assert_eq!(tenant.count(TOKEN_PATH).await, 2);
}

async fn refused(answer: ResponseTemplate) -> SignInError {
    let tenant = Tenant::bare().await;
    tenant.on("POST", TOKEN_PATH, move |_| answer.clone()).await;
    let tokens = tenant.tokens();
    let error = tokens.token().await.unwrap_err();
    let again = tokens.token().await.unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(
        tenant.count(TOKEN_PATH).await,
        1,
        "a refusal is not repeated at once"
    );
    error
}

fn entra(status: u16, error: &str, number: u64) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-ms-request-id", "r-7")
        .set_body_json(json!({
            "error": error,
            "error_description": format!("AADSTS{number}: Sample text.\r\nTrace ID: 0f1e2d3c"),
            "error_codes": [number],
            "suberror": "basic_action",
        }))
}

#[tokio::test]
async fn each_refusal_of_entra_has_its_fault_and_its_advice() {
    let configuration = [
        (400, "unauthorized_client", 700_016, "does not know the app"),
        (400, "invalid_request", 90_002, "does not know the tenant"),
        (400, "invalid_tenant", 90_002, "does not know the tenant"),
        (400, "unauthorized_client", 7_000_112, "disabled"),
        (400, "invalid_resource", 500_011, "tenant's own"),
        (400, "invalid_request", 900_382, "another cloud"),
        (400, "new_error", 1, "tenant id, the client id"),
    ];
    let credentials = [
        (401, "invalid_client", 7_000_215, "secret is wrong"),
        (401, "invalid_client", 7_000_222, "has expired"),
        (401, "invalid_client", 700_027, "certificate"),
        (
            400,
            "invalid_grant",
            65_001,
            "/contoso.example/adminconsent?client_id=22553876",
        ),
        (400, "invalid_grant", 50_076, "interactively"),
        (400, "interaction_required", 53_003, "Conditional Access"),
    ];
    let rows = configuration.map(|row| (row, Fault::Configuration)).into_iter();
    let rows = rows.chain(credentials.map(|row| (row, Fault::Credentials)));
    let rows = rows.chain([(
        (400, "consent_required", 65_001, "admin consent"),
        Fault::Permission,
    )]);
    let rows = rows.chain([(
        (400, "temporarily_unavailable", 90_033, "pause"),
        Fault::Unreachable,
    )]);
    let rows = rows.chain([(
        (503, "temporarily_unavailable", 90_033, "pause"),
        Fault::Unreachable,
    )]);
    for ((status, oauth, number, advice), fault) in rows {
        let error = refused(entra(status, oauth, number)).await;
        assert_eq!(error.fault(), fault, "{oauth} {number}");
        assert!(error.advice().contains(advice), "{}", error.advice());
        assert_eq!(
            error.to_string(),
            format!("the sign-in was refused: `{oauth}` (AADSTS{number})")
        );
        assert_eq!(error.trace().unwrap().request_id.as_deref(), Some("r-7"));
        let SignInError::Refused(refusal) = error else {
            panic!()
        };
        assert_eq!(refusal.description, Some(format!("AADSTS{number}: Sample text.")));
    }
}

#[tokio::test]
async fn a_pause_is_throttling_and_at_most_an_hour() {
    let date = ("Date", "Tue, 01 Dec 2026 09:00:00 GMT");
    let rows = [
        (429, None, None),
        (429, Some("10"), Some(10)),
        (429, Some("Tue, 01 Dec 2026 09:00:20 GMT"), Some(20)),
        (429, Some("86400"), Some(3600)),
        (503, Some("7"), Some(7)),
    ];
    for (status, retry_after, seconds) in rows {
        let mut answer = ResponseTemplate::new(status).insert_header(date.0, date.1);
        if let Some(retry_after) = retry_after {
            answer = answer.insert_header("Retry-After", retry_after);
        }
        let tenant = Tenant::bare().await;
        tenant.on("POST", TOKEN_PATH, move |_| answer.clone()).await;
        let error = tenant.tokens().token().await.unwrap_err();
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(error.fault(), Fault::Throttled { retry_after }, "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_a_fault_of_protocol() {
    let good = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "SAMPLE-t"});
    let with = |name: &str, value| {
        let mut body = good.clone();
        body[name] = value;
        ok(&body)
    };
    let rows = [
        (
            ResponseTemplate::new(200).set_body_raw("<html>SAMPLE</html>", "text/html"),
            "no JSON",
        ),
        (
            ResponseTemplate::new(200).set_body_raw("{\"access_token\":\"SAMPLE", "application/json"),
            "member",
        ),
        (ResponseTemplate::new(200), "no JSON"),
        (
            ResponseTemplate::new(200).set_body_raw("SAMPLE", "application/json"),
            "no JSON",
        ),
        (with("access_token", json!("SAMPLE\n")), "`access_token`"),
        (with("access_token", json!("")), "`access_token`"),
        (with("token_type", json!("mac")), "`token_type`"),
        (with("expires_in", json!("SAMPLE-soon")), "`expires_in`"),
        (
            ResponseTemplate::new(302).insert_header("Location", "/elsewhere"),
            "302",
        ),
        (
            ResponseTemplate::new(404).set_body_raw("<html>", "text/html"),
            "404",
        ),
    ];
    for (answer, expected) in rows {
        let error = refused(answer).await;
        assert_eq!(error.fault(), Fault::Protocol, "{expected}");
        assert!(
            chain(&error).contains(expected),
            "{} lacks {expected}",
            chain(&error)
        );
        assert!(
            !format!("{error:?} {}", chain(&error)).contains("SAMPLE"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_dead_host_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = tokens(&uri, SECRET).token().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unreachable);
    assert!(!chain(&error).contains(TENANT), "{}", chain(&error));
}
