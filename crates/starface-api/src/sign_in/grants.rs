//! The grants of version 10: a password or a refresh token goes in, an access token comes out.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse,
    RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authority::WITH_A_PASSWORD;
use super::discovery::TokenPlace;
use super::known::ClientAuth;
use super::oauth::OAuthClient;
use crate::failure::{Failure, TokenRefusal};
use crate::ids::Login;
use crate::operation::Operation;
use crate::wire::{Answer, Call, Transport};

/// No token answer comes near this many bytes.
const LIMIT: usize = 64 * 1024;

/// What a token endpoint has issued.
pub(super) struct Issued {
    pub(super) access: SecretString,
    pub(super) lives: Option<Duration>,
    pub(super) refresh: Option<SecretString>,
    pub(super) refresh_lives: Option<Duration>,
}

/// One request to a token endpoint.
pub(super) struct TokenRequest<'a> {
    pub(super) transport: &'a Transport,
    pub(super) place: &'a TokenPlace,
    pub(super) client: &'a OAuthClient,
    pub(super) client_auth: ClientAuth,
}

type Answered = StandardTokenResponse<More, BasicTokenType>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What the PBX says beyond the standard. Any type, since a surprise here is no reason to refuse a token.
#[derive(Debug, Serialize, Deserialize)]
struct More {
    refresh_expires_in: Option<Value>,
}

impl ExtraTokenFields for More {}

impl TokenRequest<'_> {
    /// The password grant ([RFC 6749, section 4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.3)).
    pub(super) async fn password(
        &self,
        login: &Login,
        password: &SecretString,
        scope: &str,
    ) -> Result<Issued, Failure> {
        let (client, http) = (self.client(), self.http(password));
        // The grant's own copies of the secrets live only as long as the request.
        let login = ResourceOwnerUsername::new(login.as_str().to_owned());
        let password = ResourceOwnerPassword::new(password.expose_secret().to_owned());
        let mut request = client
            .exchange_password(&login, &password)
            .add_scopes(scope.split_whitespace().map(|scope| Scope::new(scope.to_owned())));
        if let Some(resource) = self.resource() {
            request = request.add_extra_param("resource", resource);
        }
        issued(request.request_async(&http).await)
    }

    /// The refresh grant ([RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    pub(super) async fn refresh(&self, token: &SecretString) -> Result<Issued, Failure> {
        let (client, http) = (self.client(), self.http(token));
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let mut request = client.exchange_refresh_token(&token);
        if let Some(resource) = self.resource() {
            request = request.add_extra_param("resource", resource);
        }
        issued(request.request_async(&http).await)
    }

    fn client(&self) -> Client {
        let client = oauth2::Client::new(oauth2::ClientId::new(self.client.id.clone()))
            .set_auth_type(match self.client_auth {
                ClientAuth::Body => AuthType::RequestBody,
                ClientAuth::Basic => AuthType::BasicAuth,
            })
            .set_token_uri(TokenUrl::from_url(self.transport.base.at(&self.place.path)));
        match &self.client.secret {
            Some(secret) => {
                client.set_client_secret(oauth2::ClientSecret::new(secret.expose_secret().to_owned()))
            }
            None => client,
        }
    }

    fn resource(&self) -> Option<String> {
        let node = self.place.edge_node.as_ref()?;
        Some(format!("edgenode://{node}"))
    }

    fn http(&self, credential: &SecretString) -> Adapter {
        let mut secrets = vec![credential.clone()];
        secrets.extend(self.client.secret.clone());
        Adapter {
            transport: self.transport.clone(),
            secrets,
        }
    }
}

fn issued<E>(answered: Result<Answered, RequestTokenError<Failure, E>>) -> Result<Issued, Failure>
where
    E: oauth2::ErrorResponse,
{
    let senseless = |what| Failure::Senseless { what };
    let answered = answered.map_err(|error| match error {
        RequestTokenError::Request(failure) => failure,
        // The parser's own text could quote the token.
        _ => senseless("the token endpoint's answer is no token"),
    })?;
    if *answered.token_type() != BasicTokenType::Bearer {
        return Err(senseless("the token is not one that its bearer may use"));
    }
    let access = answered.access_token().secret();
    if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(senseless("the token cannot stand in a header"));
    }
    let refresh = answered.refresh_token().map(|token| token.secret().as_str());
    let refresh_lives = answered.extra_fields().refresh_expires_in.as_ref();
    Ok(Issued {
        access: access.as_str().into(),
        lives: answered.expires_in(),
        refresh: refresh.filter(|token| !token.is_empty()).map(SecretString::from),
        refresh_lives: refresh_lives
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
    })
}

/// The grants' requests and answers, in `http` types, over our own transport.
struct Adapter {
    transport: Transport,
    secrets: Vec<SecretString>,
}

impl Adapter {
    async fn exchange(
        transport: Transport,
        secrets: Vec<SecretString>,
        request: HttpRequest,
    ) -> Result<HttpResponse, Failure> {
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)
            .cloned()
            .map(sensitive);
        let Ok(url) = request.uri().to_string().parse() else {
            return Err(Failure::Senseless {
                what: "the token endpoint has no address",
            });
        };
        let call = Call::form(Operation::Token, url, request.into_body(), LIMIT).patient(WITH_A_PASSWORD);
        let mut secrets = secrets;
        // Of HTTP Basic, client and secret in one word.
        let basic = authorization
            .as_ref()
            .and_then(|value| value.to_str().ok()?.split_once(' '));
        secrets.extend(basic.map(|(_, word)| SecretString::from(word)));
        let answer = transport.send(&call, |request| match authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        });
        let answer = answer.await?;
        let mut answer = secrets.iter().fold(answer, Answer::without);
        if answer.status != StatusCode::OK {
            return Err(refusal(&answer));
        }
        let mut response = HttpResponse::new(std::mem::take(&mut answer.body));
        if let Some(kind) = answer.headers.remove(header::CONTENT_TYPE) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Adapter {
    type Error = Failure;
    type Future = BoxFuture<'static, Result<HttpResponse, Failure>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Self::exchange(self.transport.clone(), self.secrets.clone(), request).boxed()
    }
}

/// Tells a refusal of the credentials from every other error.
fn refusal(answer: &Answer) -> Failure {
    match answer.status {
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::TokenRefused {
            status: answer.status.as_u16(),
            reason: reason(&answer.body),
            text: answer.text_of(["error", "error_description"]),
        },
        _ => answer.failure(StatusCode::OK),
    }
}

fn reason(body: &[u8]) -> TokenRefusal {
    #[derive(Deserialize)]
    struct Body {
        error: String,
    }
    match serde_json::from_slice(body)
        .map(|Body { error }| error)
        .as_deref()
    {
        Ok("invalid_client") => TokenRefusal::Client,
        Ok("invalid_grant" | "access_denied") => TokenRefusal::User,
        Ok("invalid_scope") => TokenRefusal::Scope,
        Ok("unauthorized_client" | "unsupported_grant_type") => TokenRefusal::Grant,
        _ => TokenRefusal::Other,
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
