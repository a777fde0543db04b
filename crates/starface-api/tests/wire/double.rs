//! A double of the PBX that answers what it is told and remembers every request.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use serde_json::{Value, json};
use starface_api::{ChatModule, Login, ModuleName, Pbx, PbxUrl, SignIn};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const LOGIN: &str = "0001";
pub(crate) const PASSWORD: &str = "Pass123";
pub(crate) const NONCE: &str = "pds24hmip1ctbogn1l8ujvs5u4";
/// The worked example of the nonce login for the three above.
pub(crate) const OUTER_HASH: &str = "092e2b8d5daf530d7d4c58e3ec57f7179ec142f14ca7affa34c2607e6dd9dc9b55c248c57b5514bf9c05284492237b172a32afa64a72e0ba9142de64ba9b4192";
/// The same for XML-RPC.
pub(crate) const RPC_HASH: &str = "31436ea367a9c01c9c16189dc6507c7556890f59ca6b9b83c9980a18390a8262e5d1b469deede1b1208224966fde951ce3f52f38540aca2d21c2ffae591eaa10";
pub(crate) const MODULE_SECRET: &str = "SAMPLE-module-secret";

pub(crate) struct Double {
    server: MockServer,
}

impl Double {
    /// A PBX that answers everything with 404.
    pub(crate) async fn start() -> Self {
        Self {
            server: MockServer::start().await,
        }
    }

    /// A PBX whose logins give these tokens, one after the other.
    pub(crate) async fn with_tokens(tokens: &[&str]) -> Self {
        let double = Self::start().await;
        double.challenge("Internal").await;
        for token in tokens {
            double
                .once("POST", "/rest/login", ok(json!({ "token": token })))
                .await;
        }
        double
    }

    pub(crate) async fn challenge(&self, login_type: &str) {
        let template = json!({"loginType": login_type, "nonce": NONCE, "secret": null});
        self.always("GET", "/rest/login", ok(template)).await;
    }

    pub(crate) async fn always(&self, verb: &str, at: &str, answer: ResponseTemplate) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    /// Answers one request; those told later answer the ones after it.
    pub(crate) async fn once(&self, verb: &str, at: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb)).and(path(at)).respond_with(answer);
        mock.up_to_n_times(1).mount(&self.server).await;
    }

    /// Answers requests that carry this token.
    pub(crate) async fn for_token(&self, token: &str, verb: &str, at: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb))
            .and(path(at))
            .and(header("authToken", token))
            .respond_with(answer);
        mock.mount(&self.server).await;
    }

    pub(crate) async fn mount(&self, mock: Mock) {
        mock.mount(&self.server).await;
    }

    pub(crate) fn url(&self) -> PbxUrl {
        PbxUrl::parse(&self.server.uri()).unwrap()
    }

    pub(crate) fn pbx(&self) -> Pbx {
        Pbx::new(client(), self.url(), sign_in())
    }

    pub(crate) fn module(&self) -> ChatModule {
        ChatModule::new(
            self.pbx(),
            ModuleName::parse("TeamsPresence").unwrap(),
            MODULE_SECRET.into(),
        )
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// Every request so far as `METHOD /path`.
    pub(crate) async fn calls(&self) -> Vec<String> {
        self.requests()
            .await
            .iter()
            .map(|request| format!("{} {}", request.method, request.url.path()))
            .collect()
    }

    pub(crate) async fn count(&self, call: &str) -> usize {
        self.calls().await.iter().filter(|seen| *seen == call).count()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client is handed in, and here is where the tests make theirs"
)]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(crate) fn sign_in() -> SignIn {
    SignIn::Nonce {
        login: Login::new(LOGIN),
        password: PASSWORD.into(),
    }
}

pub(crate) fn ok(body: impl Into<Value>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body.into())
}

pub(crate) fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

/// All headers of a request, except for those that HTTP itself needs. Compared as a whole, so that none is there that should not be.
pub(crate) fn headers(request: &Request) -> BTreeMap<String, String> {
    let own = request
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"));
    own.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

pub(crate) fn expected<const N: usize>(headers: [(&str, &str); N]) -> BTreeMap<String, String> {
    headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Everything that an error may show to anybody.
pub(crate) fn everything_of(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "; {error}; {error:?}").unwrap();
        next = error.source();
    }
    text
}
