//! A token's life on version 10: five minutes, renewed by refresh token, and what happens when either is dead.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use starface_api::Fault;
use wiremock::ResponseTemplate;
use wiremock::matchers::{header, method, path};

use crate::double::{Double, ok, status};
use crate::ten::{issue, issued, refused};
use crate::token_life::later;

const USERS: &str = "/rest/users";

async fn signed_in() -> Double {
    let double = Double::ten().await;
    double.token(issued(1)).await;
    double
}

async fn grants(double: &Double) -> Vec<String> {
    let forms = double.forms().await;
    forms
        .iter()
        .map(|form| match form.get("refresh_token") {
            Some(token) => format!("{} {token}", form["grant_type"]),
            None => form["grant_type"].clone(),
        })
        .collect()
}

fn without_refresh(number: u32) -> ResponseTemplate {
    let mut answer = issue(number);
    answer.as_object_mut().unwrap().remove("refresh_token");
    ok(answer)
}

#[tokio::test]
async fn a_token_is_renewed_half_a_minute_before_its_end_with_the_latest_refresh_token() {
    let double = signed_in().await;
    double.token(issued(2)).await;
    double.token(without_refresh(3)).await;
    double.token(issued(4)).await;
    double.always("GET", USERS, ok(json!([]))).await;
    let pbx = double.auto();
    for pause in [0, 269, 1, 270, 270] {
        later(Duration::from_secs(pause)).await;
        pbx.users().await.unwrap();
    }
    assert_eq!(
        grants(&double).await,
        [
            "password",
            "refresh_token SAMPLE-refresh-1",
            "refresh_token SAMPLE-refresh-2",
            "refresh_token SAMPLE-refresh-2"
        ]
    );
    let form = &double.forms().await[1];
    assert_eq!(form["client_id"], "rest-client-headless");
    assert!(form.contains_key("client_secret") && !form.contains_key("password"));
    assert!(!form.contains_key("username") && !form.contains_key("scope"));
    let signed: Vec<String> = double
        .requests()
        .await
        .iter()
        .filter(|request| request.url.path() == USERS)
        .map(|request| request.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        signed,
        [1, 1, 2, 3, 4].map(|number| format!("Bearer SAMPLE-access-{number}"))
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_dead_is_not_shown_to_the_pbx() {
    let double = signed_in().await;
    double.token(issued(2)).await;
    let pbx = double.auto();
    pbx.sign_in().await.unwrap();
    later(Duration::from_secs(21_600)).await;
    pbx.sign_in().await.unwrap();
    assert_eq!(grants(&double).await, ["password", "password"]);
}

#[tokio::test]
async fn a_refused_refresh_token_is_followed_by_the_password_and_is_no_refusal_of_it() {
    for refusal in [refused(400, "invalid_grant"), status(401)] {
        let double = signed_in().await;
        double.token(refusal).await;
        double.token(issued(2)).await;
        let pbx = double.auto();
        pbx.sign_in().await.unwrap();
        later(Duration::from_secs(280)).await;
        pbx.sign_in().await.unwrap();
        assert_eq!(
            grants(&double).await,
            ["password", "refresh_token SAMPLE-refresh-1", "password"]
        );
    }
}

#[tokio::test]
async fn a_renewal_that_meets_an_outage_does_not_present_the_password_on_top() {
    let double = signed_in().await;
    double.token(status(429).insert_header("retry-after", "9")).await;
    let pbx = double.auto();
    pbx.sign_in().await.unwrap();
    later(Duration::from_secs(280)).await;
    let nine = Some(Duration::from_secs(9));
    assert_eq!(
        pbx.sign_in().await.unwrap_err().fault(),
        Fault::Throttled { retry_after: nine }
    );
    assert_eq!(
        grants(&double).await,
        ["password", "refresh_token SAMPLE-refresh-1"]
    );
}

#[tokio::test]
async fn a_password_that_was_changed_is_presented_once_when_the_refresh_token_ends() {
    let double = signed_in().await;
    double.token(refused(400, "invalid_grant")).await;
    double.token(refused(400, "invalid_grant")).await;
    let pbx = double.auto();
    pbx.sign_in().await.unwrap();
    later(Duration::from_secs(280)).await;
    for _ in 0..3 {
        assert_eq!(pbx.sign_in().await.unwrap_err().fault(), Fault::Credentials);
    }
    assert_eq!(
        grants(&double).await,
        ["password", "refresh_token SAMPLE-refresh-1", "password"]
    );
}

/// Answers a bearer's requests.
async fn for_bearer(double: &Double, number: u32, answer: ResponseTemplate) {
    let mock = wiremock::Mock::given(method("GET"))
        .and(path(USERS))
        .and(header("authorization", format!("Bearer SAMPLE-access-{number}")));
    double.mount(mock.respond_with(answer)).await;
}

#[tokio::test]
async fn a_token_that_is_revoked_in_mid_flight_costs_all_callers_together_one_sign_in() {
    let double = signed_in().await;
    double.token(issued(2)).await;
    for_bearer(&double, 1, status(401)).await;
    for_bearer(&double, 2, ok(json!([]))).await;
    let pbx = double.auto();
    let results = join_all((0..8).map(|_| pbx.users())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // Whoever forgot the token has forgotten its refresh token, too: that one is not tried.
    assert_eq!(grants(&double).await, ["password", "password"]);
}

#[tokio::test]
async fn a_401_that_a_new_token_does_not_cure_is_a_missing_right() {
    let double = signed_in().await;
    double.token(issued(2)).await;
    double.always("GET", USERS, status(401)).await;
    let pbx = double.auto();
    for _ in 0..3 {
        assert_eq!(pbx.users().await.unwrap_err().fault(), Fault::Permission);
    }
    assert_eq!(grants(&double).await.len(), 2);
}

#[tokio::test]
async fn a_senseless_life_makes_no_storm() {
    for life in [json!(0), json!(1), json!(u64::MAX), json!(null)] {
        let double = Double::ten().await;
        let mut answer = issue(1);
        answer["expires_in"] = life.clone();
        double.token(ok(answer)).await;
        double.always("GET", USERS, ok(json!([]))).await;
        let pbx = double.auto();
        for _ in 0..5 {
            pbx.users().await.unwrap();
        }
        assert_eq!(grants(&double).await, ["password"], "{life}");
    }
}
