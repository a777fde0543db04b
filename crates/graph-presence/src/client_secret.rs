//! Signing in as the app itself, with a client secret.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use http::header::CONTENT_TYPE;
use oauth2::{
    AsyncHttpClient, AuthType, HttpRequest, HttpResponse, RequestTokenError, Scope, TokenResponse, TokenUrl,
    basic::BasicClient, basic::BasicTokenType,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    cloud::Cloud,
    error::ProtocolError,
    exchange::{Exchange, Trace, scrub},
    ids::{ClientId, TenantId},
    limits::Limits,
    observer::{Api, CallObserver, Nobody},
    sign_in::{EntraRefusal, SignInError},
    token::{AccessToken, TokenSource},
    token_cache::{Granted, TokenCache},
};

/// No token answer comes near this many bytes.
const TOKEN_BYTES: usize = 256 << 10;

/// A token without `expires_in` is taken to live this long, well under what Entra grants.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The longest life that Entra documents is 28 hours.
const LONGEST_LIFETIME: Duration = Duration::from_secs(28 * 60 * 60);

/// The client-credentials grant with a secret.
///
/// Microsoft's page
/// [OAuth 2.0 client credentials flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow)
/// describes it. A refusal is remembered for a minute (or as long as the service says), so that many callers do not
/// repeat it.
pub struct ClientSecret {
    app: Arc<App>,
    cache: TokenCache,
}

impl ClientSecret {
    /// Signs in `client` to `tenant` in `cloud`. Nothing is sent yet.
    ///
    /// `http` must not follow redirects, or the secret could be sent elsewhere.
    pub fn new(
        http: reqwest::Client,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
        secret: SecretString,
    ) -> Self {
        let mut consent_url = cloud.login_url(&format!("/{tenant}/adminconsent"));
        consent_url
            .query_pairs_mut()
            .append_pair("client_id", client.as_str());
        Self::of(App {
            exchange: Exchange {
                http,
                timeout: Limits::default().timeout,
                observer: Arc::new(Nobody),
            },
            token_url: TokenUrl::from_url(cloud.login_url(&format!("/{tenant}/oauth2/v2.0/token"))),
            consent_url,
            scope: cloud.scope(),
            client: client.clone(),
            secret,
        })
    }

    /// The same sign-in, each exchange within `timeout` instead of 30 s; it holds no token yet.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        let mut app = App::clone(&self.app);
        app.exchange.timeout = timeout;
        Self::of(app)
    }

    /// The same sign-in, whose calls are told to `observer`; it holds no token yet.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn CallObserver>) -> Self {
        let mut app = App::clone(&self.app);
        app.exchange.observer = observer;
        Self::of(app)
    }

    fn of(app: App) -> Self {
        let app = Arc::new(app);
        let granting = Arc::clone(&app);
        Self {
            app,
            cache: TokenCache::new(move || Arc::clone(&granting).grant().boxed()),
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("client", &self.app.client)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenSource for ClientSecret {
    async fn token(&self) -> Result<AccessToken, SignInError> {
        self.cache.token().await
    }

    async fn renew(&self, refused: &AccessToken) -> Result<AccessToken, SignInError> {
        self.cache.renew(refused).await
    }
}

#[derive(Clone)]
struct App {
    exchange: Exchange,
    token_url: TokenUrl,
    consent_url: Url,
    scope: String,
    client: ClientId,
    secret: SecretString,
}

impl App {
    async fn grant(self: Arc<Self>) -> Result<Granted, SignInError> {
        // The grant's own copy of the secret lives only as long as the request.
        let client = BasicClient::new(oauth2::ClientId::new(self.client.as_str().to_owned()))
            .set_client_secret(oauth2::ClientSecret::new(self.secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(self.token_url.clone());
        let http = Adapter {
            app: Arc::clone(&self),
            trace: Arc::default(),
        };
        let answer = client
            .exchange_client_credentials()
            .add_scope(Scope::new(self.scope.clone()))
            .request_async(&http)
            .await;
        let wrong = |source| {
            let trace: Trace = http.trace.get().expect("an answer was exchanged").clone();
            SignInError::Protocol { trace, source }
        };
        let answer = answer.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // The parser's own text can quote the token; the name of the member cannot.
            RequestTokenError::Parse(error, _) => wrong(match error.path().to_string() {
                document if document == "." => ProtocolError::NotJson,
                member => ProtocolError::Member(member),
            }),
            RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
                wrong(ProtocolError::NotJson)
            }
        })?;
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(wrong(ProtocolError::Member("token_type".to_owned())));
        }
        let token = AccessToken::new(answer.access_token().secret().clone().into())
            .map_err(|_| wrong(ProtocolError::Member("access_token".to_owned())))?;
        let lifetime = answer
            .expires_in()
            .unwrap_or(DEFAULT_LIFETIME)
            .min(LONGEST_LIFETIME);
        Ok(Granted { token, lifetime })
    }

    async fn exchange(&self, request: HttpRequest) -> (Trace, Result<HttpResponse, SignInError>) {
        let request = reqwest::Request::try_from(request).expect("the token address was parsed before");
        let (trace, answer) = self.exchange.send(Api::Token, request, TOKEN_BYTES).await;
        let result = match answer {
            Err(source) => Err(SignInError::Transport {
                trace: trace.clone(),
                source,
            }),
            Ok(answer) if answer.status != http::StatusCode::OK => {
                let scrub = |text: &str| scrub(text, self.secret.expose_secret());
                let mut refusal = EntraRefusal::read(trace.clone(), &answer, scrub);
                refusal.consent_url = Some(self.consent_url.clone());
                Err(SignInError::Refused(Box::new(refusal)))
            }
            Ok(mut answer) => {
                let mut response = HttpResponse::new(std::mem::take(&mut answer.body));
                if let Some(kind) = answer.headers.remove(CONTENT_TYPE) {
                    response.headers_mut().insert(CONTENT_TYPE, kind);
                }
                Ok(response)
            }
        };
        (trace, result)
    }
}

/// The grant's requests and answers, in `http` types, over our own client.
struct Adapter {
    app: Arc<App>,
    // For what is found wrong with an answer after the exchange.
    trace: Arc<OnceLock<Trace>>,
}

impl<'c> AsyncHttpClient<'c> for Adapter {
    type Error = SignInError;
    type Future = BoxFuture<'static, Result<HttpResponse, SignInError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let (app, kept) = (Arc::clone(&self.app), Arc::clone(&self.trace));
        let exchange = async move {
            let (trace, answer) = app.exchange(request).await;
            kept.get_or_init(|| trace);
            answer
        };
        exchange.boxed()
    }
}
