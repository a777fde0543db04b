//! A server on loopback that plays tenant and PBX, and clocks that stand still.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sync_adapters::graph::{Api, CallObserver, ClientId, Cloud, GraphAdapter, TenantId};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_adapters::starface::{
    GroupId, Login, Pbx, PbxUrl, SignIn, StarfaceAdapter, StarfaceLink, TargetGroup,
};
use sync_core::{Clock, Moment};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Answers 404 to everything that it was not told.
pub(crate) struct Server(MockServer);

impl Server {
    pub(crate) async fn start() -> Self {
        Self(MockServer::start().await)
    }

    /// A tenant that grants tokens.
    pub(crate) async fn tenant() -> Self {
        let server = Self::start().await;
        let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "SAMPLE-token"});
        server
            .on("POST", "/contoso.example/oauth2/v2.0/token", ok(&token))
            .await;
        server
    }

    /// A PBX that lets `0001` in.
    pub(crate) async fn pbx() -> Self {
        let server = Self::start().await;
        server
            .on(
                "GET",
                "/rest/login",
                ok(&json!({"loginType": "Internal", "nonce": "n", "secret": null})),
            )
            .await;
        server
            .on("POST", "/rest/login", ok(&json!({"token": "SAMPLE-token"})))
            .await;
        server
    }

    pub(crate) async fn on(&self, verb: &str, at: &str, answer: impl Respond + 'static) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&self.0)
            .await;
    }

    /// Answers one request; what was told later answers the ones after it.
    pub(crate) async fn once(&self, verb: &str, at: &str, answer: ResponseTemplate) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .up_to_n_times(1)
            .mount(&self.0)
            .await;
    }

    pub(crate) fn url(&self) -> Url {
        self.0.uri().parse().unwrap()
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.0.received_requests().await.unwrap()
    }

    /// Finds this user, whatever a batch asks for.
    pub(crate) async fn directory_of(&self, user: Value) {
        let answer = move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            let requests = body["requests"].as_array().unwrap();
            let found = |inner: &Value| json!({"id": inner["id"], "status": 200, "body": {"value": [user]}});
            ok(&json!({"responses": requests.iter().map(found).collect::<Vec<_>>()}))
        };
        self.on("POST", "/v1.0/$batch", answer).await;
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

    pub(crate) fn graph(&self) -> GraphAdapter {
        self.graph_told_to(Arc::new(Calls::default()))
    }

    pub(crate) fn graph_told_to(&self, calls: Arc<Calls>) -> GraphAdapter {
        graph_at(self.url(), calls)
    }

    pub(crate) fn starface(&self, clock: &Arc<Clocks>) -> StarfaceAdapter {
        self.starface_of(TargetGroup::Id(GroupId::new(1000)), clock)
    }

    pub(crate) fn starface_of(&self, group: TargetGroup, clock: &Arc<Clocks>) -> StarfaceAdapter {
        self.starface_link(clock).for_group(group)
    }

    pub(crate) fn starface_link(&self, clock: &Arc<Clocks>) -> StarfaceLink {
        let url = PbxUrl::parse(self.url().as_str()).unwrap();
        let sign_in = SignIn::Nonce {
            login: Login::new("0001"),
            password: "Pass123".into(),
        };
        let clock: Arc<dyn Clock> = clock.clone();
        StarfaceLink::new(Pbx::new(http(), url, sign_in), clock)
    }
}

pub(crate) fn graph_at(url: Url, calls: Arc<Calls>) -> GraphAdapter {
    let cloud = Cloud::custom(url.clone(), url).unwrap();
    let tenant = TenantId::new("contoso.example").unwrap();
    let client = ClientId::new("app").unwrap();
    GraphAdapter::with_client_secret(http(), cloud, &tenant, &client, "SAMPLE-secret".into(), calls)
}

pub(crate) fn http() -> reqwest::Client {
    HttpClient::build(&HttpSettings::default()).unwrap()
}

pub(crate) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

/// The calls that an observer was told of.
#[derive(Default)]
pub(crate) struct Calls(pub(crate) Mutex<Vec<(Api, Option<u16>)>>);

impl CallObserver for Calls {
    fn ended(&self, api: Api, status: Option<u16>) {
        self.0.lock().unwrap().push((api, status));
    }
}

/// Clocks that go on when they are told to.
#[derive(Default)]
pub(crate) struct Clocks(AtomicUsize);

impl Clocks {
    pub(crate) fn go_on(&self, seconds: usize) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Clocks {
    fn now(&self) -> Moment {
        let uptime = Duration::from_secs(self.0.load(Ordering::SeqCst).try_into().unwrap());
        Moment {
            wall: Timestamp::UNIX_EPOCH + uptime,
            uptime,
        }
    }
}
