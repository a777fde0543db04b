//! Signing in by browser.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_presence::{BrowserSignIn, ClientId, Fault, Permission, SignInError, TenantId, UserSignIn};
use secrecy::ExposeSecret;
use url::Url;

use crate::support::{
    CLIENT, TENANT, TOKEN_PATH, Tenant, chain, delegated_scope, form, http, is_posted_form, ok, sample,
};

const SUCCESS: &str = include_str!("../samples/entra-token-device-code-success.json");

fn begin(tenant: &Tenant) -> BrowserSignIn {
    let (name, client) = (TenantId::new(TENANT).unwrap(), ClientId::new(CLIENT).unwrap());
    UserSignIn::new(http(), &tenant.cloud(), &name, &client).browser(51_004)
}

fn query(link: &Url) -> BTreeMap<String, String> {
    link.query_pairs().into_owned().collect()
}

fn state(sign_in: &BrowserSignIn) -> String {
    query(sign_in.link())["state"].clone()
}

#[tokio::test]
async fn the_link_asks_for_two_permissions_and_a_code_that_only_this_sign_in_can_redeem() {
    let tenant = Tenant::bare().await;
    tenant.on("POST", TOKEN_PATH, |_| sample(200, SUCCESS)).await;
    let sign_in = begin(&tenant);
    let link = sign_in.link();
    assert_eq!(
        link.as_str().split('?').next(),
        Some(format!("{}/{TENANT}/oauth2/v2.0/authorize", tenant.uri()).as_str())
    );
    let mut asked = query(link);
    let (state, challenge) = (
        asked.remove("state").unwrap(),
        asked.remove("code_challenge").unwrap(),
    );
    let scope = delegated_scope(&tenant.uri());
    let expected = [
        ("client_id", CLIENT),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
        ("redirect_uri", "http://localhost:51004"),
        ("response_mode", "query"),
        ("response_type", "code"),
        ("scope", &scope),
    ];
    let expected: BTreeMap<String, String> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(asked, expected);
    assert!(state.len() >= 16, "{state}");

    let signed_in = sign_in
        .finish(&format!("code=SAMPLE-code&state={state}&session_state=1"))
        .await
        .unwrap();
    assert_eq!(signed_in.refresh_token.expose_secret(), "SAMPLE-refresh-token-1");
    assert_eq!(signed_in.missing, []);
    let calls = tenant.calls(TOKEN_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    is_posted_form(call);
    let mut sent = form(call);
    let verifier = sent.remove("code_verifier").unwrap();
    assert_eq!(
        challenge,
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
    );
    let expected = [
        ("client_id", CLIENT),
        ("code", "SAMPLE-code"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "http://localhost:51004"),
    ];
    let expected: BTreeMap<String, String> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn no_two_sign_ins_share_state_or_challenge() {
    let tenant = Tenant::bare().await;
    let [first, second] = [begin(&tenant), begin(&tenant)].map(|sign_in| query(sign_in.link()));
    assert_ne!(first["state"], second["state"]);
    assert_ne!(first["code_challenge"], second["code_challenge"]);
}

#[tokio::test]
async fn what_belongs_to_another_sign_in_is_sent_nowhere() {
    let tenant = Tenant::start().await;
    let sign_in = begin(&tenant);
    let state = state(&sign_in);
    for query in [
        String::new(),
        "code=c".to_owned(),
        "code=c&state=".to_owned(),
        format!("code=c&state={state}x"),
        format!("state={state}"),
        "error=access_denied&state=other".to_owned(),
    ] {
        let error = sign_in.finish(&query).await.unwrap_err();
        assert!(matches!(error, SignInError::AnotherSignIn), "{query}: {error:?}");
    }
    assert_eq!(tenant.count(TOKEN_PATH).await, 0);
}

#[tokio::test]
async fn whoever_declines_or_may_not_consent_is_told_what_helps() {
    let tenant = Tenant::bare().await;
    let rows = [
        (
            "access_denied",
            "AADSTS65004%3A%20declined.%0D%0ATrace",
            Some(65_004),
            "/adminconsent?client_id=",
        ),
        ("access_denied", "", None, "declined"),
        (
            "consent_required",
            "AADSTS90094: admin",
            Some(90_094),
            "/adminconsent?client_id=",
        ),
        (
            "invalid_client",
            "AADSTS50011: reply",
            Some(50_011),
            "http://localhost",
        ),
    ];
    for (word, description, number, advice) in rows {
        let sign_in = begin(&tenant);
        let query = format!(
            "error={word}&error_description={description}&state={}",
            state(&sign_in)
        );
        let error = sign_in.finish(&query).await.unwrap_err();
        let SignInError::Refused(refusal) = &error else {
            panic!("{error:?}")
        };
        assert_eq!((refusal.error.as_deref(), refusal.aadsts), (Some(word), number));
        assert!(error.advice().contains(advice), "{}", error.advice());
    }
}

#[tokio::test]
async fn permissions_that_were_not_granted_are_named() {
    let rows = [
        ("Presence.Read.All profile openid", vec![Permission::UserReadAll]),
        (
            "https://graph.microsoft.com/presence.read.all https://graph.microsoft.com/User.Read.All",
            vec![],
        ),
        (
            "openid",
            vec![Permission::PresenceReadAll, Permission::UserReadAll],
        ),
    ];
    for (scope, missing) in rows {
        let tenant = Tenant::bare().await;
        let mut body: serde_json::Value = serde_json::from_str(SUCCESS).unwrap();
        body["scope"] = scope.into();
        tenant.on("POST", TOKEN_PATH, move |_| ok(&body)).await;
        let sign_in = begin(&tenant);
        let signed_in = sign_in
            .finish(&format!("code=c&state={}", state(&sign_in)))
            .await
            .unwrap();
        assert_eq!(signed_in.missing, missing, "{scope}");
    }
}

#[tokio::test]
async fn an_answer_without_a_token_for_the_next_time_is_no_sign_in() {
    let tenant = Tenant::start().await;
    let sign_in = begin(&tenant);
    let error = sign_in
        .finish(&format!("code=c&state={}", state(&sign_in)))
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert!(chain(&error).contains("`refresh_token`"), "{}", chain(&error));
    assert!(!format!("{sign_in:?}").contains(&state(&sign_in)));
}
