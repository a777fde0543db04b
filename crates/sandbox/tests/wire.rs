//! The sandbox over the wire: what it refuses, what it counts, and how it breaks.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::collections::HashMap;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use sandbox::{
    Author, CLIENT, CLIENT_SECRET, Except, Fault, LOGIN, MODULE, MODULE_SECRET, Office, Operation, Options,
    PASSWORD, Said, Sandbox, Subject, TENANT,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox knows none of our crates, their factory neither"
)]
fn http() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn sandbox(members: usize) -> Sandbox {
    Sandbox::builder()
        .office(Office::new(members, 1))
        .start()
        .await
        .unwrap()
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

async fn token_with(sandbox: &Sandbox, secret: &str) -> Response {
    let scope = format!("{}/.default", sandbox.tenant_url());
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", secret),
        ("scope", &scope),
    ];
    http()
        .post(format!("{}/{TENANT}/oauth2/v2.0/token", sandbox.tenant_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&fields))
        .send()
        .await
        .unwrap()
}

async fn token(sandbox: &Sandbox) -> String {
    let answer: Value = token_with(sandbox, CLIENT_SECRET).await.json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn graph(sandbox: &Sandbox, token: &str, method: Method, path: &str, body: Value) -> Response {
    http()
        .request(method, format!("{}/v1.0/{path}", sandbox.tenant_url()))
        .bearer_auth(token)
        .header("client-request-id", "1")
        .json(&body)
        .send()
        .await
        .unwrap()
}

fn sha(text: &str) -> String {
    hex::encode(Sha512::digest(text.as_bytes()))
}

async fn nonce(sandbox: &Sandbox) -> String {
    let request = http()
        .get(format!("{}/rest/login", sandbox.pbx_url()))
        .header("x-version", "2");
    let template: Value = request.send().await.unwrap().json().await.unwrap();
    template["nonce"].as_str().unwrap().to_owned()
}

async fn sign_in(sandbox: &Sandbox, nonce: &str, password: &str) -> Response {
    let secret = format!("{LOGIN}:{}", sha(&format!("{LOGIN}{nonce}{}", sha(password))));
    http()
        .post(format!("{}/rest/login", sandbox.pbx_url()))
        .header("x-version", "2")
        .json(&json!({ "loginType": "Internal", "nonce": nonce, "secret": secret }))
        .send()
        .await
        .unwrap()
}

async fn pbx_token(sandbox: &Sandbox) -> String {
    let answer: Value = sign_in(sandbox, &nonce(sandbox).await, PASSWORD)
        .await
        .json()
        .await
        .unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

async fn rest(sandbox: &Sandbox, token: &str, method: Method, path: &str, body: Option<Value>) -> Response {
    let mut request = http()
        .request(method, format!("{}/rest/{path}", sandbox.pbx_url()))
        .header("x-version", "2")
        .header("authToken", token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_wrong_secret_is_refused_as_entra_does() {
    let sandbox = sandbox(5).await;
    let answer = token_with(&sandbox, "wrong").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (body["error"].as_str(), &body["error_codes"]),
        (Some("invalid_client"), &json!([7_000_215]))
    );
    assert_eq!(sandbox.counters().with_status(Operation::Token, 401), 1);
}

#[tokio::test]
async fn presence_wants_a_token_an_id_of_the_call_and_at_most_650_ids() {
    let sandbox = sandbox(5).await;
    let ask = "communications/getPresencesByUserId";
    let token = token(&sandbox).await;
    let ids = |count| json!({ "ids": vec!["00000000-0000-0000-0000-000000000000"; count] });
    assert_eq!(
        graph(&sandbox, "wrong", Method::POST, ask, ids(1)).await.status(),
        401
    );
    assert_eq!(
        graph(&sandbox, &token, Method::POST, ask, ids(651))
            .await
            .status(),
        400
    );
    assert_eq!(
        graph(&sandbox, &token, Method::POST, ask, json!({ "ids": ["x"] }))
            .await
            .status(),
        400
    );
    let unknown: Value = graph(&sandbox, &token, Method::POST, ask, ids(650))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(unknown["value"], json!([]));
    let bare = http()
        .post(format!("{}/v1.0/{ask}", sandbox.tenant_url()))
        .bearer_auth(&token)
        .json(&ids(1));
    assert_eq!(bare.send().await.unwrap().status(), 400, "no client-request-id");
    sandbox.tenant().permit("Presence.Read.All", false);
    assert_eq!(
        graph(&sandbox, &token, Method::POST, ask, ids(1)).await.status(),
        403
    );
    sandbox.tenant().revoke_tokens();
    assert_eq!(
        graph(&sandbox, &token, Method::POST, ask, ids(1)).await.status(),
        401
    );
}

#[tokio::test]
async fn people_are_found_by_address_in_a_batch() {
    let office = Office::new(20, 1);
    let anna = office.employees()[0].person.clone().unwrap();
    let sandbox = Sandbox::builder().office(office).start().await.unwrap();
    let mail = sandbox.tenant().person(&anna).unwrap().mail.unwrap();
    let token = token(&sandbox).await;
    let inner = |id: &str, url: String| json!({ "id": id, "method": "GET", "url": url });
    let batch = json!({ "requests": [
        inner("1", format!("/users?$select=id,proxyAddresses&$filter=mail%20in%20('{mail}')")),
        inner("2", "/users?$filter=phone%20eq%20'1'".to_owned()),
        inner("3", "/elsewhere".to_owned()),
    ]});
    let answer: Value = graph(&sandbox, &token, Method::POST, "$batch", batch)
        .await
        .json()
        .await
        .unwrap();
    let by_id: HashMap<&str, &Value> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|inner| (inner["id"].as_str().unwrap(), inner))
        .collect();
    assert_eq!(by_id["1"]["body"]["value"][0]["id"], json!(anna));
    assert_eq!(
        by_id["1"]["body"]["value"][0]["accountEnabled"],
        Value::Null,
        "not asked for"
    );
    assert_eq!(
        (by_id["2"]["status"].as_u64(), by_id["3"]["status"].as_u64()),
        (Some(400), Some(404))
    );
    let too_many: Vec<Value> = (0..21)
        .map(|id| inner(&id.to_string(), "/users".to_owned()))
        .collect();
    assert_eq!(
        graph(
            &sandbox,
            &token,
            Method::POST,
            "$batch",
            json!({ "requests": too_many })
        )
        .await
        .status(),
        400
    );
}

#[tokio::test]
async fn a_nonce_serves_once_and_a_wrong_hash_never() {
    let sandbox = sandbox(5).await;
    let once = nonce(&sandbox).await;
    assert_eq!(sign_in(&sandbox, &once, PASSWORD).await.status(), 200);
    assert_eq!(sign_in(&sandbox, &once, PASSWORD).await.status(), 400, "used");
    assert_eq!(sign_in(&sandbox, "made-up", PASSWORD).await.status(), 400);
    let other = nonce(&sandbox).await;
    assert_eq!(sign_in(&sandbox, &other, "wrong").await.status(), 400);
    let bare = http()
        .get(format!("{}/rest/login", sandbox.pbx_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 400, "no X-Version");
}

#[tokio::test]
async fn a_phone_configuration_goes_back_whole_or_not_at_all() {
    let sandbox = sandbox(20).await;
    let odd = Office::new(20, 1).employees()[15].clone();
    let path = format!("users/{}/phoneconfig", odd.pbx_user);
    let token = pbx_token(&sandbox).await;
    let before: Value = rest(&sandbox, &token, Method::GET, &path, None)
        .await
        .json()
        .await
        .unwrap();
    assert!(before.get("futureOption").is_some());
    let mut partial = before.clone();
    partial.as_object_mut().unwrap().remove("futureOption");
    let mut typed = before.clone();
    typed["callWaiting"] = json!("yes");
    for refused in [json!({ "doNotDisturb": true }), partial, typed, json!([])] {
        assert_eq!(
            rest(&sandbox, &token, Method::PUT, &path, Some(refused))
                .await
                .status(),
            500
        );
    }
    let mut on = before.clone();
    on["doNotDisturb"] = json!(true);
    assert_eq!(
        rest(&sandbox, &token, Method::PUT, &path, Some(on.clone()))
            .await
            .status(),
        204
    );
    assert_eq!(
        rest(&sandbox, &token, Method::GET, &path, None)
            .await
            .json::<Value>()
            .await
            .unwrap(),
        on
    );
    let record = sandbox.history().pop().unwrap();
    assert_eq!(
        (record.user, record.subject, record.author),
        (odd.pbx_user, Subject::Dnd, Author::Program)
    );
    assert_eq!(
        rest(&sandbox, "wrong", Method::GET, &path, None).await.status(),
        401
    );
    sandbox.pbx().restart();
    assert_eq!(
        rest(&sandbox, &token, Method::GET, &path, None).await.status(),
        401,
        "the session is lost"
    );
}

#[tokio::test]
async fn the_group_shows_who_is_assigned_and_not_who_is_logged_in() {
    let sandbox = sandbox(20).await;
    let token = pbx_token(&sandbox).await;
    let groups: Value = rest(&sandbox, &token, Method::GET, "groups", None)
        .await
        .json()
        .await
        .unwrap();
    let id = groups[0]["id"].as_i64().unwrap();
    let group: Value = rest(&sandbox, &token, Method::GET, &format!("groups/{id}"), None)
        .await
        .json()
        .await
        .unwrap();
    let users = group["assignableUsers"].as_array().unwrap();
    assert_eq!(
        users
            .iter()
            .filter(|user| user["assigned"] == json!(true))
            .count(),
        20
    );
    assert_eq!(users.len(), 25);
    assert!(!group.to_string().contains("logged"));
}

#[tokio::test]
async fn the_module_wants_the_sign_in_and_its_own_secret() {
    let sandbox = sandbox(5).await;
    let user = Office::new(5, 1).employees()[0].pbx_user;
    let call = |secret: &str, method: &str| {
        format!(
            "<?xml version=\"1.0\"?><methodCall><methodName>{MODULE}.{method}</methodName><params><param><value><struct>\
             <member><name>SHARED_SECRET</name><value><string>{secret}</string></value></member>\
             <member><name>ACCOUNT_ID</name><value><int>{user}</int></value></member>\
             <member><name>CHAT_PRESENCE</name><value><string>AWAY</string></value></member>\
             <member><name>MESSAGE</name><value><string></string></value></member>\
             <member><name>ACCOUNT_IDS</name><value><string>{user},99</string></value></member>\
             </struct></value></param></params></methodCall>"
        )
    };
    let auth = format!("{LOGIN}:{}", sha(&format!("{LOGIN}*{}", sha(PASSWORD))));
    let post = |auth: String, body: String| {
        let url = format!("{}/xml-rpc?de.vertico.starface.auth={auth}", sandbox.pbx_url());
        let request = http().post(url).header("content-type", "text/xml").body(body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    assert_eq!(
        post("0001:wrong".to_owned(), call(MODULE_SECRET, "setChatPresence"))
            .await
            .0,
        401
    );
    let (_, refused) = post(auth.clone(), call("wrong", "setChatPresence")).await;
    assert!(
        refused.contains("<boolean>0</boolean>") && refused.contains("wrong secret"),
        "{refused}"
    );
    let (_, set) = post(auth.clone(), call(MODULE_SECRET, "setChatPresence")).await;
    assert!(
        set.contains("<boolean>1</boolean>") && set.contains("AVAILABLE"),
        "{set}"
    );
    assert_eq!(sandbox.pbx().user(user).unwrap().chat, "AWAY");
    let (_, read) = post(auth.clone(), call(MODULE_SECRET, "getChatPresence")).await;
    assert!(read.contains(&format!("{user}=AWAY")), "{read}");
    let (_, fault) = post(auth, call(MODULE_SECRET, "elsewhere")).await;
    assert!(fault.contains("<fault>"), "{fault}");
    assert_eq!(sandbox.counters().of(Operation::ChatGet), 1);
}

#[tokio::test]
async fn faults_happen_as_often_as_they_were_asked_for() {
    let sandbox = sandbox(5).await;
    let user = Office::new(5, 1).employees()[0].pbx_user;
    let token = pbx_token(&sandbox).await;
    let path = format!("users/{user}/phoneconfig");
    sandbox.fault(Operation::PhoneconfigGet, Fault::Status(429, Some(7)), Some(2));
    for _ in 0..2 {
        let throttled = rest(&sandbox, &token, Method::GET, &path, None).await;
        assert_eq!(
            (
                throttled.status().as_u16(),
                throttled.headers()["retry-after"].to_str().unwrap()
            ),
            (429, "7")
        );
    }
    let before: Value = rest(&sandbox, &token, Method::GET, &path, None)
        .await
        .json()
        .await
        .unwrap();
    let mut on = before.clone();
    on["doNotDisturb"] = json!(!before["doNotDisturb"].as_bool().unwrap());
    for (fault, takes_effect) in [(Fault::Drop, false), (Fault::Lost, true)] {
        sandbox.fault(Operation::PhoneconfigPut, fault, Some(1));
        let request = http()
            .put(format!("{}/rest/{path}", sandbox.pbx_url()))
            .header("x-version", "2")
            .header("authToken", &token)
            .json(&on);
        let whole = match request.send().await {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "the connection ends before the answer does");
        assert_eq!(
            sandbox.pbx().user(user).unwrap().dnd == on["doNotDisturb"],
            takes_effect,
            "{fault}"
        );
    }
    sandbox.fault(Operation::PhoneconfigGet, Fault::Html, Some(1));
    let page = rest(&sandbox, &token, Method::GET, &path, None)
        .await
        .text()
        .await
        .unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    sandbox.fault(Operation::PhoneconfigGet, Fault::Malformed, Some(1));
    assert!(
        rest(&sandbox, &token, Method::GET, &path, None)
            .await
            .json::<Value>()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_judge_knows_what_has_to_be() {
    let office = Office::plain(3, 1);
    let (anna, ben) = (office.employees()[0].clone(), office.employees()[1].clone());
    let outsider = office.employees()[3].clone();
    let sandbox = Sandbox::builder().office(office).start().await.unwrap();
    assert!(
        sandbox.judge(&Except::default()).converged(),
        "everybody is available"
    );
    sandbox
        .tenant()
        .set_presence(anna.person.as_ref().unwrap(), Said::new("Busy", "InACall"));
    sandbox
        .tenant()
        .set_presence(ben.person.as_ref().unwrap(), Said::new("Nonsense", "InACall"));
    assert_eq!(
        sandbox.judge(&Except::default()).differences.len(),
        2,
        "DND and chat of Anna, nothing of Ben"
    );
    sandbox.pbx().set_dnd_by_human(anna.pbx_user, true);
    sandbox.pbx().set_chat_by_client(anna.pbx_user, "DO_NOT_DISTURB");
    assert!(sandbox.judge(&Except::default()).converged());
    sandbox.pbx().set_dnd_by_human(outsider.pbx_user, true);
    assert!(
        sandbox.judge(&Except::default()).converged(),
        "people may do with their phones what they like"
    );
    let path = format!("users/{}/phoneconfig", outsider.pbx_user);
    let token = pbx_token(&sandbox).await;
    let phone: Value = rest(&sandbox, &token, Method::GET, &path, None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        rest(&sandbox, &token, Method::PUT, &path, Some(phone))
            .await
            .status(),
        204
    );
    let verdict = sandbox.judge(&Except::default());
    assert!(
        !verdict.converged(),
        "a program touched somebody outside the group, if only with an equal value"
    );
    assert!(
        verdict.differences[0]
            .to_string()
            .contains("was not to be touched")
    );
}

#[tokio::test]
async fn waiting_ends_with_the_condition_or_with_patience() {
    let sandbox = sandbox(5).await;
    let patience = Duration::from_millis(50);
    assert!(
        !sandbox
            .wait_until(patience, |sandbox| sandbox.counters().of(Operation::Token) > 0)
            .await
    );
    let ask = token(&sandbox);
    let wait = sandbox.wait_until(Duration::from_secs(10), |sandbox| {
        sandbox.counters().of(Operation::Token) > 0
    });
    assert!(tokio::join!(ask, wait).1);
}

#[tokio::test]
async fn the_configuration_is_written_with_secrets_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = sandbox(5).await;
    let folder = tempfile::tempdir().unwrap();
    let path = sandbox
        .write_configuration(folder.path(), &Options::default())
        .unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(&sandbox.pbx_url()) && text.contains(&sandbox.tenant_url()));
    for secret in [CLIENT_SECRET, PASSWORD, MODULE_SECRET] {
        assert!(!text.contains(secret));
    }
    let mode = std::fs::metadata(folder.path().join("pbx.password"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let anywhere = "0.0.0.0:0".parse().unwrap();
    assert!(
        Sandbox::builder()
            .listen(anywhere, anywhere)
            .start()
            .await
            .is_err()
    );
}
