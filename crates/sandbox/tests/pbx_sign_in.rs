//! How the simulated PBX lets its service user in, and when it does not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use sandbox::{
    ClientMethod, Credential, Fault, Generation, LOGIN, LoginType, MODULE_SECRET, OAUTH_CLIENT, OAUTH_SECRET,
    OAuthRules, Operation, Options, PASSWORD, Sandbox,
};
use serde_json::{Value, json};

const TOKEN: &str = "/auth/realms/pbx/oauth2/token";

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

async fn ten(rules: OAuthRules) -> Sandbox {
    let builder = Sandbox::builder().generation(Generation::Ten(rules));
    builder.start().await.unwrap()
}

fn post(sandbox: &Sandbox, fields: &[(&str, &str)]) -> RequestBuilder {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    http()
        .post(format!("{}{TOKEN}", sandbox.pbx_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
}

fn password_grant<'a>(password: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "password"),
        ("username", LOGIN),
        ("password", password),
        ("scope", scope),
    ]
}

fn in_form<'a>(mut fields: Vec<(&'a str, &'a str)>, secret: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.extend([("client_id", OAUTH_CLIENT), ("client_secret", secret)]);
    fields
}

async fn tokens(sandbox: &Sandbox) -> Value {
    let fields = in_form(password_grant(PASSWORD, "login"), OAUTH_SECRET);
    post(sandbox, &fields).send().await.unwrap().json().await.unwrap()
}

async fn renewed(sandbox: &Sandbox, token: &str) -> Response {
    let fields = in_form(
        vec![("grant_type", "refresh_token"), ("refresh_token", token)],
        OAUTH_SECRET,
    );
    post(sandbox, &fields).send().await.unwrap()
}

fn users(sandbox: &Sandbox) -> RequestBuilder {
    http().get(format!("{}/rest/users", sandbox.pbx_url()))
}

async fn users_with(sandbox: &Sandbox, token: &str) -> u16 {
    let request = users(sandbox).header("x-version", "2").bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

async fn outcome(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

#[tokio::test]
async fn a_discovery_document_is_there_from_version_10_on() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let ask = |path: &str| http().get(format!("{}{path}", sandbox.pbx_url())).send();
    let well_known = "/.well-known/openid-configuration";
    assert_eq!(ask(well_known).await.unwrap().status(), 404);
    sandbox.pbx().update(Generation::Ten(OAuthRules::default()));
    let found = ask(well_known).await.unwrap();
    assert_eq!(found.status(), 302);
    let document: Value = ask(found.headers()["location"].to_str().unwrap())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        document["token_endpoint"],
        format!("{}{TOKEN}", sandbox.pbx_url())
    );
    let login = http()
        .get(format!("{}/rest/login", sandbox.pbx_url()))
        .header("x-version", "2");
    assert_eq!(login.send().await.unwrap().status(), 404);
    assert_eq!(sandbox.counters().of(Operation::Discovery), 3);
}

#[tokio::test]
async fn a_token_opens_rest_with_its_version_and_nothing_else_does() {
    let sandbox = ten(OAuthRules::default()).await;
    let answer = tokens(&sandbox).await;
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["refresh_expires_in"], 21_600);
    let token = text(&answer, "access_token");
    assert_eq!(users_with(&sandbox, token).await, 200);
    assert_eq!(users_with(&sandbox, "another").await, 401);
    let without_version = users(&sandbox).bearer_auth(token);
    assert_eq!(without_version.send().await.unwrap().status(), 400);
    let as_before = users(&sandbox)
        .header("x-version", "2")
        .header("authToken", token);
    assert_eq!(as_before.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_order_and_counted_once() {
    let sandbox = ten(OAuthRules::default()).await;
    for (password, scope, secret, status, error) in [
        ("wrong", "wrong", "wrong", 401, "invalid_client"),
        ("wrong", "wrong", OAUTH_SECRET, 400, "invalid_scope"),
        ("wrong", "login", OAUTH_SECRET, 400, "invalid_grant"),
    ] {
        let fields = in_form(password_grant(password, scope), secret);
        let (got, body) = outcome(post(&sandbox, &fields).send().await.unwrap()).await;
        assert_eq!((got, text(&body, "error")), (status, error));
    }
    let counters = sandbox.counters();
    assert_eq!(counters.wrong(Credential::Client), 1);
    assert_eq!(counters.wrong(Credential::Password), 1);
    assert_eq!(counters.wrong(Credential::RefreshToken), 0);
    assert_eq!(counters.of(Operation::PbxToken), 3);
    let json = http()
        .post(format!("{}{TOKEN}", sandbox.pbx_url()))
        .json(&json!({"grant_type": "password"}));
    assert_eq!(json.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_client_is_accepted_in_the_one_way_that_is_wanted() {
    for wanted in [ClientMethod::Body, ClientMethod::Basic] {
        let sandbox = ten(OAuthRules {
            client: wanted,
            ..OAuthRules::default()
        })
        .await;
        let bare = password_grant(PASSWORD, "login");
        let full = in_form(bare.clone(), OAUTH_SECRET);
        let basic =
            |fields: &[(&str, &str)]| post(&sandbox, fields).basic_auth(OAUTH_CLIENT, Some(OAUTH_SECRET));
        let in_body = post(&sandbox, &full).send().await.unwrap().status() == 200;
        let by_basic = basic(&bare).send().await.unwrap().status() == 200;
        let in_both = basic(&full).send().await.unwrap().status() == 200;
        assert_eq!(
            (in_body, by_basic, in_both),
            (wanted == ClientMethod::Body, wanted == ClientMethod::Basic, false)
        );
    }
}

#[tokio::test]
async fn a_user_without_the_right_gets_no_token_for_the_right_password() {
    let sandbox = ten(OAuthRules {
        right: false,
        ..OAuthRules::default()
    })
    .await;
    assert_eq!(tokens(&sandbox).await["error"], "access_denied");
    assert_eq!(sandbox.counters().wrong(Credential::Password), 0);
}

#[tokio::test]
async fn a_refresh_token_renews_until_it_is_replaced_or_forgotten() {
    for rotates in [false, true] {
        let sandbox = ten(OAuthRules {
            rotates,
            ..OAuthRules::default()
        })
        .await;
        let first = tokens(&sandbox).await;
        let (status, second) = outcome(renewed(&sandbox, text(&first, "refresh_token")).await).await;
        assert_eq!(status, 200);
        assert_eq!(second.get("refresh_token").is_some(), rotates);
        assert_eq!(users_with(&sandbox, text(&second, "access_token")).await, 200);
        let again = renewed(&sandbox, text(&first, "refresh_token")).await;
        assert_eq!(again.status() == 200, !rotates);
        sandbox.pbx().restart();
        let last = if rotates { &second } else { &first };
        assert_eq!(renewed(&sandbox, text(last, "refresh_token")).await.status(), 400);
        let wrong = sandbox.counters().wrong(Credential::RefreshToken);
        assert_eq!(wrong, 1 + u64::from(rotates));
    }
}

#[tokio::test]
async fn tokens_end_by_age_by_revocation_and_by_a_restart() {
    let short = ten(OAuthRules {
        access_life: Duration::ZERO,
        refresh_life: Duration::ZERO,
        ..OAuthRules::default()
    })
    .await;
    let dead = tokens(&short).await;
    assert_eq!(users_with(&short, text(&dead, "access_token")).await, 401);
    assert_eq!(renewed(&short, text(&dead, "refresh_token")).await.status(), 400);

    let sandbox = ten(OAuthRules::default()).await;
    let first = tokens(&sandbox).await;
    sandbox.pbx().revoke_access_tokens();
    assert_eq!(users_with(&sandbox, text(&first, "access_token")).await, 401);
    assert_eq!(
        renewed(&sandbox, text(&first, "refresh_token")).await.status(),
        200
    );
    let second = tokens(&sandbox).await;
    sandbox.pbx().restart();
    assert_eq!(users_with(&sandbox, text(&second, "access_token")).await, 401);
}

#[tokio::test]
async fn a_secret_that_was_changed_is_another() {
    let sandbox = ten(OAuthRules::default()).await;
    sandbox.pbx().change_oauth_secret("another");
    assert_eq!(tokens(&sandbox).await["error"], "invalid_client");
    let fields = in_form(password_grant(PASSWORD, "login"), "another");
    assert_eq!(post(&sandbox, &fields).send().await.unwrap().status(), 200);
}

async fn chat(sandbox: &Sandbox, query: &str) -> u16 {
    let body = format!(
        "<methodCall><methodName>TeamsPresence.getChatPresence</methodName><params><param><value><struct>\
         <member><name>SHARED_SECRET</name><value>{MODULE_SECRET}</value></member>\
         <member><name>ACCOUNT_IDS</name><value>1004</value></member></struct></value></param></params></methodCall>"
    );
    let request = http()
        .post(format!("{}/xml-rpc?{query}", sandbox.pbx_url()))
        .header("content-type", "text/xml");
    request.body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn xml_rpc_is_signed_with_the_token_on_version_10() {
    let sandbox = ten(OAuthRules::default()).await;
    let answer = tokens(&sandbox).await;
    let token = text(&answer, "access_token");
    assert_eq!(
        chat(&sandbox, &format!("de.vertico.starface.jwt={token}")).await,
        200
    );
    assert_eq!(
        chat(&sandbox, &format!("de.vertico.starface.auth={token}")).await,
        401
    );
    sandbox.pbx().restart();
    assert_eq!(
        chat(&sandbox, &format!("de.vertico.starface.jwt={token}")).await,
        401
    );
    assert_eq!(sandbox.counters().wrong(Credential::Password), 0);
}

#[tokio::test]
async fn a_directory_wants_the_password_itself() {
    let generation = Generation::Nine(LoginType::ActiveDirectory);
    let sandbox = Sandbox::builder().generation(generation).start().await.unwrap();
    let at = format!("{}/rest/login", sandbox.pbx_url());
    for (password, status) in [(PASSWORD, 200), ("wrong", 400)] {
        let template: Value = http()
            .get(&at)
            .header("x-version", "2")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(template["loginType"], "ActiveDirectory");
        let nonce = text(&template, "nonce");
        let secret = STANDARD.encode(format!("{LOGIN}{nonce}{password}"));
        let body = json!({"loginType": "ActiveDirectory", "nonce": nonce, "secret": secret});
        let answer = http().post(&at).header("x-version", "2").json(&body);
        assert_eq!(answer.send().await.unwrap().status(), status);
    }
    for (password, status) in [(PASSWORD, 200), ("wrong", 401)] {
        let auth: String =
            url::form_urlencoded::byte_serialize(STANDARD.encode(format!("{LOGIN}*{password}")).as_bytes())
                .collect();
        assert_eq!(
            chat(&sandbox, &format!("de.vertico.starface.auth={auth}")).await,
            status
        );
    }
    assert_eq!(sandbox.counters().wrong(Credential::Password), 2);
}

#[tokio::test]
async fn too_many_wrong_credentials_are_followed_by_silence_until_the_block_is_lifted() {
    let builder = Sandbox::builder().generation(Generation::Ten(OAuthRules::default()));
    let sandbox = builder.blacklist_after(2).start().await.unwrap();
    let good = tokens(&sandbox).await;
    for _ in 0..2 {
        let fields = in_form(password_grant("wrong", "login"), OAUTH_SECRET);
        assert_eq!(post(&sandbox, &fields).send().await.unwrap().status(), 400);
    }
    // Without an answer there is nothing to wait for but the end of one's patience.
    let silent = users(&sandbox)
        .header("x-version", "2")
        .timeout(Duration::from_millis(200));
    assert!(silent.send().await.unwrap_err().is_timeout());
    let gone = |sandbox: &Sandbox| sandbox.counters().with_status(Operation::Users, 0) == 1;
    assert!(sandbox.wait_until(Duration::from_secs(30), gone).await);
    sandbox.pbx().lift_block();
    assert_eq!(users_with(&sandbox, text(&good, "access_token")).await, 200);
}

#[tokio::test]
async fn faults_speak_oauth_at_the_token_endpoint() {
    let sandbox = ten(OAuthRules::default()).await;
    sandbox.fault(Operation::PbxToken, Fault::Status(503, None), Some(1));
    assert_eq!(tokens(&sandbox).await["error"], "temporarily_unavailable");
}

#[tokio::test]
async fn the_configuration_of_version_10_names_the_clients_secret() {
    let folder = tempfile::tempdir().unwrap();
    for (generation, named) in [
        (Generation::default(), false),
        (Generation::Ten(OAuthRules::default()), true),
    ] {
        let sandbox = Sandbox::builder().generation(generation).start().await.unwrap();
        let path = sandbox
            .write_configuration(folder.path(), &Options::default())
            .unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            text.contains("oauth_client_secret_file = \"pbx-oauth.secret\""),
            named
        );
    }
    let secret = std::fs::read_to_string(folder.path().join("pbx-oauth.secret")).unwrap();
    assert_eq!(secret, OAUTH_SECRET);
}
