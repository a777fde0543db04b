//! A token's life: renewed in time, and once when the PBX does not know it any more.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use starface_api::{Error, Failure, Fault};

use crate::double::{Double, headers, ok, status};

const USERS: &str = "/rest/users";

#[tokio::test]
async fn a_token_is_renewed_after_three_and_a_half_hours() {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    double.always("GET", USERS, ok(json!([]))).await;
    let pbx = double.pbx();
    pbx.users().await.unwrap();
    later(Duration::from_secs(3 * 3600 + 29 * 60)).await;
    pbx.users().await.unwrap();
    assert_eq!(double.count("POST /rest/login").await, 1);
    later(Duration::from_secs(60)).await;
    pbx.users().await.unwrap();
    assert_eq!(double.count("POST /rest/login").await, 2);
    assert_eq!(
        headers(double.requests().await.last().unwrap())["authtoken"],
        "SAMPLE-token-2"
    );
}

/// Moves the clock while nothing is under way; requests run on the real one, so that no time limit fires by itself.
pub(crate) async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_dead_token_costs_all_callers_together_one_sign_in() {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    double
        .for_token("SAMPLE-token-1", "GET", USERS, status(401))
        .await;
    double
        .for_token("SAMPLE-token-2", "GET", USERS, ok(json!([])))
        .await;
    let pbx = double.pbx();
    let results = join_all((0..8).map(|_| pbx.users())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(
        (
            double.count("GET /rest/login").await,
            double.count("POST /rest/login").await
        ),
        (2, 2)
    );
    pbx.users().await.unwrap();
    assert_eq!(double.count("POST /rest/login").await, 2);
}

#[tokio::test]
async fn a_401_that_a_new_token_does_not_cure_is_a_missing_right_and_no_reason_to_go_on_signing_in() {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2", "SAMPLE-token-3"]).await;
    double.always("GET", USERS, status(401)).await;
    double.always("GET", "/rest/groups", ok(json!([]))).await;
    let pbx = double.pbx();
    for _ in 0..3 {
        let error = pbx.users().await.unwrap_err();
        assert_eq!(error.fault(), Fault::Permission);
        assert!(
            matches!(error, Error::Users(Failure::StillUnauthorized)),
            "{error:?}"
        );
    }
    assert_eq!(
        (
            double.count("POST /rest/login").await,
            double.count("GET /rest/users").await
        ),
        (2, 4)
    );
    pbx.groups().await.unwrap();
    later(Duration::from_secs(61)).await;
    pbx.users().await.unwrap_err();
    assert_eq!(double.count("POST /rest/login").await, 3);
}

#[tokio::test]
async fn credentials_that_are_refused_at_renewal_are_not_sent_again_either() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    double.always("POST", "/rest/login", status(400)).await;
    double.always("GET", USERS, status(401)).await;
    let pbx = double.pbx();
    for _ in 0..3 {
        assert_eq!(pbx.users().await.unwrap_err().fault(), Fault::Credentials);
    }
    assert_eq!(
        (
            double.count("POST /rest/login").await,
            double.count("GET /rest/users").await
        ),
        (2, 1)
    );
}
