//! A tenant on loopback that answers as it is told and keeps every request.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use graph_presence::{
    Address, Api, CallObserver, ClientId, ClientSecret, Cloud, GraphClient, Limits, TenantId, UserId,
};
use serde_json::{Value, json};
use url::Url;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

pub(crate) const TENANT: &str = "contoso.example";
pub(crate) const CLIENT: &str = "22553876-f5ab-4529-bffb-cfe50aa89f87";
pub(crate) const SECRET: &str = "SAMPLE-secret &=+";
pub(crate) const TOKEN_PATH: &str = "/contoso.example/oauth2/v2.0/token";
pub(crate) const PRESENCE_PATH: &str = "/v1.0/communications/getPresencesByUserId";
pub(crate) const BATCH_PATH: &str = "/v1.0/$batch";

pub(crate) struct Tenant {
    server: MockServer,
    pub(crate) ended: Arc<Ended>,
}

impl Tenant {
    /// A tenant without an answer to anything.
    pub(crate) async fn bare() -> Self {
        Self {
            server: MockServer::start().await,
            ended: Arc::default(),
        }
    }

    /// A tenant that grants the tokens `SAMPLE-token-1`, `SAMPLE-token-2` and so on.
    pub(crate) async fn start() -> Self {
        let tenant = Self::bare().await;
        let granted = AtomicUsize::new(1);
        tenant
            .on("POST", TOKEN_PATH, move |_| {
                let number = granted.fetch_add(1, Ordering::SeqCst);
                let token = format!("SAMPLE-token-{number}");
                ok(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
            })
            .await;
        tenant
    }

    /// The interface that everything else is built from: one answer per method and path.
    pub(crate) async fn on(
        &self,
        verb: &str,
        at: &str,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    /// Answers every presence call so.
    pub(crate) async fn on_presence(
        &self,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        self.on("POST", PRESENCE_PATH, answer).await;
    }

    /// Answers each request of a batch by its `$filter`: a status and a body.
    pub(crate) async fn on_filter(&self, answer: impl Fn(&str) -> Inner + Send + Sync + 'static) {
        let answer = move |request: &Request| {
            let mut responses: Vec<_> = inner_requests(request)
                .iter()
                .map(|(id, filter)| {
                    let Inner {
                        status,
                        headers,
                        body,
                    } = answer(filter);
                    json!({"id": id, "status": status, "headers": headers, "body": body})
                })
                .collect();
            responses.reverse();
            ok(&json!({ "responses": responses }))
        };
        self.on("POST", BATCH_PATH, answer).await;
    }

    pub(crate) fn uri(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn cloud(&self) -> Cloud {
        cloud(&self.server.uri())
    }

    pub(crate) fn tokens(&self) -> ClientSecret {
        tokens(&self.server.uri(), SECRET)
    }

    pub(crate) fn client(&self) -> GraphClient {
        client(&self.server.uri()).with_observer(self.ended.clone())
    }

    /// Every request to a path, in order.
    pub(crate) async fn calls(&self, to: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter()
            .filter(|request| request.url.path() == to)
            .collect()
    }

    pub(crate) async fn count(&self, to: &str) -> usize {
        self.calls(to).await.len()
    }
}

/// What an observer saw.
#[derive(Default)]
pub(crate) struct Ended(pub(crate) Mutex<Vec<(Api, Option<u16>)>>);

impl CallObserver for Ended {
    fn ended(&self, api: Api, status: Option<u16>) {
        self.0.lock().unwrap().push((api, status));
    }
}

/// One answer inside a batch.
pub(crate) struct Inner {
    pub(crate) status: u16,
    pub(crate) headers: Value,
    pub(crate) body: Value,
}

impl Inner {
    pub(crate) fn users(users: &Value) -> Self {
        Self {
            status: 200,
            headers: json!({}),
            body: json!({ "value": users }),
        }
    }

    pub(crate) fn throttled(retry_after: &str) -> Self {
        let body = json!({"error": {"code": "TooManyRequests", "innerError": {"code": "429"}}});
        Self {
            status: 429,
            headers: json!({ "Retry-After": retry_after }),
            body,
        }
    }
}

/// The id and the decoded filter of each request in a batch.
pub(crate) fn inner_requests(request: &Request) -> Vec<(String, String)> {
    let body: Value = request.body_json().unwrap();
    let one = |inner: &Value| {
        let url = Url::parse(&format!(
            "https://graph.example{}",
            inner["url"].as_str().unwrap()
        ))
        .unwrap();
        let filter = url
            .query_pairs()
            .find(|(name, _)| name == "$filter")
            .unwrap()
            .1
            .into_owned();
        (inner["id"].as_str().unwrap().to_owned(), filter)
    };
    body["requests"].as_array().unwrap().iter().map(one).collect()
}

pub(crate) fn cloud(uri: &str) -> Cloud {
    Cloud::custom(Url::parse(uri).unwrap(), Url::parse(uri).unwrap()).unwrap()
}

pub(crate) fn tokens(uri: &str, secret: &str) -> ClientSecret {
    let (tenant, client) = (TenantId::new(TENANT).unwrap(), ClientId::new(CLIENT).unwrap());
    ClientSecret::new(http(), &cloud(uri), &tenant, &client, secret.to_owned().into())
}

pub(crate) fn client(uri: &str) -> GraphClient {
    GraphClient::new(http(), cloud(uri), Arc::new(tokens(uri, SECRET))).with_limits(quick())
}

/// The default limits, but for delays that a test would wait for.
pub(crate) fn quick() -> Limits {
    Limits {
        retry_delay: Duration::from_millis(1),
        ..Limits::default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client is handed its HTTP client, and here it comes from"
)]
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(crate) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Graph's envelope.
pub(crate) fn refused(status: u16, code: &str) -> ResponseTemplate {
    let inner = json!({"request-id": "r-inner"});
    let body = json!({"error": {"code": code, "message": "sample text", "innerError": inner}});
    ResponseTemplate::new(status)
        .insert_header("request-id", "r-1")
        .set_body_json(body)
}

/// Everyone who is asked for is in a call.
pub(crate) fn all_busy(request: &Request) -> ResponseTemplate {
    let items: Vec<_> = asked_ids(request)
        .iter()
        .map(|id| json!({"id": id, "availability": "Busy", "activity": "InACall"}))
        .collect();
    ok(&json!({ "value": items }))
}

pub(crate) fn asked_ids(request: &Request) -> Vec<String> {
    let body: Value = request.body_json().unwrap();
    body["ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn ids(count: usize) -> Vec<UserId> {
    (0..count)
        .map(|n| UserId::new(&format!("fa8bf3dc-eca7-46b7-bad1-{n:012}")).unwrap())
        .collect()
}

pub(crate) fn addresses(count: usize) -> Vec<Address> {
    (0..count)
        .map(|n| Address::new(&format!("a{n}@example.com")).unwrap())
        .collect()
}

pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name).map(|value| value.to_str().unwrap())
}

/// The fields of a form, each once.
pub(crate) fn form(request: &Request) -> BTreeMap<String, String> {
    let pairs: Vec<_> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let fields: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(fields.len(), pairs.len(), "a field comes once: {pairs:?}");
    fields
}

/// A request to Entra: a form that is posted, with an id of its own and no authorization.
pub(crate) fn is_posted_form(request: &Request) {
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.query(), None);
    assert_eq!(
        header(request, "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(header(request, "accept"), Some("application/json"));
    assert_eq!(header(request, "authorization"), None);
    uuid::Uuid::parse_str(header(request, "client-request-id").unwrap()).unwrap();
}

/// The two permissions of this tenant's Graph, and a token for the next time.
pub(crate) fn delegated_scope(uri: &str) -> String {
    format!("{uri}/Presence.Read.All {uri}/User.Read.All offline_access")
}

/// An error of the contract's samples, with its status.
pub(crate) fn sample(status: u16, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(text, "application/json")
}

/// The whole chain of an error, as a program prints it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
