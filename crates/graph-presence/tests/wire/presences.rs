use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use graph_presence::{Api, Error, Fault, MAX_IDS};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    PRESENCE_PATH, TOKEN_PATH, Tenant, all_busy, asked_ids, chain, header, ids, ok, refused,
};

#[tokio::test]
async fn the_request_is_the_documented_call_and_nothing_else() {
    let tenant = Tenant::start().await;
    tenant.on_presence(all_busy).await;
    let ids = ids(2);
    let read = tenant.client().presences(&ids).await.unwrap();
    assert_eq!(read.answers.len(), 2);
    assert!(
        read.answers
            .iter()
            .all(|answer| answer.presence.to_string() == "Busy/InACall")
    );

    let calls = tenant.calls(PRESENCE_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(call.url.query(), None);
    assert_eq!(header(call, "authorization"), Some("Bearer SAMPLE-token-1"));
    assert_eq!(header(call, "content-type"), Some("application/json"));
    assert_eq!(header(call, "accept"), Some("application/json"));
    uuid::Uuid::parse_str(header(call, "client-request-id").unwrap()).unwrap();
    assert_eq!(
        call.body_json::<Value>().unwrap(),
        json!({"ids": [ids[0].as_str(), ids[1].as_str()]})
    );
}

#[tokio::test]
async fn a_full_chunk_is_one_call_and_its_token_is_kept() {
    let tenant = Tenant::start().await;
    tenant.on_presence(all_busy).await;
    let client = tenant.client();
    for _ in 0..3 {
        assert_eq!(
            client.presences(&ids(MAX_IDS)).await.unwrap().answers.len(),
            MAX_IDS
        );
    }
    assert_eq!(tenant.count(PRESENCE_PATH).await, 3);
    assert_eq!(tenant.count(TOKEN_PATH).await, 1);
    assert_eq!(*tenant.ended.0.lock().unwrap(), [(Api::Presence, Some(200)); 3]);
}

#[tokio::test]
async fn nothing_is_sent_for_nobody_or_for_too_many() {
    let tenant = Tenant::start().await;
    assert!(tenant.client().presences(&[]).await.unwrap().answers.is_empty());
    let error = tenant.client().presences(&ids(MAX_IDS + 1)).await.unwrap_err();
    assert!(matches!(error, Error::TooManyIds(651)), "{error:?}");
    assert_eq!(error.fault(), Fault::Configuration);
    assert_eq!(
        tenant.count(TOKEN_PATH).await + tenant.count(PRESENCE_PATH).await,
        0
    );
}

#[tokio::test]
async fn a_user_without_an_answer_is_absent() {
    let tenant = Tenant::start().await;
    let asked = ids(3);
    let one = asked[1].as_str().to_uppercase();
    tenant
        .on_presence(move |_| ok(&json!({"value": [{"id": one}, {"id": "stranger"}]})))
        .await;
    let read = tenant.client().presences(&asked).await.unwrap();
    assert_eq!(read.answers.len(), 1);
    assert_eq!(read.answers[0].user.as_str(), asked[1].as_str());
    assert!(read.answers[0].presence.is_unknown());
    assert_eq!(read.unasked, 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|request: &Request| match header(request, "authorization") {
            Some("Bearer SAMPLE-token-1") => refused(401, "InvalidAuthenticationToken"),
            _ => all_busy(request),
        })
        .await;
    let client = tenant.client();
    client.presences(&ids(1)).await.unwrap();
    client.presences(&ids(1)).await.unwrap();
    let calls = tenant.calls(PRESENCE_PATH).await;
    let bearers: Vec<_> = calls
        .iter()
        .map(|call| header(call, "authorization").unwrap())
        .collect();
    assert_eq!(
        bearers,
        [
            "Bearer SAMPLE-token-1",
            "Bearer SAMPLE-token-2",
            "Bearer SAMPLE-token-2"
        ]
    );
    let traces: Vec<_> = calls
        .iter()
        .map(|call| header(call, "client-request-id").unwrap())
        .collect();
    assert_ne!(traces[0], traces[1]);
    assert_eq!(tenant.count(TOKEN_PATH).await, 2);
}

#[tokio::test]
async fn a_new_token_refused_as_well_is_a_fault_of_credentials() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|_| refused(401, "InvalidAuthenticationToken"))
        .await;
    let error = tenant.client().presences(&ids(1)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Credentials);
    assert_eq!(tenant.count(PRESENCE_PATH).await, 2);
    assert_eq!(tenant.count(TOKEN_PATH).await, 2);
}

#[tokio::test]
async fn a_missing_permission_is_named_and_not_asked_for_again() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|_| refused(403, "Authorization_RequestDenied"))
        .await;
    let error = tenant.client().presences(&ids(3)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Permission);
    assert!(
        error.advice().contains("`Presence.Read.All`"),
        "{}",
        error.advice()
    );
    assert!(
        chain(&error).contains("`Presence.Read.All`: sample text"),
        "{}",
        chain(&error)
    );
    assert_eq!(tenant.count(PRESENCE_PATH).await, 1);
}

#[tokio::test]
async fn a_throttled_call_is_left_to_the_caller() {
    let rows = [
        (429, Some("10"), Some(10)),
        (429, None, None),
        (503, Some("3"), Some(3)),
        (500, Some("4"), Some(4)),
        (504, None, None),
        (509, None, None),
    ];
    for (status, retry_after, seconds) in rows {
        let tenant = Tenant::start().await;
        tenant
            .on_presence(move |_| match retry_after {
                Some(pause) => refused(status, "TooManyRequests").insert_header("Retry-After", pause),
                None => refused(status, "TooManyRequests"),
            })
            .await;
        let error = tenant.client().presences(&ids(3)).await.unwrap_err();
        assert_eq!(
            error.fault(),
            Fault::Throttled {
                retry_after: seconds.map(Duration::from_secs)
            }
        );
        assert_eq!(tenant.count(PRESENCE_PATH).await, 1, "{status}");
    }
}

#[tokio::test]
async fn a_service_in_trouble_is_asked_a_few_times() {
    for status in [500, 502] {
        let tenant = Tenant::start().await;
        tenant.on_presence(move |_| ResponseTemplate::new(status)).await;
        let error = tenant.client().presences(&ids(3)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Unreachable);
        assert_eq!(tenant.count(PRESENCE_PATH).await, 3);
    }
    let tenant = Tenant::start().await;
    let calls = AtomicUsize::new(0);
    tenant
        .on_presence(
            move |request: &Request| match calls.fetch_add(1, Ordering::SeqCst) {
                0 => ResponseTemplate::new(500),
                1 => ResponseTemplate::new(502),
                _ => all_busy(request),
            },
        )
        .await;
    assert_eq!(tenant.client().presences(&ids(3)).await.unwrap().answers.len(), 3);
    let statuses = [Some(500), Some(502), Some(200)].map(|status| (Api::Presence, status));
    assert_eq!(*tenant.ended.0.lock().unwrap(), statuses);
}

#[tokio::test]
async fn an_error_carries_the_ids_of_its_call() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|_| refused(404, "NotFound").insert_header("Date", "Tue, 01 Dec 2026 09:00:00 GMT"))
        .await;
    let error = tenant.client().presences(&ids(1)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert_eq!(error.request_id(), Some("r-1"));
    let trace = error.trace().unwrap();
    assert_eq!(trace.date.as_deref(), Some("Tue, 01 Dec 2026 09:00:00 GMT"));
    let calls = tenant.calls(PRESENCE_PATH).await;
    assert_eq!(
        header(&calls[0], "client-request-id"),
        Some(trace.client_request_id.to_string().as_str())
    );
    assert_eq!(
        chain(&error),
        format!(
            "the presence of 1 user(s) could not be read: Graph answered 404 Not Found (`NotFound`) ({trace})"
        )
    );
}

#[tokio::test]
async fn bad_ids_are_found_and_do_not_disturb_the_others() {
    for bad in [vec![649], vec![0, 400], vec![0]] {
        let tenant = Tenant::start().await;
        let all = ids(MAX_IDS);
        let refused_ids: Vec<_> = bad.iter().map(|&place: &usize| all[place].clone()).collect();
        let spoilt: Vec<_> = refused_ids.iter().map(|id| id.as_str().to_owned()).collect();
        tenant
            .on_presence(move |request: &Request| {
                if asked_ids(request).iter().any(|id| spoilt.contains(id)) {
                    refused(400, "BadRequest")
                } else {
                    all_busy(request)
                }
            })
            .await;
        let read = tenant.client().presences(&all).await.unwrap();
        assert_eq!(read.refused, refused_ids);
        assert_eq!(read.answers.len(), MAX_IDS - bad.len());
        let calls = tenant.count(PRESENCE_PATH).await;
        assert!(calls <= 1 + 20 * bad.len(), "{calls} calls for {bad:?}");
    }
}

#[tokio::test]
async fn the_search_for_bad_ids_is_bounded() {
    let tenant = Tenant::start().await;
    tenant
        .on_presence(|request: &Request| {
            let ids = asked_ids(request);
            if ids.iter().any(|id| id.ends_with('7')) {
                refused(400, "BadRequest")
            } else {
                all_busy(request)
            }
        })
        .await;
    let error = tenant.client().presences(&ids(MAX_IDS)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert_eq!(tenant.count(PRESENCE_PATH).await, 8);

    let tenant = Tenant::start().await;
    tenant
        .on_presence(|request: &Request| {
            let ids = asked_ids(request);
            let bad = |id: &String| id.ends_with('7') && id.as_str() < "fa8bf3dc-eca7-46b7-bad1-000000000300";
            if ids.iter().any(bad) {
                refused(400, "BadRequest")
            } else {
                all_busy(request)
            }
        })
        .await;
    let all = ids(MAX_IDS);
    let read = tenant.client().presences(&all).await.unwrap();
    assert_eq!(tenant.count(PRESENCE_PATH).await, 41);
    assert_eq!(read.answers.len() + read.refused.len(), MAX_IDS);
    assert!(read.answers.len() >= 325);
}

#[tokio::test]
async fn a_call_refused_whatever_it_names_is_an_error() {
    for (count, expected) in [(1, 1), (2, 3), (MAX_IDS, 8)] {
        let tenant = Tenant::start().await;
        tenant.on_presence(|_| refused(400, "BadRequest")).await;
        let error = tenant.client().presences(&ids(count)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Protocol);
        assert_eq!(tenant.count(PRESENCE_PATH).await, expected, "{count} ids");
    }
}
