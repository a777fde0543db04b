use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use graph_presence::{Fault, Limits};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    BATCH_PATH, Inner, TOKEN_PATH, Tenant, addresses, chain, header, inner_requests, ok, quick, refused,
};

const PAGE: &str = "/v1.0/users";

fn anna() -> Value {
    json!({"id": "u-anna", "mail": "anna.berg@example.com", "userPrincipalName": "anna@login.example",
        "proxyAddresses": ["smtp:a.berg@example.com", "SMTP:anna.berg@example.com", "SIP:anna.berg@example.com"],
        "accountEnabled": true, "userType": "Member"})
}

#[tokio::test]
async fn the_request_is_one_batch_of_filters_and_nothing_else() {
    let tenant = Tenant::start().await;
    tenant.on_filter(|_| Inner::users(&json!([anna()]))).await;
    let users = tenant.client().users_by_address(&addresses(1)).await.unwrap();

    let [user] = users.as_slice() else {
        panic!("every look-up found the same user: {users:?}")
    };
    assert_eq!(user.id.as_str(), "u-anna");
    assert_eq!(user.mail.as_ref().unwrap().as_str(), "anna.berg@example.com");
    assert_eq!(
        user.user_principal_name.as_ref().unwrap().as_str(),
        "anna@login.example"
    );
    let proxies: Vec<_> = user
        .proxy_addresses
        .iter()
        .map(|proxy| (proxy.primary, proxy.address.as_str()))
        .collect();
    assert_eq!(
        proxies,
        [(false, "a.berg@example.com"), (true, "anna.berg@example.com")]
    );
    assert_eq!((user.enabled, user.guest), (Some(true), false));

    let calls = tenant.calls(BATCH_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(call.url.query(), None);
    assert_eq!(header(call, "authorization"), Some("Bearer SAMPLE-token-1"));
    assert_eq!(header(call, "content-type"), Some("application/json"));
    let mut body: Value = call.body_json().unwrap();
    for request in body["requests"].as_array_mut().unwrap() {
        let id = request["headers"]["client-request-id"].take();
        uuid::Uuid::parse_str(id.as_str().unwrap()).unwrap();
        assert_eq!(request["headers"].take(), json!({"client-request-id": null}));
    }
    let select = "/users?$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType&$filter=";
    let any =
        |prefix: &str| format!("proxyAddresses%2Fany%28p%3Ap%20eq%20%27{prefix}%3Aa0%40example.com%27%29");
    let request = |id: &str, filter: String| json!({"id": id, "method": "GET", "url": format!("{select}{filter}"), "headers": null});
    assert_eq!(
        body,
        json!({"requests": [
            request("0", format!("{}%20or%20{}", any("SMTP"), any("smtp"))),
            request("1", "mail%20in%20%28%27a0%40example.com%27%29".to_owned()),
            request("2", "userPrincipalName%20in%20%28%27a0%40example.com%27%29".to_owned()),
        ]})
    );
}

#[tokio::test]
async fn many_addresses_are_packed_and_every_one_is_asked_for() {
    let tenant = Tenant::start().await;
    tenant.on_filter(|_| Inner::users(&json!([]))).await;
    assert!(
        tenant
            .client()
            .users_by_address(&addresses(200))
            .await
            .unwrap()
            .is_empty()
    );
    let calls = tenant.calls(BATCH_PATH).await;
    let sizes: Vec<_> = calls.iter().map(|call| inner_requests(call).len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 27 + 14 + 14);
    assert_eq!(sizes.len(), 3);
    assert!(sizes.iter().all(|&size| size <= 20));
    let asked: BTreeSet<_> = calls
        .iter()
        .flat_map(inner_requests)
        .map(|(_, filter)| filter)
        .collect();
    let asked = asked.into_iter().collect::<String>();
    for address in addresses(200) {
        for literal in [
            format!("'{address}'"),
            format!("'SMTP:{address}'"),
            format!("'smtp:{address}'"),
        ] {
            assert!(asked.contains(&literal), "{literal}");
        }
    }
    assert_eq!(tenant.count(TOKEN_PATH).await, 1);
}

#[tokio::test]
async fn nothing_is_sent_for_no_address() {
    let tenant = Tenant::start().await;
    assert!(tenant.client().users_by_address(&[]).await.unwrap().is_empty());
    assert_eq!(tenant.count(BATCH_PATH).await + tenant.count(TOKEN_PATH).await, 0);
}

#[tokio::test]
async fn only_the_throttled_requests_of_a_batch_are_repeated() {
    let tenant = Tenant::start().await;
    let throttled = AtomicUsize::new(0);
    tenant
        .on_filter(move |filter| {
            if filter.starts_with("mail") && throttled.fetch_add(1, Ordering::SeqCst) == 0 {
                Inner::throttled("0")
            } else {
                Inner::users(&json!([anna()]))
            }
        })
        .await;
    assert_eq!(
        tenant
            .client()
            .users_by_address(&addresses(1))
            .await
            .unwrap()
            .len(),
        1
    );
    let calls = tenant.calls(BATCH_PATH).await;
    let filters: Vec<Vec<_>> = calls
        .iter()
        .map(|call| inner_requests(call).into_iter().map(|(id, _)| id).collect())
        .collect();
    assert_eq!(filters, [vec!["0", "1", "2"], vec!["1"]]);
}

#[tokio::test]
async fn a_pause_beyond_patience_and_an_endless_one_are_the_callers() {
    let limits = Limits {
        patience: Duration::from_secs(5),
        ..quick()
    };
    for (retry_after, calls) in [("7", 1), ("0", 3)] {
        let tenant = Tenant::start().await;
        tenant.on_filter(move |_| Inner::throttled(retry_after)).await;
        let error = tenant
            .client()
            .with_limits(limits)
            .users_by_address(&addresses(1))
            .await
            .unwrap_err();
        let retry_after = Some(Duration::from_secs(retry_after.parse().unwrap()));
        assert_eq!(error.fault(), Fault::Throttled { retry_after });
        assert_eq!(tenant.count(BATCH_PATH).await, calls);
    }
}

#[tokio::test]
async fn the_longest_pause_inside_a_batch_is_the_batchs() {
    let tenant = Tenant::start().await;
    tenant
        .on_filter(|filter| Inner::throttled(if filter.starts_with("mail") { "7" } else { "3" }))
        .await;
    let limits = Limits {
        patience: Duration::from_secs(2),
        ..quick()
    };
    let error = tenant
        .client()
        .with_limits(limits)
        .users_by_address(&addresses(1))
        .await
        .unwrap_err();
    assert_eq!(
        error.fault(),
        Fault::Throttled {
            retry_after: Some(Duration::from_secs(7))
        }
    );
    assert_eq!(tenant.count(BATCH_PATH).await, 1);
}

#[tokio::test]
async fn a_throttled_batch_is_the_callers() {
    let tenant = Tenant::start().await;
    tenant
        .on("POST", BATCH_PATH, |_| {
            refused(429, "TooManyRequests").insert_header("Retry-After", "9")
        })
        .await;
    let error = tenant.client().users_by_address(&addresses(1)).await.unwrap_err();
    assert_eq!(
        error.fault(),
        Fault::Throttled {
            retry_after: Some(Duration::from_secs(9))
        }
    );
    assert_eq!(tenant.count(BATCH_PATH).await, 1);
}

#[tokio::test]
async fn a_refused_request_of_a_batch_is_an_error_with_its_permission() {
    let tenant = Tenant::start().await;
    tenant
        .on_filter(|_| Inner {
            status: 403,
            headers: json!({}),
            body: json!({"error": {"code": "Authorization_RequestDenied", "message": "no"}}),
        })
        .await;
    let error = tenant.client().users_by_address(&addresses(2)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Permission);
    assert!(error.advice().contains("`User.Read.All`"), "{}", error.advice());
    assert!(
        chain(&error).starts_with("2 address(es) could not be looked up: Graph answered 403"),
        "{}",
        chain(&error)
    );
    assert_eq!(tenant.count(BATCH_PATH).await, 1);
}

#[tokio::test]
async fn a_batch_that_is_not_answered_whole_is_a_fault_of_protocol() {
    let page = json!({"value": []});
    let rows = [
        (
            json!({"responses": [{"id": "0", "status": 200, "body": page}, {"id": "2", "status": 200, "body": page}]}),
            "request 1",
        ),
        (
            json!({"responses": [{"id": "0", "status": "200", "body": page}]}),
            "`status`",
        ),
        (
            json!({"responses": [{"id": "0", "status": 200, "body": "text"}]}),
            "`value`",
        ),
        (json!({"responses": {}}), "`responses`"),
        (json!([]), "`responses`"),
    ];
    for (body, expected) in rows {
        let tenant = Tenant::start().await;
        tenant.on("POST", BATCH_PATH, move |_| ok(&body)).await;
        let error = tenant.client().users_by_address(&addresses(1)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Protocol);
        assert!(chain(&error).contains(expected), "{}", chain(&error));
    }
}

/// Every look-up has a further page at `link`.
async fn with_link(tenant: &Tenant, link: String) {
    tenant
        .on_filter(move |filter| {
            let mut inner = Inner::users(&json!([]));
            if filter.starts_with("mail") {
                inner.body["@odata.nextLink"] = json!(link);
            }
            inner
        })
        .await;
}

#[tokio::test]
async fn further_pages_are_followed_with_the_token() {
    let tenant = Tenant::start().await;
    let link = format!("{}{PAGE}?$filter=x&$skiptoken=p", tenant.uri());
    with_link(&tenant, format!("{link}1")).await;
    tenant
        .on("GET", PAGE, move |request| match request.url.query() {
            Some("$filter=x&$skiptoken=p1") => {
                ok(&json!({"value": [], "@odata.nextLink": format!("{link}2")}))
            }
            Some("$filter=x&$skiptoken=p2") => ok(&json!({"value": [anna()]})),
            _ => ResponseTemplate::new(500),
        })
        .await;
    assert_eq!(
        tenant
            .client()
            .users_by_address(&addresses(1))
            .await
            .unwrap()
            .len(),
        1
    );
    let calls = tenant.calls(PAGE).await;
    assert_eq!(calls.len(), 2);
    for call in &calls {
        assert_eq!(header(call, "authorization"), Some("Bearer SAMPLE-token-1"));
        assert!(header(call, "client-request-id").is_some());
        assert!(call.body.is_empty());
    }
}

#[tokio::test]
async fn the_token_follows_no_link_to_another_host() {
    let (tenant, other) = (Tenant::start().await, Tenant::start().await);
    other.on("GET", PAGE, |_| ok(&json!({"value": []}))).await;
    for link in [format!("{}{PAGE}", other.uri()), PAGE.to_owned()] {
        let tenant_2 = Tenant::start().await;
        with_link(&tenant_2, link).await;
        let error = tenant_2
            .client()
            .users_by_address(&addresses(1))
            .await
            .unwrap_err();
        assert_eq!(error.fault(), Fault::Protocol);
        assert!(chain(&error).contains("another host"), "{}", chain(&error));
    }
    assert_eq!(other.count(PAGE).await + tenant.count(PAGE).await, 0);
}

#[tokio::test]
async fn pages_without_an_end_are_a_fault_of_protocol() {
    let tenant = Tenant::start().await;
    let link = format!("{}{PAGE}?again", tenant.uri());
    with_link(&tenant, link.clone()).await;
    tenant
        .on("GET", PAGE, move |_| {
            ok(&json!({"value": [], "@odata.nextLink": link}))
        })
        .await;
    let error = tenant.client().users_by_address(&addresses(1)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert_eq!(tenant.count(PAGE).await, 50);
}
