//! A double of a PBX of version 10.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use starface_api::{
    ClientAuth, KnownSignIn, Login, OAuth, OAuthClient, Pbx, SignIn, SignInMemory, VolatileMemory,
};
use wiremock::{Request, ResponseTemplate};

use crate::double::{Double, LOGIN, PASSWORD, client, ok, status};

pub(crate) const TOKEN_AT: &str = "/auth/realms/pbx/oauth2/token";
pub(crate) const WELL_KNOWN: &str = "/.well-known/openid-configuration";
pub(crate) const DOCUMENT: &str = "/auth/realms/pbx/.well-known/openid-configuration";
pub(crate) const CLIENT_SECRET: &str = "SAMPLE-client-secret";

impl Double {
    /// A PBX of version 10 that answers no token request yet.
    pub(crate) async fn ten() -> Self {
        let double = Self::start().await;
        double.documented().await;
        double
    }

    /// Adds the discovery document.
    pub(crate) async fn documented(&self) {
        // The scheme and the host are not those of the double, as behind a router.
        let document = json!({
            "issuer": "http://pbx.example.com/auth/realms/pbx",
            "token_endpoint": format!("https://pbx.example.com{TOKEN_AT}"),
            "grant_types_supported": ["password", "refresh_token"],
        });
        self.always("GET", WELL_KNOWN, status(302).insert_header("location", DOCUMENT))
            .await;
        self.always("GET", DOCUMENT, ok(document)).await;
    }

    pub(crate) async fn token(&self, answer: ResponseTemplate) {
        self.once("POST", TOKEN_AT, answer).await;
    }

    pub(crate) fn pbx_as(&self, sign_in: SignIn) -> Pbx {
        Pbx::new(client(), self.url(), sign_in)
    }

    /// A client that finds out the generation, with a memory of its own.
    pub(crate) fn auto(&self) -> Pbx {
        self.pbx_as(auto(oauth()))
    }

    /// A client that finds out the generation, unless this memory knows it.
    pub(crate) fn auto_remembering(&self, memory: &Arc<VolatileMemory>) -> Pbx {
        let memory: Arc<dyn SignInMemory> = memory.clone();
        self.pbx_as(auto(OAuth { memory, ..oauth() }))
    }

    /// The forms that the token endpoint was sent, with the `Authorization` header as a field of that name.
    pub(crate) async fn forms(&self) -> Vec<BTreeMap<String, String>> {
        let requests = self.requests().await;
        requests
            .iter()
            .filter(|request| request.url.path() == TOKEN_AT)
            .map(form)
            .collect()
    }
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> =
        url::form_urlencoded::parse(&request.body).into_owned().collect();
    if let Some(value) = request.headers.get("authorization") {
        fields.insert("Authorization".into(), value.to_str().unwrap().into());
    }
    fields
}

pub(crate) fn oauth() -> OAuth {
    OAuth {
        client: Some(OAuthClient::confidential(
            OAuthClient::HEADLESS,
            CLIENT_SECRET.into(),
        )),
        ..OAuth::default()
    }
}

pub(crate) fn auto(oauth: OAuth) -> SignIn {
    SignIn::Auto {
        login: Login::new(LOGIN),
        password: PASSWORD.into(),
        oauth,
    }
}

pub(crate) fn forced(oauth: OAuth) -> SignIn {
    SignIn::OAuth {
        login: Login::new(LOGIN),
        password: PASSWORD.into(),
        oauth,
    }
}

/// An answer with the tokens `SAMPLE-access-N` and `SAMPLE-refresh-N`.
pub(crate) fn issued(number: u32) -> ResponseTemplate {
    ok(issue(number))
}

pub(crate) fn issue(number: u32) -> Value {
    json!({
        "access_token": format!("SAMPLE-access-{number}"),
        "expires_in": 300,
        "refresh_token": format!("SAMPLE-refresh-{number}"),
        "refresh_expires_in": 21_600,
        "token_type": "Bearer",
        "scope": "login",
    })
}

pub(crate) fn refused(code: u16, error: &str) -> ResponseTemplate {
    let body = json!({"error": error, "error_description": "Sample text."});
    status(code).set_body_json(body)
}

pub(crate) fn known(scope: &str, client_auth: ClientAuth) -> KnownSignIn {
    // The type is open to further members, so that it is read like what a memory has kept.
    let method = match client_auth {
        ClientAuth::Basic => "basic",
        _ => "body",
    };
    let written =
        json!({"generation": "oauth", "token_path": TOKEN_AT, "scope": scope, "client_auth": method});
    serde_json::from_value(written).unwrap()
}

pub(crate) async fn remembering(known: KnownSignIn) -> Arc<VolatileMemory> {
    let memory = Arc::new(VolatileMemory::default());
    memory.store(Some(&known)).await;
    memory
}
