//! Signing in by device code.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use graph_presence::{ClientId, DeviceSignIn, Fault, SignInError, TenantId, UserSignIn};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::support::{
    CLIENT, TENANT, TOKEN_PATH, Tenant, chain, delegated_scope, form, http, is_posted_form, ok, sample,
};

const CODE_PATH: &str = "/contoso.example/oauth2/v2.0/devicecode";
const ME: &str = "/v1.0/me";
const CODE: &str = include_str!("../samples/entra-device-code-response.json");
const PENDING: &str = include_str!("../samples/entra-error-authorization-pending.json");
const SUCCESS: &str = include_str!("../samples/entra-token-device-code-success.json");

async fn begin(tenant: &Tenant) -> Result<DeviceSignIn, SignInError> {
    let (name, client) = (TenantId::new(TENANT).unwrap(), ClientId::new(CLIENT).unwrap());
    UserSignIn::new(http(), &tenant.cloud(), &name, &client)
        .device_code()
        .await
}

/// A tenant whose code is to be asked about each second.
async fn hasty() -> Tenant {
    let tenant = Tenant::bare().await;
    let mut code: Value = serde_json::from_str(CODE).unwrap();
    code["interval"] = 1.into();
    tenant.on("POST", CODE_PATH, move |_| ok(&code)).await;
    tenant
}

#[tokio::test]
async fn the_code_is_asked_for_with_two_permissions_and_a_token_for_the_next_time() {
    let tenant = Tenant::bare().await;
    tenant.on("POST", CODE_PATH, |_| sample(200, CODE)).await;
    let sign_in = begin(&tenant).await.unwrap();
    assert_eq!(
        (sign_in.link(), sign_in.code(), sign_in.expires_in()),
        (
            "https://microsoft.com/devicelogin",
            "SAMPLE123",
            Duration::from_secs(900)
        )
    );
    assert!(!format!("{sign_in:?}").contains("SAMPLE"));
    let calls = tenant.calls(CODE_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    is_posted_form(call);
    let expected = [
        ("client_id", CLIENT.to_owned()),
        ("scope", delegated_scope(&tenant.uri())),
    ];
    let expected: BTreeMap<String, String> = expected.map(|(name, value)| (name.to_owned(), value)).into();
    assert_eq!(form(call), expected);
}

#[tokio::test]
async fn the_token_is_asked_for_until_somebody_has_signed_in() {
    let tenant = hasty().await;
    let asked = AtomicUsize::new(0);
    let answer = move |_: &wiremock::Request| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => sample(400, PENDING),
        _ => sample(200, SUCCESS),
    };
    tenant.on("POST", TOKEN_PATH, answer).await;
    let signed_in = begin(&tenant).await.unwrap().wait().await.unwrap();
    assert_eq!(signed_in.refresh_token.expose_secret(), "SAMPLE-refresh-token-1");
    let account = signed_in.account.unwrap();
    assert_eq!(account.as_str(), "presence-sync@example.com", "of the ID token");
    assert_eq!(tenant.count(ME).await, 0);
    let calls = tenant.calls(TOKEN_PATH).await;
    assert_eq!(calls.len(), 2);
    for call in &calls {
        is_posted_form(call);
        let expected = [
            ("client_id", CLIENT),
            ("device_code", "SAMPLE-device-code-0001"),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ];
        let expected: BTreeMap<String, String> = expected
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(form(call), expected);
    }
}

/// Who signed in where the answer has `id_token`, and Graph answers with `me`.
async fn account(id_token: Value, status: u16, me: Value) -> (Tenant, Option<String>) {
    let tenant = hasty().await;
    let mut success: Value = serde_json::from_str(SUCCESS).unwrap();
    success["id_token"] = id_token;
    tenant.on("POST", TOKEN_PATH, move |_| ok(&success)).await;
    tenant
        .on("GET", ME, move |_| sample(status, &me.to_string()))
        .await;
    let signed_in = begin(&tenant).await.unwrap().wait().await.unwrap();
    let account = signed_in.account.map(|account| account.to_string());
    (tenant, account)
}

#[tokio::test]
async fn without_an_id_token_graph_is_asked_once_who_signed_in() {
    let me = serde_json::json!({"userPrincipalName": "reader@example.com", "displayName": "Reader"});
    for id_token in [Value::Null, "opaque".into(), 7.into()] {
        let (tenant, account) = account(id_token, 200, me.clone()).await;
        assert_eq!(account.as_deref(), Some("reader@example.com"));
        let calls = tenant.calls(ME).await;
        let [call] = calls.as_slice() else {
            panic!("{calls:?}")
        };
        assert_eq!(call.url.query(), Some("$select=userPrincipalName,displayName"));
        let header = |name: &str| {
            call.headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(
            header("authorization").as_deref(),
            Some("Bearer SAMPLE-access-token-delegated-1")
        );
        assert!(header("client-request-id").is_some());
    }
}

#[tokio::test]
async fn a_sign_in_of_somebody_without_a_name_is_as_good() {
    let nobody = [
        (200, serde_json::json!({})),
        (200, serde_json::json!([])),
        (
            403,
            serde_json::json!({"error": {"code": "Authorization_RequestDenied"}}),
        ),
        (500, Value::Null),
        (302, Value::Null),
    ];
    for (status, me) in nobody {
        let (tenant, account) = account(Value::Null, status, me).await;
        assert_eq!((account, tenant.count(ME).await), (None, 1), "{status}");
    }
}

#[tokio::test]
async fn each_end_of_the_contract_has_its_fault_and_its_advice() {
    let rows = [
        (
            400,
            include_str!("../samples/entra-error-authorization-declined.json"),
            "declined",
        ),
        (
            400,
            include_str!("../samples/entra-error-expired-token.json"),
            "Begin anew",
        ),
        (
            400,
            include_str!("../samples/entra-error-bad-verification-code.json"),
            "does not know this code",
        ),
        (
            400,
            include_str!("../samples/entra-error-aadsts65001.json"),
            "/adminconsent?client_id=",
        ),
        (
            400,
            include_str!("../samples/entra-error-aadsts50076.json"),
            "Multi-factor",
        ),
        (
            401,
            include_str!("../samples/entra-error-aadsts7000215.json"),
            "secret is wrong",
        ),
        (
            401,
            include_str!("../samples/entra-error-aadsts7000222.json"),
            "has expired",
        ),
    ];
    for (status, text, advice) in rows {
        let tenant = hasty().await;
        tenant.on("POST", TOKEN_PATH, move |_| sample(status, text)).await;
        let error = begin(&tenant).await.unwrap().wait().await.unwrap_err();
        assert_eq!(error.fault(), Fault::Credentials, "{text}");
        assert!(error.advice().contains(advice), "{}", error.advice());
        assert_eq!(tenant.count(TOKEN_PATH).await, 1, "{text}");
        assert!(!format!("{error:?}{}", chain(&error)).contains("SAMPLE-device-code"));
    }
}

#[tokio::test]
async fn a_tenant_that_gives_no_code_is_heard() {
    let tenant = Tenant::bare().await;
    let unavailable = include_str!("../samples/entra-error-temporarily-unavailable.json");
    tenant
        .on("POST", CODE_PATH, move |_| sample(503, unavailable))
        .await;
    assert_eq!(begin(&tenant).await.unwrap_err().fault(), Fault::Unreachable);
    let tenant = Tenant::bare().await;
    tenant.on("POST", CODE_PATH, |_| sample(200, "<html>")).await;
    assert_eq!(begin(&tenant).await.unwrap_err().fault(), Fault::Protocol);
}
