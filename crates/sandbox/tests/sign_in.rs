//! Signing in to the sandbox's tenant: what it grants, and what it refuses as Entra does.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::{digest, rand, signature};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use sandbox::{CLIENT, Office, Operation, Sandbox, TENANT};
use serde_json::{Value, json};
use url::Url;

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox knows none of our crates, their factory neither"
)]
fn http() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap()
}

async fn sandbox() -> Sandbox {
    Sandbox::builder()
        .office(Office::new(3, 1))
        .device_code(Duration::ZERO, Duration::from_secs(900))
        .start()
        .await
        .unwrap()
}

async fn post(sandbox: &Sandbox, endpoint: &str, fields: &[(&str, &str)]) -> Response {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let url = format!("{}/{TENANT}/oauth2/v2.0/{endpoint}", sandbox.tenant_url());
    let request = http()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(body).send().await.unwrap()
}

/// The body of a grant, or the AADSTS number of a refusal.
async fn token(sandbox: &Sandbox, fields: &[(&str, &str)]) -> Result<Value, u64> {
    let mut all = vec![("client_id", CLIENT)];
    all.extend(fields);
    let answer = post(sandbox, "token", &all).await;
    let good = answer.status().is_success();
    let body: Value = answer.json().await.unwrap();
    if good {
        Ok(body)
    } else {
        Err(body["error_codes"][0].as_u64().unwrap())
    }
}

fn scope(sandbox: &Sandbox) -> String {
    let tenant = sandbox.tenant_url();
    format!("{tenant}/Presence.Read.All {tenant}/User.Read.All offline_access")
}

fn seconds() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "an assertion is dated")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

struct Certificate {
    der: Vec<u8>,
    key: KeyPair,
}

impl Certificate {
    fn make() -> Self {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, key }
    }

    fn header(&self, algorithm: &str) -> Value {
        let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &self.der));
        match algorithm {
            "PS256" => json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&digest::SHA256)}),
            _ => json!({"alg": "RS256", "typ": "JWT", "x5t": thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY)}),
        }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let key = signature::RsaKeyPair::from_pkcs8(&self.key.serialize_der()).unwrap();
        let mut signature = vec![0; key.public_modulus_len()];
        let encoding: &'static dyn signature::RsaEncoding = if header["alg"] == "PS256" {
            &signature::RSA_PSS_SHA256
        } else {
            &signature::RSA_PKCS1_SHA256
        };
        key.sign(
            encoding,
            &rand::SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims(sandbox: &Sandbox, jti: &str) -> Value {
    let audience = format!("{}/{TENANT}/oauth2/v2.0/token", sandbox.tenant_url());
    let now = seconds();
    json!({
        "aud": audience, "iss": CLIENT, "sub": CLIENT, "jti": jti, "nbf": now, "iat": now, "exp": now + 600,
    })
}

async fn asserted(sandbox: &Sandbox, assertion: &str) -> Result<Value, u64> {
    let scope = format!("{}/.default", sandbox.tenant_url());
    let fields = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
        ("scope", &scope),
    ];
    token(sandbox, &fields).await
}

#[tokio::test]
async fn an_assertion_is_good_once_and_only_as_documented() {
    let sandbox = sandbox().await;
    let (certificate, stranger) = (Certificate::make(), Certificate::make());
    let assertion = |header: &Value, claims: &Value| certificate.sign(header, claims);
    let ps256 = certificate.header("PS256");
    let first = assertion(&ps256, &claims(&sandbox, "00000000-0000-0000-0000-000000000001"));
    assert_eq!(asserted(&sandbox, &first).await, Err(700_027), "not uploaded");
    sandbox.tenant().upload_certificate(&certificate.der);
    let granted = asserted(&sandbox, &first).await.unwrap();
    assert_eq!(granted.get("refresh_token"), None);
    assert_eq!(asserted(&sandbox, &first).await, Err(50_013), "sent before");
    let rs256 = assertion(
        &certificate.header("RS256"),
        &claims(&sandbox, "00000000-0000-0000-0000-000000000002"),
    );
    assert!(asserted(&sandbox, &rs256).await.is_ok());

    let with = |name: &str, value: Value| {
        let mut claims = claims(&sandbox, "00000000-0000-0000-0000-000000000003");
        claims[name] = value;
        assertion(&ps256, &claims)
    };
    let now = seconds();
    let mut mixed = certificate.header("RS256");
    mixed["alg"] = json!("PS256");
    let good = claims(&sandbox, "00000000-0000-0000-0000-000000000004");
    let rows = [
        (with("aud", json!("https://login.example/token")), 700_023),
        (with("iss", json!("another")), 700_021),
        (with("sub", json!("another")), 700_021),
        (with("exp", json!(now - 3_600)), 700_024),
        (with("exp", json!(now + 3_600)), 700_024),
        (with("nbf", json!(now + 3_600)), 700_024),
        (with("jti", json!("1")), 50_013),
        (with("more", json!(1)), 50_027),
        (assertion(&mixed, &good), 700_027),
        (stranger.sign(&ps256, &good), 700_027),
        (format!("{first}x"), 50_027),
        ("nothing".to_owned(), 50_027),
    ];
    for (assertion, number) in rows {
        assert_eq!(asserted(&sandbox, &assertion).await, Err(number), "{assertion}");
    }
}

/// What the sign-in page answers: the redirect address with its query, or the page's own text.
async fn authorize(sandbox: &Sandbox, change: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    let scope = scope(sandbox);
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let mut fields = BTreeMap::from([
        ("client_id", CLIENT),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("redirect_uri", REDIRECT),
        ("response_mode", "query"),
        ("response_type", "code"),
        ("scope", &scope),
        ("state", "the-state"),
    ]);
    fields.extend(change.iter().copied());
    let mut url = Url::parse(&format!(
        "{}/{TENANT}/oauth2/v2.0/authorize",
        sandbox.tenant_url()
    ))
    .unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    let answer = http().get(url).send().await.unwrap();
    let Some(location) = answer.headers().get("location").cloned() else {
        return Err(answer.text().await.unwrap());
    };
    let location = Url::parse(location.to_str().unwrap()).unwrap();
    assert!(
        location.as_str().starts_with("http://localhost:51004/?"),
        "{location}"
    );
    Ok(location.query_pairs().into_owned().collect())
}

const VERIFIER: &str = "a verifier that nobody else knows";
const REDIRECT: &str = "http://localhost:51004";

#[tokio::test]
async fn a_code_is_redeemed_once_and_by_whoever_has_its_verifier() {
    let sandbox = sandbox().await;
    let redeem = async |verifier: &str, redirect: &str| {
        let answer = authorize(&sandbox, &[]).await.unwrap();
        assert_eq!(answer["state"], "the-state");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", answer["code"].as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        let first = token(&sandbox, &fields).await;
        (first, token(&sandbox, &fields).await)
    };
    let (granted, again) = redeem(VERIFIER, REDIRECT).await;
    assert!(granted.unwrap()["refresh_token"].is_string());
    assert_eq!(again, Err(70_008));
    assert_eq!(redeem("another", REDIRECT).await.0, Err(501_481));
    assert_eq!(redeem(VERIFIER, "http://localhost:1").await.0, Err(500_112));
    assert_eq!(sandbox.counters().of(Operation::Authorize), 3);
}

#[tokio::test]
async fn the_sign_in_page_refuses_what_is_not_registered_and_people_may_decline() {
    let sandbox = sandbox().await;
    for (change, number) in [
        (("redirect_uri", "http://evil.example"), "AADSTS50011"),
        (("redirect_uri", "http://localhost:51004/path"), "AADSTS50011"),
        (("redirect_uri", "http://127.0.0.1:51004"), "AADSTS50011"),
        (("client_id", "another"), "AADSTS700016"),
    ] {
        let page = authorize(&sandbox, &[change]).await.unwrap_err();
        assert!(page.contains(number), "{page}");
    }
    let more = format!("{} {}/Mail.Read", scope(&sandbox), sandbox.tenant_url());
    for (change, number) in [
        (("code_challenge", ""), "AADSTS9002325"),
        (("code_challenge_method", "plain"), "AADSTS9002325"),
        (("scope", more.as_str()), "AADSTS70011"),
        (("response_mode", "fragment"), "AADSTS900144"),
    ] {
        let answer = authorize(&sandbox, &[change]).await.unwrap();
        assert!(answer["error_description"].starts_with(number), "{answer:?}");
        assert_eq!(answer.get("code"), None);
    }
    sandbox.tenant().agree(false);
    let answer = authorize(&sandbox, &[]).await.unwrap();
    assert_eq!(
        (answer["error"].as_str(), answer["state"].as_str()),
        ("access_denied", "the-state")
    );
}

#[tokio::test]
async fn a_device_code_waits_for_a_person_and_says_what_it_was_told_to() {
    let sandbox = sandbox().await;
    let scope = scope(&sandbox);
    let begin = async || {
        let answer = post(
            &sandbox,
            "devicecode",
            &[("client_id", CLIENT), ("scope", &scope)],
        )
        .await;
        let body: Value = answer.json().await.unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("user_code"), text("device_code"))
    };
    let redeem = async |code: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        token(&sandbox, &[("grant_type", grant), ("device_code", code)]).await
    };
    let (user, device) = begin().await;
    assert_eq!(redeem(&device).await, Err(70_016));
    assert_eq!(redeem("another").await, Err(70_018));
    assert!(!sandbox.tenant().enter_code("another", true));
    assert!(sandbox.tenant().enter_code(&user, true));
    sandbox
        .tenant()
        .script_device_answers(&["authorization_pending", "slow_down", "expired_token"]);
    assert_eq!(redeem(&device).await, Err(70_016));
    assert_eq!(redeem(&device).await, Err(0), "slow_down is none of Entra's own");
    assert_eq!(redeem(&device).await, Err(70_020));
    assert!(redeem(&device).await.unwrap()["refresh_token"].is_string());
    assert_eq!(redeem(&device).await, Err(70_018), "redeemed");
    let (user, device) = begin().await;
    sandbox.tenant().enter_code(&user, false);
    assert_eq!(redeem(&device).await, Err(70_017));
    assert_eq!(sandbox.counters().of(Operation::DeviceCode), 2);
}

#[tokio::test]
async fn refresh_tokens_are_replaced_go_on_working_and_can_be_ended() {
    let sandbox = sandbox().await;
    let scope = scope(&sandbox);
    let refresh = async |refresh: &str, scope: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("scope", scope),
        ];
        token(&sandbox, &fields).await
    };
    let code = authorize(&sandbox, &[]).await.unwrap()["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let granted = token(&sandbox, &fields).await.unwrap();
    let text = |body: &Value| body["refresh_token"].as_str().unwrap().to_owned();
    let first = text(&granted);
    let second = text(&refresh(&first, &scope).await.unwrap());
    assert_ne!(first, second);
    assert!(
        refresh(&first, &scope).await.is_ok(),
        "the old one goes on working"
    );
    assert_eq!(refresh(&second, "openid").await, Err(70_011));
    sandbox.tenant().allow_public_clients(false);
    assert_eq!(refresh(&second, &scope).await, Err(7_000_218));
    sandbox.tenant().allow_public_clients(true);
    sandbox.tenant().end_refresh_tokens(50_173);
    assert_eq!(refresh(&second, &scope).await, Err(50_173));
    assert_eq!(refresh("made up", &scope).await, Err(9_002_313));
    sandbox.tenant().refuse_sign_ins(Some(7_000_222));
    assert_eq!(refresh(&second, &scope).await, Err(7_000_222));
    let presented = sandbox.tenant().presented_refresh_tokens();
    assert_eq!(presented, [first.as_str(), &first, &second, "made up"]);
}
