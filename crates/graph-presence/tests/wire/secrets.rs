use graph_presence::{AccessToken, Limits, TokenSource};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    BATCH_PATH, SECRET, TOKEN_PATH, Tenant, addresses, all_busy, chain, header, ids, tokens,
};

/// A service that puts everything it was sent into its error.
fn echo(request: &Request) -> ResponseTemplate {
    let sent = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect::<Vec<_>>();
    let secret = sent
        .iter()
        .find(|(name, _)| name == "client_secret")
        .map(|(_, value)| value.as_str());
    let sent = format!(
        "{} {}",
        secret.unwrap_or_default(),
        header(request, "authorization").unwrap_or_default()
    );
    ResponseTemplate::new(403)
        .insert_header("request-id", "r")
        .set_body_json(json!({
            "error": {"code": sent, "message": sent},
            "error_description": sent,
            "error_codes": [sent],
        }))
}

fn shows_nothing(what: &str, shown: &str) {
    assert!(!shown.contains("SAMPLE"), "{what}: {shown}");
}

#[tokio::test]
async fn no_public_type_shows_a_secret() {
    let tenant = Tenant::start().await;
    tenant.on_presence(echo).await;
    tenant.on("POST", BATCH_PATH, echo).await;
    let source = tenant.tokens();
    let token = source.token().await.unwrap();
    shows_nothing("token", &format!("{token:?}"));
    shows_nothing(
        "token",
        &format!("{:?}", AccessToken::new("SAMPLE\n".to_owned().into())),
    );
    shows_nothing("source", &format!("{source:?}"));
    let client = tenant.client().with_limits(Limits::default());
    shows_nothing("client", &format!("{client:?} {:?}", tenant.cloud()));
    for error in [
        client.presences(&ids(1)).await.unwrap_err(),
        client.users_by_address(&addresses(1)).await.unwrap_err(),
    ] {
        shows_nothing(
            "error",
            &format!("{error:?} {} {}", chain(&error), error.advice()),
        );
        assert!(
            chain(&error).contains("[secret]"),
            "the service did echo: {}",
            chain(&error)
        );
    }
}

#[tokio::test]
async fn an_echoed_client_secret_is_taken_out() {
    let tenant = Tenant::bare().await;
    tenant
        .on("POST", TOKEN_PATH, |_| {
            ResponseTemplate::new(401).set_body_json(
                json!({"error": "invalid_client", "error_description": format!("not {SECRET}!")}),
            )
        })
        .await;
    let error = tenant.tokens().token().await.unwrap_err();
    shows_nothing(
        "error",
        &format!("{error:?} {} {}", chain(&error), error.advice()),
    );
    assert!(format!("{error:?}").contains("not [secret]!"), "{error:?}");
    let error = tenant.client().presences(&ids(1)).await.unwrap_err();
    shows_nothing("error", &format!("{error:?} {}", chain(&error)));
    assert_eq!(
        chain(&error),
        "the presence of 1 user(s) could not be read: the sign-in was refused: `invalid_client`"
    );
}

#[tokio::test]
async fn no_secret_is_in_an_address() {
    let tenant = Tenant::start().await;
    tenant.on_presence(all_busy).await;
    tenant.client().presences(&ids(1)).await.unwrap();
    tokens(&tenant.uri(), SECRET).token().await.unwrap();
    for path in [TOKEN_PATH, crate::support::PRESENCE_PATH] {
        for call in tenant.calls(path).await {
            shows_nothing("address", call.url.as_str());
        }
    }
}
