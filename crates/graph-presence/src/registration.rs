//! An app in a tenant: where it asks for tokens, and how an answer to that is read.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::header::CONTENT_TYPE;
use oauth2::{
    AsyncHttpClient, AuthType, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RequestTokenError,
    Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    account::Beside,
    cloud::Cloud,
    error::ProtocolError,
    exchange::{Exchange, Trace, scrub},
    ids::{ClientId, TenantId},
    limits::Limits,
    observer::{Api, Nobody},
    sign_in::{EntraRefusal, SignInError},
    token::AccessToken,
    token_cache::Granted,
};

/// No token answer comes near this many bytes.
const TOKEN_BYTES: usize = 256 << 10;

/// A token without `expires_in` is taken to live this long, well under what Entra grants.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The longest life that Entra documents is 28 hours.
const LONGEST_LIFETIME: Duration = Duration::from_secs(28 * 60 * 60);

/// A client of the grants that knows where tokens are asked for.
pub(crate) type OAuthClient = Client<EndpointSet>;

type Client<Token> = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
>;

/// An answer of the token endpoint.
pub(crate) type TokenAnswer = StandardTokenResponse<Beside, BasicTokenType>;

/// An app in a tenant of a cloud; what all its ways to sign in have in common.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) exchange: Exchange,
    pub(crate) cloud: Cloud,
    pub(crate) tenant: TenantId,
    pub(crate) client: ClientId,
    token_url: TokenUrl,
    consent_url: Url,
}

/// What the token endpoint granted.
pub(crate) struct Answer {
    pub(crate) granted: Granted,
    /// The token for the next time, where somebody signed in for the app.
    pub(crate) refresh: Option<SecretString>,
    /// What was granted, where the answer says so.
    pub(crate) scopes: Option<Vec<String>>,
    /// Who signed in, where the answer has an ID token.
    pub(crate) id_token: Option<SecretString>,
}

impl Registration {
    /// `http` must not follow redirects, or secrets could be sent elsewhere.
    pub(crate) fn new(http: reqwest::Client, cloud: &Cloud, tenant: &TenantId, client: &ClientId) -> Self {
        let mut consent_url = cloud.login_url(&format!("/{tenant}/adminconsent"));
        consent_url
            .query_pairs_mut()
            .append_pair("client_id", client.as_str());
        Self {
            exchange: Exchange {
                http,
                timeout: Limits::default().timeout,
                observer: Arc::new(Nobody),
            },
            cloud: cloud.clone(),
            tenant: tenant.clone(),
            client: client.clone(),
            token_url: TokenUrl::from_url(cloud.login_url(&format!("/{tenant}/oauth2/v2.0/token"))),
            consent_url,
        }
    }

    /// An address of the tenant's sign-in, such as `authorize`.
    pub(crate) fn endpoint(&self, name: &str) -> Url {
        self.cloud
            .login_url(&format!("/{}/oauth2/v2.0/{name}", self.tenant))
    }

    pub(crate) fn token_url(&self) -> &Url {
        self.token_url.url()
    }

    /// What all requests to the token endpoint have in common: the app's id, in the body.
    pub(crate) fn oauth(&self) -> OAuthClient {
        Client::new(oauth2::ClientId::new(self.client.as_str().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(self.token_url.clone())
    }

    /// The scopes of somebody who signs in for the app: two permissions to read, and a token for the next time.
    pub(crate) fn delegated_scopes(&self) -> Vec<Scope> {
        self.cloud
            .delegated_scopes()
            .into_iter()
            .map(Scope::new)
            .collect()
    }

    /// The way of one grant's requests. The `secrets` that they carry are taken out of whatever the service says.
    pub(crate) fn carrier(&self, secrets: impl IntoIterator<Item = SecretString>) -> Carrier {
        Carrier {
            registration: Arc::new(self.clone()),
            secrets: secrets.into_iter().collect(),
            trace: Arc::default(),
        }
    }

    /// The same refusal, with where an administrator consents.
    pub(crate) fn refusal(&self, refusal: EntraRefusal) -> SignInError {
        SignInError::Refused(Box::new(EntraRefusal {
            consent_url: Some(self.consent_url.clone()),
            ..refusal
        }))
    }
}

/// One grant's requests and answers, in `http` types, over our own client.
pub(crate) struct Carrier {
    registration: Arc<Registration>,
    secrets: Arc<[SecretString]>,
    // For what is found wrong with an answer after the exchange.
    trace: Arc<OnceLock<Trace>>,
}

type Asked<T> = Result<T, RequestTokenError<SignInError, BasicErrorResponse>>;

impl Carrier {
    /// What the answer of a grant comes to.
    pub(crate) fn read(&self, answer: Asked<TokenAnswer>) -> Result<Answer, SignInError> {
        let answer = self.parsed(answer)?;
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(self.wrong(ProtocolError::Member("token_type".to_owned())));
        }
        let token = AccessToken::new(answer.access_token().secret().clone().into())
            .map_err(|_| self.wrong(ProtocolError::Member("access_token".to_owned())))?;
        let lifetime = answer
            .expires_in()
            .unwrap_or(DEFAULT_LIFETIME)
            .min(LONGEST_LIFETIME);
        let text = |token: &oauth2::RefreshToken| token.secret().clone().into();
        let scopes = |scopes: &Vec<Scope>| scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        Ok(Answer {
            granted: Granted { token, lifetime },
            refresh: answer.refresh_token().map(text),
            scopes: answer.scopes().map(scopes),
            id_token: answer.extra_fields().id_token(),
        })
    }

    /// An answer that could be parsed.
    pub(crate) fn parsed<T>(&self, answer: Asked<T>) -> Result<T, SignInError> {
        answer.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // The parser's own text can quote the token; the name of the member cannot.
            RequestTokenError::Parse(error, _) => self.wrong(match error.path().to_string() {
                document if document == "." => ProtocolError::NotJson,
                member => ProtocolError::Member(member),
            }),
            RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
                self.wrong(ProtocolError::NotJson)
            }
        })
    }

    /// Something is wrong with the answer that was exchanged last.
    pub(crate) fn wrong(&self, source: ProtocolError) -> SignInError {
        let trace = self.trace.get().cloned().unwrap_or_else(Trace::new);
        SignInError::Protocol { trace, source }
    }

    async fn exchange(
        registration: &Registration,
        secrets: &[SecretString],
        request: HttpRequest,
    ) -> (Trace, Result<HttpResponse, SignInError>) {
        let request = reqwest::Request::try_from(request).expect("the token address was parsed before");
        let (trace, answer) = registration.exchange.send(Api::Token, request, TOKEN_BYTES).await;
        let result = match answer {
            Err(source) => Err(SignInError::Transport {
                trace: trace.clone(),
                source,
            }),
            Ok(answer) if answer.status != http::StatusCode::OK => {
                let scrub = |text: &str| {
                    secrets.iter().fold(text.to_owned(), |text, secret| {
                        scrub(&text, secret.expose_secret())
                    })
                };
                Err(registration.refusal(EntraRefusal::read(trace.clone(), &answer, scrub)))
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

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = SignInError;
    type Future = BoxFuture<'static, Result<HttpResponse, SignInError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let (registration, secrets) = (Arc::clone(&self.registration), Arc::clone(&self.secrets));
        let kept = Arc::clone(&self.trace);
        let exchange = async move {
            let (trace, answer) = Self::exchange(&registration, &secrets, request).await;
            kept.get_or_init(|| trace);
            answer
        };
        exchange.boxed()
    }
}
