//! Do not disturb: one member changes, everything else comes back as it was.

use serde_json::json;
use starface_api::{DndChange, Error, Fault, Pbx, UserId};
use wiremock::ResponseTemplate;

use crate::double::{Double, expected, headers, ok, status};

const AT: &str = "/rest/users/1004/phoneconfig";
const USER: i64 = 1004;

fn config(dnd: bool) -> String {
    format!(
        r#"{{"callWaiting":true,"displayNumberId":null,"doNotDisturb":{dnd},"primaryPhoneId":5,"futureOption":{{"mode":"x","limits":[1,2.50,9007199254740993]}},"anotherFlag":null}}"#
    )
}

fn raw(body: String) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

async fn pbx_with(before: bool) -> (Double, Pbx) {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    double.always("GET", AT, raw(config(before))).await;
    let pbx = double.pbx();
    (double, pbx)
}

#[tokio::test]
async fn a_change_reads_and_writes_everything_back_with_one_member_changed() {
    for (before, expects) in [
        (false, Some(false)),
        (false, None),
        (true, Some(true)),
        (true, None),
    ] {
        let (double, pbx) = pbx_with(before).await;
        double.always("PUT", AT, status(204)).await;
        let change = pbx.change_dnd(UserId::new(USER), !before, expects).await.unwrap();
        assert_eq!(change, DndChange::Written { before });

        let seen = double.requests().await;
        let calls = double.calls().await;
        assert_eq!(calls[2..], [format!("GET {AT}"), format!("PUT {AT}")]);
        let json = "application/json";
        let signed = expected([
            ("accept", json),
            ("authtoken", "SAMPLE-token-1"),
            ("x-version", "2"),
        ]);
        assert_eq!(headers(&seen[2]), signed);
        let mut with_body = signed;
        with_body.insert("content-type".into(), json.into());
        assert_eq!(headers(&seen[3]), with_body);
        assert_eq!(String::from_utf8_lossy(&seen[3].body), config(!before));
    }
}

#[tokio::test]
async fn nothing_is_written_where_the_value_stands_already_or_is_not_the_expected_one() {
    for (before, to, expects, outcome) in [
        (true, true, None, DndChange::AlreadyEqual),
        (true, true, Some(false), DndChange::AlreadyEqual),
        (true, true, Some(true), DndChange::AlreadyEqual),
        (false, false, Some(true), DndChange::AlreadyEqual),
        (true, false, Some(false), DndChange::Conflict { found: true }),
        (false, true, Some(true), DndChange::Conflict { found: false }),
    ] {
        let (double, pbx) = pbx_with(before).await;
        assert_eq!(
            pbx.change_dnd(UserId::new(USER), to, expects).await.unwrap(),
            outcome
        );
        assert_eq!(double.calls().await[2..], [format!("GET {AT}")]);
    }
}

#[tokio::test]
async fn only_204_means_written() {
    for (answer, fault) in [
        (200, Fault::Protocol),
        (201, Fault::Protocol),
        (202, Fault::Protocol),
        (302, Fault::Configuration),
        (400, Fault::Protocol),
        (403, Fault::Permission),
        (404, Fault::NotFound),
        (429, Fault::Throttled { retry_after: None }),
        (500, Fault::Server),
        (503, Fault::Unreachable),
    ] {
        let (double, pbx) = pbx_with(false).await;
        double.always("PUT", AT, status(answer)).await;
        let error = pbx
            .change_dnd(UserId::new(USER), true, Some(false))
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::WritePhoneConfig { user, .. } if user == UserId::new(USER)),
            "{error:?}"
        );
        assert_eq!(error.fault(), fault, "{answer}");
        assert_eq!(double.count(&format!("PUT {AT}")).await, 1);
    }
}

#[tokio::test]
async fn a_token_that_dies_between_reading_and_writing_is_replaced_once() {
    let (double, pbx) = pbx_with(false).await;
    double.for_token("SAMPLE-token-1", "PUT", AT, status(401)).await;
    double.for_token("SAMPLE-token-2", "PUT", AT, status(204)).await;
    let change = pbx
        .change_dnd(UserId::new(USER), true, Some(false))
        .await
        .unwrap();
    assert_eq!(change, DndChange::Written { before: false });
    assert_eq!(double.count(&format!("PUT {AT}")).await, 2);
    assert_eq!(double.count("POST /rest/login").await, 2);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_never_written() {
    for (answer, fault) in [
        (status(404), Fault::NotFound),
        (status(500), Fault::Server),
        (status(204), Fault::Protocol),
        (ok(json!({"callWaiting": true})), Fault::Protocol),
        (ok(json!({"doNotDisturb": "false"})), Fault::Protocol),
        (raw("{\"doNotDisturb\":fal".into()), Fault::Protocol),
        (raw("<html>".into()), Fault::Protocol),
    ] {
        let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
        double.always("GET", AT, answer).await;
        let error = double
            .pbx()
            .change_dnd(UserId::new(USER), true, None)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ReadPhoneConfig { .. }), "{error:?}");
        assert_eq!(error.fault(), fault);
        assert_eq!(double.count(&format!("PUT {AT}")).await, 0);
    }
}

#[tokio::test]
async fn an_error_body_is_shown_with_code_and_message() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let body =
        json!({"code": "SAMPLE_ERROR", "message": "User with id 4600 has no permission\nfor SAMPLE-token-1"});
    double.always("GET", AT, status(403).set_body_json(body)).await;
    let error = double.pbx().phone_config(UserId::new(USER)).await.unwrap_err();
    assert_eq!(
        error.failure().unwrap().to_string(),
        "the PBX answered 403: SAMPLE_ERROR, User with id 4600 has no permission for ***"
    );
}
