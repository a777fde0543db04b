//! No secret is shown by anything that can be shown.

use serde_json::json;
use starface_api::{ChatModule, ChatStatus, ModuleName, UserId};

use crate::double::{
    Double, LOGIN, MODULE_SECRET, OUTER_HASH, PASSWORD, RPC_HASH, everything_of, ok, sign_in, status,
};

const TOKEN: &str = "SAMPLE-token-1";

fn assert_no_secret(text: &str) {
    for secret in [
        PASSWORD,
        TOKEN,
        OUTER_HASH,
        RPC_HASH,
        MODULE_SECRET,
        "SAMPLE-session",
    ] {
        assert!(!text.contains(secret), "`{secret}` in: {text}");
    }
}

#[tokio::test]
async fn nothing_public_shows_a_secret() {
    let double = Double::with_tokens(&[TOKEN]).await;
    let answer = "<methodResponse><params><param><value><struct><member><name>OK</name><value><boolean>1</boolean></value></member>\
        </struct></value></param></params></methodResponse>";
    let answer = wiremock::ResponseTemplate::new(200).set_body_raw(answer, "text/xml");
    double
        .always(
            "POST",
            "/xml-rpc",
            answer.insert_header("set-cookie", "JSESSIONID=SAMPLE-session"),
        )
        .await;
    double.always("GET", "/rest/groups", ok(json!([]))).await;
    let echo = json!({"code": TOKEN, "message": format!("{TOKEN} is not allowed")});
    double
        .always("GET", "/rest/users", status(403).set_body_json(echo))
        .await;
    let pbx = double.pbx();
    let module = ChatModule::new(
        pbx.clone(),
        ModuleName::parse("TeamsPresence").unwrap(),
        MODULE_SECRET.into(),
    );
    module.set(UserId::new(1004), ChatStatus::Away, "").await.unwrap();
    let error = pbx.users().await.unwrap_err();
    assert_no_secret(&everything_of(&error));
    let shown = format!("{pbx:?} {pbx:#?} {module:?} {:?} {}", sign_in(), pbx.url());
    assert!(shown.contains(LOGIN));
    assert_no_secret(&shown);
}

#[tokio::test]
async fn a_login_answer_that_repeats_the_secret_is_cleaned() {
    let double = Double::start().await;
    double.challenge("Internal").await;
    let echo = json!({"message": format!("{LOGIN}:{OUTER_HASH} ({PASSWORD}) is wrong")});
    double
        .always("POST", "/rest/login", status(400).set_body_json(echo))
        .await;
    let error = double.pbx().sign_in().await.unwrap_err();
    assert_no_secret(&everything_of(&error));
    assert!(
        error
            .failure()
            .unwrap()
            .to_string()
            .contains("*** (***) is wrong")
    );
}
