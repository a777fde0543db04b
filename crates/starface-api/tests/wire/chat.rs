//! The companion module over XML-RPC.

use serde_json::json;
use starface_api::{ChatPresence, ChatStatus, Error, Failure, Fault, UserId};
use wiremock::{Request, ResponseTemplate};

use crate::double::{Double, MODULE_SECRET, RPC_HASH, expected, headers, ok, status};

const AT: &str = "/xml-rpc";

fn xml(members: &str) -> ResponseTemplate {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodResponse><params><param><value><struct>\n{members}\n</struct></value>\
         </param></params></methodResponse>"
    );
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

fn member(name: &str, value: &str) -> String {
    format!("<member><name>{name}</name><value>{value}</value></member>\n")
}

fn fine(name: &str, value: &str) -> ResponseTemplate {
    xml(&[
        member("OK", "<boolean>1</boolean>"),
        member(name, value),
        member("ERROR", "<string></string>"),
    ]
    .concat())
}

async fn signed_in() -> Double {
    Double::with_tokens(&["SAMPLE-token-1", "SAMPLE-token-2"]).await
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

#[tokio::test]
async fn setting_a_status_is_one_struct_with_the_shared_secret() {
    let double = signed_in().await;
    double.always("POST", AT, fine("PREVIOUS", "AVAILABLE")).await;
    let module = double.module();
    let previous = module
        .set(
            UserId::new(1004),
            ChatStatus::DoNotDisturb,
            "Im Gespräch & <Teams>",
        )
        .await
        .unwrap();
    assert_eq!(previous, Some(ChatPresence::Available));

    let seen = double.requests().await;
    assert_eq!(
        double.calls().await,
        ["GET /rest/login", "POST /rest/login", "POST /xml-rpc"]
    );
    assert_eq!(
        seen[2].url.query(),
        Some(&*format!("de.vertico.starface.auth=0001:{RPC_HASH}"))
    );
    assert_eq!(
        headers(&seen[2]),
        expected([
            ("accept", "text/xml"),
            ("content-type", "text/xml; charset=utf-8")
        ])
    );
    let members = [
        member("SHARED_SECRET", &format!("<string>{MODULE_SECRET}</string>")),
        member("ACCOUNT_ID", "<int>1004</int>"),
        member("CHAT_PRESENCE", "<string>DO_NOT_DISTURB</string>"),
        member("MESSAGE", "<string>Im Gespräch &amp; &lt;Teams&gt;</string>"),
    ];
    assert_eq!(
        body(&seen[2]),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodCall><methodName>TeamsPresence.setChatPresence</methodName><params>\
             <param><value><struct>{}</struct></value></param></params></methodCall>",
            members.concat().replace('\n', "")
        )
    );
}

#[tokio::test]
async fn a_directory_user_signs_xml_rpc_with_an_encoded_query() {
    let double = Double::start().await;
    double.challenge("ActiveDirectory").await;
    double
        .always("POST", "/rest/login", ok(json!({"token": "SAMPLE-token-1"})))
        .await;
    double.always("POST", AT, fine("PREVIOUS", "")).await;
    let previous = double
        .module()
        .set(UserId::new(1004), ChatStatus::Away, "")
        .await
        .unwrap();
    assert_eq!(previous, None);
    let seen = double.requests().await;
    // base64 of `0001*Pass123`.
    assert_eq!(
        seen[2].url.query(),
        Some("de.vertico.starface.auth=MDAwMSpQYXNzMTIz")
    );
}

#[tokio::test]
async fn statuses_are_read_with_unknown_ones_kept_and_strangers_left_out() {
    let double = signed_in().await;
    let list = "1004=AVAILABLE,1005=EXTENDED_AWAY,1006=ON_HOLIDAY,9999=AWAY";
    double.always("POST", AT, fine("PRESENCES", list)).await;
    let users = [1004, 1005, 1006, 1007].map(UserId::new);
    let read = double.module().read(&users).await.unwrap();
    assert_eq!(
        read,
        [
            (users[0], ChatPresence::Available),
            (users[1], ChatPresence::ExtendedAway),
            (users[2], ChatPresence::Other("ON_HOLIDAY".into())),
        ]
    );
    let sent = body(&double.requests().await[2]);
    assert!(
        sent.contains("<methodName>TeamsPresence.getChatPresence</methodName>"),
        "{sent}"
    );
    assert!(
        sent.contains(&member("ACCOUNT_IDS", "<string>1004,1005,1006,1007</string>").replace('\n', "")),
        "{sent}"
    );
}

#[tokio::test]
async fn many_users_are_read_in_calls_of_five_hundred() {
    let double = signed_in().await;
    double
        .always("POST", AT, fine("PRESENCES", "1=AWAY,501=AWAY,1001=AWAY"))
        .await;
    let users: Vec<UserId> = (1..=1001).map(UserId::new).collect();
    let module = double.module();
    let read = module.read(&users).await.unwrap();
    assert_eq!(
        read.iter().map(|(user, _)| user.value()).collect::<Vec<_>>(),
        [1, 501, 1001]
    );
    assert_eq!(double.count("POST /xml-rpc").await, 3);
    let seen = double.requests().await;
    assert!(body(&seen[3]).contains("<string>501,502,") && body(&seen[4]).contains("<string>1001</string>"));
    assert_eq!(module.read(&[]).await.unwrap(), []);
    assert_eq!(double.count("POST /xml-rpc").await, 3);
}

#[tokio::test]
async fn the_session_cookie_is_sent_back_so_that_one_session_serves_all_calls() {
    let double = signed_in().await;
    let first = fine("PREVIOUS", "AWAY").append_header("set-cookie", "other=1; Path=/");
    double
        .once(
            "POST",
            AT,
            first.append_header("set-cookie", "JSESSIONID=SAMPLE-session; Path=/; HttpOnly"),
        )
        .await;
    double.always("POST", AT, fine("PREVIOUS", "AWAY")).await;
    let module = double.module();
    for _ in 0..2 {
        module.set(UserId::new(1004), ChatStatus::Away, "").await.unwrap();
    }
    let seen = double.requests().await;
    assert!(!headers(&seen[2]).contains_key("cookie"));
    assert_eq!(headers(&seen[3])["cookie"], "JSESSIONID=SAMPLE-session");
}

#[tokio::test]
async fn a_module_that_refuses_and_one_that_is_missing_are_faults_of_the_settings() {
    let double = signed_in().await;
    let refused = [
        member("OK", "<boolean>0</boolean>"),
        member("PREVIOUS", ""),
        member("ERROR", &format!("<string>wrong secret {MODULE_SECRET}</string>")),
    ];
    double.once("POST", AT, xml(&refused.concat())).await;
    let fault = format!(
        "<methodResponse><fault><value><struct>{}{}</struct></value></fault></methodResponse>",
        member("faultCode", "<int>0</int>"),
        member(
            "faultString",
            &format!("<string>no entry for {RPC_HASH}</string>")
        )
    );
    double
        .once(
            "POST",
            AT,
            ResponseTemplate::new(200).set_body_raw(fault, "text/xml"),
        )
        .await;
    double.once("POST", AT, xml(&member("PREVIOUS", "AWAY"))).await;
    let module = double.module();
    for (fault, text) in [
        (
            Fault::Configuration,
            "the companion module refused: wrong secret ***",
        ),
        (
            Fault::Configuration,
            "the PBX answered with fault 0: no entry for ***",
        ),
        (
            Fault::Protocol,
            "the answer makes no sense: the companion module does not say whether it is `OK`",
        ),
    ] {
        let error = module
            .set(UserId::new(1004), ChatStatus::Away, "")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::SetChat { user, .. } if user == UserId::new(1004)));
        assert_eq!(
            (error.fault(), error.failure().unwrap().to_string()),
            (fault, text.to_owned())
        );
        assert!(error.advice().contains("module"), "{}", error.advice());
    }
}

#[tokio::test]
async fn hostile_answers_are_refused() {
    for answer in [
        "<!DOCTYPE x [<!ENTITY a \"b\">]><methodResponse>&a;</methodResponse>".to_owned(),
        "<value>".repeat(5000),
        "<html><body>Login</body></html>".to_owned(),
        "\u{0}\u{1}".to_owned(),
        String::new(),
    ] {
        let double = signed_in().await;
        double
            .always(
                "POST",
                AT,
                ResponseTemplate::new(200).set_body_raw(answer, "text/xml"),
            )
            .await;
        let error = double.module().read(&[UserId::new(1004)]).await.unwrap_err();
        assert!(
            matches!(error, Error::ReadChat(Failure::XmlRpc { .. })),
            "{error:?}"
        );
        assert_eq!(error.fault(), Fault::Protocol);
    }
}

#[tokio::test]
async fn where_xml_rpc_refuses_the_user_it_is_left_alone_and_rest_goes_on() {
    for refusal in [401, 403] {
        let double = signed_in().await;
        double.once("POST", AT, status(refusal)).await;
        double.always("POST", AT, fine("PREVIOUS", "AWAY")).await;
        double.always("GET", "/rest/users", ok(json!([]))).await;
        let (pbx, name) = (
            double.pbx(),
            starface_api::ModuleName::parse("TeamsPresence").unwrap(),
        );
        let module = starface_api::ChatModule::new(pbx.clone(), name, MODULE_SECRET.into());
        for _ in 0..3 {
            let error = module
                .set(UserId::new(1004), ChatStatus::Away, "")
                .await
                .unwrap_err();
            assert_eq!(error.fault(), Fault::Credentials);
            assert!(matches!(error, Error::SetChat { .. }), "{error:?}");
        }
        assert_eq!(double.count("POST /xml-rpc").await, 1);
        pbx.users().await.unwrap();
        pbx.forget_refusal();
        module.set(UserId::new(1004), ChatStatus::Away, "").await.unwrap();
        assert_eq!(double.count("POST /rest/login").await, 1);
    }
}

#[tokio::test]
async fn an_id_that_xml_rpc_cannot_express_is_not_sent() {
    let double = signed_in().await;
    let error = double
        .module()
        .set(UserId::new(1 << 40), ChatStatus::Away, "")
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Protocol);
    assert_eq!(double.requests().await.len(), 0);
}
