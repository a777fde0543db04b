//! The port for users, group and phones.

use std::sync::Arc;

use serde_json::{Value, json};
use sync_adapters::starface::{GroupId, TargetGroup};
use sync_core::{Fault, Login, PbxPort, PbxUser, PbxUserId, Value as Dnd, Write, Written};
use wiremock::ResponseTemplate;

use crate::support::{Clocks, Server, ok, status};

const CONFIG: &str = "/rest/users/1004/phoneconfig";
const USER: PbxUserId = PbxUserId(1004);

fn write(from: bool, to: bool) -> Write {
    Write {
        user: USER,
        login: Login("0004".into()),
        from: Dnd::Dnd(from),
        to: Dnd::Dnd(to),
    }
}

fn group(name: &str) -> Value {
    let users = json!([
        {"id": 1004, "firstName": "Anna", "lastname": "Berg", "assigned": true},
        {"id": 1005, "assigned": false},
        {"id": 1009, "assigned": true},
    ]);
    json!({"id": 1000, "name": name, "assignableUsers": users})
}

async fn with_dnd(on: bool) -> Server {
    let server = Server::pbx().await;
    let config = json!({"doNotDisturb": on, "callWaiting": null, "later": {"a": 1}});
    server.on("GET", CONFIG, ok(&config)).await;
    server.on("PUT", CONFIG, status(204)).await;
    server
}

#[tokio::test]
async fn the_roster_is_the_group_and_everybody_whom_the_pbx_shows() {
    let server = Server::pbx().await;
    server.on("GET", "/rest/groups/1000", ok(&group("Teams"))).await;
    let users = json!([
        {"id": 1004, "login": "0004", "firstName": "Anna", "familyName": "Berg", "email": " Anna@Example.com "},
        {"id": 1005, "login": "0005", "firstName": "", "familyName": "Cho", "email": "no address"},
        {"id": 1006, "login": "0006", "firstName": "Dan", "familyName": null, "email": ""},
    ]);
    server.on("GET", "/rest/users", ok(&users)).await;
    let roster = server.starface(&Arc::default()).roster().await.unwrap();
    assert_eq!(roster.members, [PbxUserId(1004), PbxUserId(1009)]);
    let user = |id: i64, login: &str, name: &str, address: Option<&str>| PbxUser {
        id: PbxUserId(id),
        login: Login(login.into()),
        name: name.to_owned(),
        address: address.map(|address| address.parse().unwrap()),
    };
    let expected = [
        user(1004, "0004", "Anna Berg", Some("anna@example.com")),
        user(1005, "0005", "Cho", None),
        user(1006, "0006", "Dan", None),
    ];
    assert_eq!(roster.users, expected);
    assert_eq!(
        server.calls().await,
        [
            "GET /rest/login",
            "POST /rest/login",
            "GET /rest/groups/1000",
            "GET /rest/users"
        ]
    );
}

#[tokio::test]
async fn a_group_named_in_the_settings_is_looked_for_at_each_pass() {
    let server = Server::pbx().await;
    server
        .once(
            "GET",
            "/rest/groups",
            ok(&json!([{"id": 999, "groupname": "Teams"}])),
        )
        .await;
    server
        .on(
            "GET",
            "/rest/groups",
            ok(&json!([{"id": 1000, "groupname": "Teams"}])),
        )
        .await;
    server
        .on(
            "GET",
            "/rest/groups/999",
            ok(&json!({"id": 999, "assignableUsers": []})),
        )
        .await;
    server.on("GET", "/rest/groups/1000", ok(&group("Teams"))).await;
    server.on("GET", "/rest/users", ok(&json!([]))).await;
    let pbx = server.starface_of(TargetGroup::Name("Teams".to_owned()), &Arc::default());
    assert_eq!(pbx.roster().await.unwrap().members, []);
    assert_eq!(
        pbx.roster().await.unwrap().members,
        [PbxUserId(1004), PbxUserId(1009)]
    );
    assert_eq!(server.count("GET /rest/groups").await, 2);
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_a_fault_of_the_configuration() {
    let server = Server::pbx().await;
    server
        .on(
            "GET",
            "/rest/groups",
            ok(&json!([{"id": 1000, "groupname": "Teams"}])),
        )
        .await;
    let by_name = server.starface_of(TargetGroup::Name("teams".to_owned()), &Arc::default());
    let error = by_name.roster().await.unwrap_err();
    assert_eq!(error.fault, Fault::Configuration);
    assert_eq!(
        error.chain(),
        "cannot find the group: the PBX has no group named `teams`; similar: `Teams`"
    );
    let error = server.starface(&Arc::default()).roster().await.unwrap_err();
    assert_eq!(error.fault, Fault::Configuration);
    assert_eq!(
        error.chain(),
        "cannot read group 1000 of the PBX: the PBX answered 404"
    );
}

#[tokio::test]
async fn dnd_is_written_where_the_expected_value_stands_and_nowhere_else() {
    let applied = Written::Applied {
        before: Dnd::Dnd(false),
    };
    let conflict = Written::Conflict {
        found: Dnd::Dnd(false),
    };
    // There are but two values, so a conflict needs an expectation that is itself the wanted value.
    for (stands, from, to, expected, puts) in [
        (false, false, true, applied, 1),
        (true, false, true, Written::AlreadyEqual, 0),
        (false, true, false, Written::AlreadyEqual, 0),
        (false, true, true, conflict, 0),
    ] {
        let server = with_dnd(stands).await;
        let pbx = server.starface(&Arc::default());
        assert_eq!(pbx.dnd(USER).await.unwrap(), stands);
        assert_eq!(pbx.set_dnd(&write(from, to)).await.unwrap(), expected);
        assert_eq!(server.count(&format!("PUT {CONFIG}")).await, puts);
    }
}

#[tokio::test]
async fn a_change_of_dnd_gives_everything_else_back_as_it_was() {
    let server = with_dnd(false).await;
    server
        .starface(&Arc::default())
        .set_dnd(&write(false, true))
        .await
        .unwrap();
    let requests = server.requests().await;
    let sent: Value = requests.last().unwrap().body_json().unwrap();
    assert_eq!(
        sent,
        json!({"doNotDisturb": true, "callWaiting": null, "later": {"a": 1}})
    );
}

#[tokio::test]
async fn a_value_that_is_none_of_dnd_is_never_sent() {
    let server = with_dnd(false).await;
    let chat = Dnd::Chat(sync_core::ChatPresence::Away);
    let wrong = Write {
        to: chat,
        ..write(false, true)
    };
    let error = server
        .starface(&Arc::default())
        .set_dnd(&wrong)
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Protocol);
    assert_eq!(server.calls().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_failure_keeps_its_fault() {
    for (answer, fault) in [
        (status(404), Fault::NotFound),
        (status(500), Fault::Server),
        (status(503), Fault::Unreachable),
        (status(403), Fault::Permission),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            Fault::Protocol,
        ),
    ] {
        let server = Server::pbx().await;
        server.on("GET", CONFIG, answer).await;
        let error = server.starface(&Arc::default()).dnd(USER).await.unwrap_err();
        assert_eq!(error.fault, fault);
        assert_eq!(error.to_string(), "cannot read DND of PBX user 1004");
        assert!(error.advice.is_some());
    }
}

#[tokio::test]
async fn closing_signs_out_once() {
    let server = with_dnd(false).await;
    server.on("DELETE", "/rest/login", status(204)).await;
    let pbx = server.starface(&Arc::new(Clocks::default()));
    pbx.dnd(USER).await.unwrap();
    pbx.close().await;
    pbx.close().await;
    assert_eq!(server.count("DELETE /rest/login").await, 1);
}

#[tokio::test]
async fn the_session_ends_with_the_last_who_uses_it() {
    let server = with_dnd(false).await;
    server.on("DELETE", "/rest/login", status(204)).await;
    let link = server.starface_link(&Arc::default());
    let group = TargetGroup::Id(GroupId::new(1000));
    let (one, other, never_closed) = (
        link.for_group(group.clone()),
        link.for_group(group.clone()),
        link.for_group(group),
    );
    one.dnd(USER).await.unwrap();
    one.close().await;
    one.close().await;
    drop(never_closed);
    assert!(link.is_needed());
    other.dnd(USER).await.unwrap();
    assert_eq!(server.count("DELETE /rest/login").await, 0);
    assert_eq!(server.count("POST /rest/login").await, 1, "it is still signed in");
    other.clone().close().await;
    assert!(!link.is_needed());
    assert_eq!(server.count("DELETE /rest/login").await, 1);
}
