//! Users, groups and the version.

use serde_json::json;
use starface_api::{Error, Fault, GroupId, ServerVersion};

use crate::double::{Double, expected, headers, ok, status};

#[tokio::test]
async fn users_are_read_with_what_the_pbx_leaves_out() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let users = json!([
        {"id": 1004, "login": "0001", "firstName": "Anna", "familyName": "Berg", "email": " anna.berg@example.com",
         "language": "de", "namespace": "local", "password": "", "faxCoverPage": false, "licenseType": "NEW", "x": {"y": [null]}},
        {"id": 1005, "login": "0002", "firstName": null, "familyName": "Test", "email": ""},
        {"id": 1006, "login": "0003"},
        {"login": "0004", "email": "nobody@example.com"},
        {"id": null, "login": "0005"},
    ]);
    double.always("GET", "/rest/users", ok(users)).await;
    let users = double.pbx().users().await.unwrap();
    let shown: Vec<_> = users
        .iter()
        .map(|user| {
            (
                user.id.value(),
                user.login.as_str(),
                &*user.first_name,
                &*user.family_name,
                user.email.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (1004, "0001", "Anna", "Berg", Some("anna.berg@example.com")),
            (1005, "0002", "", "Test", None),
            (1006, "0003", "", "", None),
        ]
    );
}

#[tokio::test]
async fn users_that_are_not_a_list_are_a_protocol_error_that_quotes_nobody() {
    for body in [
        json!({"error": "anna@example.com"}),
        json!([{"id": "anna@example.com"}]),
        json!(["anna@example.com"]),
    ] {
        let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
        double.always("GET", "/rest/users", ok(body)).await;
        let error = double.pbx().users().await.unwrap_err();
        assert_eq!(error.fault(), Fault::Protocol);
        assert!(
            !crate::double::everything_of(&error).contains("anna"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_group_is_found_by_its_name_and_read_by_its_id() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    let groups = json!([
        {"id": 1000, "groupname": "Support", "groupexternalnumber": "+49 721 000010", "groupinternalnumber": "10"},
        {"id": 1001, "groupname": "Vertrieb"},
        {"id": 1002, "groupname": "Support"},
    ]);
    double.always("GET", "/rest/groups", ok(groups)).await;
    let group = json!({
        "id": 1001, "name": "Vertrieb", "groupId": "vertrieb", "chatGroup": true,
        "assignableUsers": [
            {"id": 1004, "firstname": "Anna", "lastname": "Berg", "assigned": true},
            {"id": 1005, "firstname": "Bob", "lastname": "Test", "assigned": false},
            {"id": 1007, "firstname": "Dora", "lastname": "Doppelt"},
        ],
        "assignableNumbers": [],
    });
    double.always("GET", "/rest/groups/1001", ok(group)).await;
    let pbx = double.pbx();
    let found = pbx.group_by_name("Vertrieb").await.unwrap();
    assert_eq!(found.id, GroupId::new(1001));
    let group = pbx.group(found.id).await.unwrap();
    assert_eq!((&*group.name, group.chat_group), ("Vertrieb", Some(true)));
    assert_eq!(
        group
            .members
            .iter()
            .map(|member| member.id.value())
            .collect::<Vec<_>>(),
        [1004]
    );

    let error = pbx.group_by_name("Support").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the PBX has 2 groups named `Support`: 1000, 1002"
    );
    let error = pbx.group_by_name("vertrieb").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the PBX has no group named `vertrieb`; similar: `Vertrieb`"
    );
    assert_eq!(error.fault(), Fault::Configuration);

    let seen = double.requests().await;
    assert_eq!(
        double.calls().await[2..4],
        ["GET /rest/groups", "GET /rest/groups/1001"]
    );
    let signed = expected([
        ("accept", "application/json"),
        ("authtoken", "SAMPLE-token-1"),
        ("x-version", "2"),
    ]);
    assert!(
        seen[2..]
            .iter()
            .all(|request| headers(request) == signed && request.url.query().is_none())
    );
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_told_from_a_broken_pbx() {
    let double = Double::with_tokens(&["SAMPLE-token-1"]).await;
    double.once("GET", "/rest/groups/7", status(404)).await;
    double.once("GET", "/rest/groups/7", status(503)).await;
    let pbx = double.pbx();
    for fault in [Fault::NotFound, Fault::Unreachable] {
        let error = pbx.group(GroupId::new(7)).await.unwrap_err();
        assert!(matches!(error, Error::Group { group, .. } if group == GroupId::new(7)));
        assert_eq!(error.fault(), fault);
    }
}

#[tokio::test]
async fn a_pbx_that_does_not_tell_its_version_has_none() {
    let double = Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await;
    let at = "/rest/server/version";
    double.once("GET", at, ok(json!({"version": "10.0.1.6"}))).await;
    double.once("GET", at, ok("9.0.2.1")).await;
    double
        .once("GET", at, status(200).set_body_string("8.1.0.0"))
        .await;
    double.once("GET", at, status(403)).await;
    double.once("GET", at, status(404)).await;
    double.once("GET", at, status(500)).await;
    double.always("GET", at, status(401)).await;
    let pbx = double.pbx();
    for expected in [Some("10.0.1.6"), Some("9.0.2.1"), Some("8.1.0.0"), None, None] {
        let version = pbx.server_version().await.unwrap();
        assert_eq!(version.as_ref().map(ServerVersion::as_str), expected);
    }
    assert_eq!(pbx.server_version().await.unwrap_err().fault(), Fault::Server);
    assert_eq!(pbx.server_version().await.unwrap(), None);
}
