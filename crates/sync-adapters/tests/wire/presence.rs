//! The presence port.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use presence_mapping::Presence;
use serde_json::{Value, json};
use sync_adapters::graph::Api;
use sync_core::{DirectoryPort, Fault, PresencePort, TeamsUserId};
use wiremock::{Request, ResponseTemplate};

use crate::support::{Calls, Server, graph_at, ok, status};

const AT: &str = "/v1.0/communications/getPresencesByUserId";

fn ids(names: &[&str]) -> Vec<TeamsUserId> {
    names.iter().map(|name| TeamsUserId::new(name)).collect()
}

fn is(text: &str) -> Option<Presence> {
    Some(text.parse().unwrap())
}

fn asked(request: &Request) -> Vec<String> {
    let body: Value = request.body_json().unwrap();
    body["ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn each_id_has_its_presence_in_its_place_whatever_the_order_of_the_answer() {
    let server = Server::tenant().await;
    let items = json!([
        {"id": "U3", "availability": "Away", "activity": "Away"},
        {"id": "stranger", "availability": "Busy", "activity": "InACall"},
        {"id": "u1", "availability": "Busy", "activity": "InAMeeting"},
    ]);
    server.on("POST", AT, ok(&json!({ "value": items }))).await;
    let calls = Arc::new(Calls::default());
    let graph = server.graph_told_to(calls.clone());
    let found = graph
        .presences(&ids(&["u1", "u2", "u3", "u1", "u2"]))
        .await
        .unwrap();
    assert_eq!(
        found,
        [
            is("Busy/InAMeeting"),
            None,
            is("Away/Away"),
            is("Busy/InAMeeting"),
            None
        ]
    );
    assert_eq!(asked(server.requests().await.last().unwrap()), ["u1", "u2", "u3"]);
    assert_eq!(
        *calls.0.lock().unwrap(),
        [(Api::Token, Some(200)), (Api::Presence, Some(200))]
    );
}

#[tokio::test]
async fn nobody_to_ask_for_costs_no_call() {
    let server = Server::tenant().await;
    assert_eq!(server.graph().presences(&[]).await.unwrap(), []);
    assert_eq!(server.calls().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_id_spoils_one_sweep_and_is_not_sent_again_until_the_directory_names_it() {
    let server = Server::tenant().await;
    let answer = |request: &Request| {
        let asked = asked(request);
        if asked.iter().any(|id| id == "bad") {
            return status(400)
                .set_body_json(json!({"error": {"code": "InvalidRequest", "message": "sample"}}));
        }
        let item = |id: &String| json!({"id": id, "availability": "Available", "activity": "Available"});
        ok(&json!({"value": asked.iter().map(item).collect::<Vec<_>>()}))
    };
    server.on("POST", AT, answer).await;
    let graph = server.graph();
    let all = ids(&["u1", "bad", "u2"]);
    let expected = [is("Available/Available"), None, is("Available/Available")];
    assert_eq!(graph.presences(&all).await.unwrap(), expected);
    let search = server.count(&format!("POST {AT}")).await;
    assert!(search > 1);
    assert_eq!(graph.presences(&all).await.unwrap(), expected);
    assert_eq!(server.count(&format!("POST {AT}")).await, search + 1);
    assert_eq!(asked(server.requests().await.last().unwrap()), ["u1", "u2"]);

    let user = json!({"id": "BAD", "mail": "bad@example.com"});
    server.directory_of(user).await;
    graph
        .users_by_address(&["bad@example.com".parse().unwrap()])
        .await
        .unwrap();
    graph.presences(&all).await.unwrap();
    assert!(
        server.count(&format!("POST {AT}")).await > search + 2,
        "it was tried again"
    );
}

#[tokio::test]
async fn a_failure_says_whose_fault_it_was_and_what_to_do() {
    let throttled = Fault::Throttled {
        retry_after: Some(Duration::from_secs(7)),
    };
    let rows = [
        (status(429).insert_header("Retry-After", "7"), throttled),
        (status(403), Fault::Permission),
        (status(404), Fault::Protocol),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            Fault::Protocol,
        ),
        (
            status(302).insert_header("Location", "https://elsewhere.example"),
            Fault::Protocol,
        ),
    ];
    for (answer, fault) in rows {
        let server = Server::tenant().await;
        server.on("POST", AT, answer).await;
        let error = server.graph().presences(&ids(&["u1"])).await.unwrap_err();
        assert_eq!(error.fault, fault, "{}", error.chain());
        assert_eq!(error.to_string(), "cannot read the presence of 1 user(s)");
        assert_eq!(
            error.chain().matches("presence of").count(),
            1,
            "{}",
            error.chain()
        );
        assert!(
            error.chain().len() > error.to_string().len(),
            "the cause is named"
        );
        assert!(error.advice.is_some());
    }
}

#[tokio::test]
async fn a_refused_secret_is_a_fault_of_credentials_and_not_shown() {
    let server = Server::start().await;
    let refusal = json!({"error": "invalid_client", "error_description": "AADSTS7000215: SAMPLE-secret", "error_codes": [7000215]});
    server
        .on(
            "POST",
            "/contoso.example/oauth2/v2.0/token",
            status(401).set_body_json(refusal),
        )
        .await;
    let graph = server.graph();
    let error = graph.presences(&ids(&["u1"])).await.unwrap_err();
    assert_eq!(error.fault, Fault::Credentials);
    assert!(error.advice.as_deref().unwrap().contains("secret is wrong"));
    assert!(!format!("{graph:?}{error:?}{}", error.chain()).contains("SAMPLE"));
}

#[tokio::test]
async fn a_tenant_that_does_not_answer_is_unreachable() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let graph = graph_at(url.parse().unwrap(), Arc::default());
    assert_eq!(
        graph.presences(&ids(&["u1"])).await.unwrap_err().fault,
        Fault::Unreachable
    );
}
