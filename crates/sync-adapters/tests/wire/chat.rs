//! The port for the chat status.

use std::sync::Arc;

use sync_adapters::starface::{ModuleName, StarfaceChatAdapter};
use sync_core::{ChatPort, ChatPresence, Fault, Login, PbxUserId, Value, Write, Written};
use wiremock::ResponseTemplate;

use crate::support::Server;

const USER: PbxUserId = PbxUserId(1004);

fn module(server: &Server) -> StarfaceChatAdapter {
    server.starface(&Arc::default()).chat(
        ModuleName::parse("TeamsPresence").unwrap(),
        "SAMPLE-shared".into(),
    )
}

async fn answering(members: &[(&str, &str)]) -> Server {
    let server = Server::pbx().await;
    let members: String = members
        .iter()
        .map(|(name, value)| format!("<member><name>{name}</name><value>{value}</value></member>"))
        .collect();
    let body = format!(
        "<methodResponse><params><param><value><struct>{members}</struct></value></param></params></methodResponse>"
    );
    server
        .on(
            "POST",
            "/xml-rpc",
            ResponseTemplate::new(200).set_body_raw(body, "text/xml"),
        )
        .await;
    server
}

fn write(from: ChatPresence, to: ChatPresence) -> Write {
    Write {
        user: USER,
        login: Login("0004".into()),
        from: Value::Chat(from),
        to: Value::Chat(to),
    }
}

const OK: (&str, &str) = ("OK", "<boolean>1</boolean>");

#[tokio::test]
async fn what_stood_there_before_decides_whether_the_write_was_needed() {
    use ChatPresence::{Available, Away, DoNotDisturb, Other, Unavailable};
    for (previous, expected) in [
        (
            "AVAILABLE",
            Written::Applied {
                before: Value::Chat(Available),
            },
        ),
        ("AWAY", Written::AlreadyEqual),
        (
            "UNAVAILABLE",
            Written::Applied {
                before: Value::Chat(Unavailable),
            },
        ),
        (
            "ON_HOLIDAY",
            Written::Applied {
                before: Value::Chat(Other),
            },
        ),
    ] {
        let server = answering(&[OK, ("PREVIOUS", previous)]).await;
        assert_eq!(
            module(&server)
                .set_chat(&write(DoNotDisturb, Away))
                .await
                .unwrap(),
            expected
        );
    }
    let server = answering(&[OK]).await;
    let untold = module(&server)
        .set_chat(&write(DoNotDisturb, Away))
        .await
        .unwrap();
    assert_eq!(
        untold,
        Written::Applied {
            before: Value::Chat(DoNotDisturb)
        }
    );
}

#[tokio::test]
async fn a_status_is_set_with_an_empty_text_and_after_the_sign_in() {
    let server = answering(&[OK, ("PREVIOUS", "AVAILABLE")]).await;
    module(&server)
        .set_chat(&write(ChatPresence::Available, ChatPresence::DoNotDisturb))
        .await
        .unwrap();
    assert_eq!(
        server.calls().await,
        ["GET /rest/login", "POST /rest/login", "POST /xml-rpc"]
    );
    let requests = server.requests().await;
    let sent = String::from_utf8(requests[2].body.clone()).unwrap();
    assert!(
        sent.contains("<methodName>TeamsPresence.setChatPresence</methodName>"),
        "{sent}"
    );
    for value in ["SAMPLE-shared", "1004", "DO_NOT_DISTURB"] {
        assert!(sent.contains(value), "{sent}");
    }
    let text = sent
        .split_once("<name>MESSAGE</name>")
        .unwrap()
        .1
        .split_once("</member>")
        .unwrap()
        .0;
    assert_eq!(text, "<value><string></string></value>");
}

#[tokio::test]
async fn the_statuses_of_several_users_are_read_in_one_call() {
    let presences =
        "1004=AVAILABLE,1005=EXTENDED_AWAY,1006=FREE_FOR_CHAT,1007=UNAVAILABLE,1008=ON_HOLIDAY,9999=AWAY";
    let server = answering(&[OK, ("PRESENCES", presences)]).await;
    let users: Vec<_> = (1004..=1010).map(PbxUserId).collect();
    let read = module(&server).chat(&users).await.unwrap();
    use ChatPresence::{Available, ExtendedAway, FreeForChat, Other, Unavailable};
    let expected = [
        (1004, Available),
        (1005, ExtendedAway),
        (1006, FreeForChat),
        (1007, Unavailable),
        (1008, Other),
    ];
    assert_eq!(read, expected.map(|(id, presence)| (PbxUserId(id), presence)));
    assert_eq!(server.count("POST /xml-rpc").await, 1);
}

#[tokio::test]
async fn what_nobody_can_set_is_never_sent() {
    let server = answering(&[OK]).await;
    let module = module(&server);
    for to in [
        Value::Chat(ChatPresence::Unavailable),
        Value::Chat(ChatPresence::Other),
        Value::Dnd(true),
    ] {
        let write = Write {
            to,
            ..write(ChatPresence::Away, ChatPresence::Away)
        };
        assert_eq!(module.set_chat(&write).await.unwrap_err().fault, Fault::Protocol);
    }
    assert_eq!(server.calls().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_module_that_refuses_is_a_fault_of_the_configuration_and_no_secret_is_shown() {
    let server = answering(&[
        ("OK", "<boolean>0</boolean>"),
        ("ERROR", "wrong secret SAMPLE-shared"),
    ])
    .await;
    let module = module(&server);
    let error = module
        .set_chat(&write(ChatPresence::Available, ChatPresence::Away))
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Configuration);
    assert_eq!(error.to_string(), "cannot set the chat status of PBX user 1004");
    assert!(error.advice.as_deref().unwrap().contains("shared secret"));
    assert!(!format!("{module:?}{error:?}{}", error.chain()).contains("SAMPLE"));
}
