//! The directory port.

use serde_json::{Value, json};
use sync_core::{Address, DirectoryPort, DirectoryUser, Fault, TeamsUserId};

use crate::support::{Server, status};

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

async fn looked_up(user: Value) -> DirectoryUser {
    let server = Server::tenant().await;
    server.directory_of(user).await;
    let mut users = server
        .graph()
        .users_by_address(&[address("a@example.com")])
        .await
        .unwrap();
    assert_eq!(users.len(), 1);
    users.remove(0)
}

#[tokio::test]
async fn the_addresses_of_a_user_are_told_apart_by_their_role() {
    let user = looked_up(json!({
        "id": "FA8B", "mail": "Mail@Example.com", "userPrincipalName": "login@example.com",
        "proxyAddresses": ["smtp:First@example.com", "SMTP:Anna@Example.com", "SIP:sip@example.com", "smtp:Second@example.com"],
        "accountEnabled": false, "userType": "Guest",
    }));
    let expected = DirectoryUser {
        id: TeamsUserId::new("fa8b"),
        primary: Some(address("anna@example.com")),
        mail: Some(address("mail@example.com")),
        aliases: vec![address("first@example.com"), address("second@example.com")],
        principal: Some(address("login@example.com")),
        enabled: false,
        guest: true,
    };
    assert_eq!(user.await, expected);
}

#[tokio::test]
async fn what_the_directory_does_not_tell_is_absent_and_counts_as_enabled() {
    let user = looked_up(json!({"id": "u1", "mail": null, "userPrincipalName": "no address"})).await;
    let expected = DirectoryUser {
        id: TeamsUserId::new("u1"),
        primary: None,
        mail: None,
        aliases: Vec::new(),
        principal: None,
        enabled: true,
        guest: false,
    };
    assert_eq!(user, expected);
}

#[tokio::test]
async fn a_second_primary_address_is_an_alias() {
    let user =
        looked_up(json!({"id": "u1", "proxyAddresses": ["SMTP:a@example.com", "SMTP:b@example.com"]})).await;
    assert_eq!(
        (user.primary, user.aliases),
        (Some(address("a@example.com")), vec![address("b@example.com")])
    );
}

#[tokio::test]
async fn an_address_that_no_mailbox_can_have_is_not_asked_for() {
    let server = Server::tenant().await;
    let long = address(&format!("{}@example.com", "a".repeat(300)));
    assert_eq!(server.graph().users_by_address(&[long]).await.unwrap(), []);
    assert_eq!(server.calls().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_look_up_that_fails_names_no_address() {
    let server = Server::tenant().await;
    server.on("POST", "/v1.0/$batch", status(403)).await;
    let error = server
        .graph()
        .users_by_address(&[address("anna@example.com")])
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Permission);
    assert_eq!(error.to_string(), "cannot look up 1 address(es)");
    assert!(error.advice.as_deref().unwrap().contains("User.Read.All"));
    assert!(!error.chain().contains("anna"), "{}", error.chain());
}
