//! Version 10: the discovery document, and the token endpoint with the grants for a password and for a refresh token.
//!
//! Paths, members and lives as third parties have seen them; the errors are those of
//! [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2). A client that is not accepted is refused
//! before anything else is looked at, and a scope before the password.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::refuse;
use crate::generation::{ClientMethod, Credential, Generation, OAuthRules};
use crate::sandbox::OAUTH_CLIENT;
use crate::state::{State as Known, World, now};

/// Where the document is.
pub(super) const DOCUMENT: &str = "/auth/realms/pbx/.well-known/openid-configuration";
/// Where clients look for it.
pub(super) const WELL_KNOWN: &str = "/.well-known/openid-configuration";
/// Where tokens are issued.
pub(super) const TOKEN: &str = "/auth/realms/pbx/oauth2/token";

pub(super) async fn well_known(State(world): State<Arc<World>>) -> Response {
    match rules(&world) {
        Some(_) => (StatusCode::FOUND, [(header::LOCATION, DOCUMENT)]).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "not found"),
    }
}

pub(super) async fn document(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if rules(&world).is_none() {
        return refuse(StatusCode::NOT_FOUND, "not found");
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let document = json!({
        "issuer": format!("http://{host}/auth/realms/pbx"),
        "authorization_endpoint": format!("http://{host}/auth/realms/pbx/oauth2/auth"),
        "token_endpoint": format!("http://{host}{TOKEN}"),
        "grant_types_supported": ["password", "authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
    });
    Json(document).into_response()
}

/// The form and the `Authorization` header of a token request.
struct Form {
    fields: HashMap<String, String>,
    basic: Option<(String, String)>,
}

impl Form {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whether the client shows itself in the one way that is wanted, and in no other.
    fn is_client(&self, method: ClientMethod, secret: &str) -> bool {
        let in_form = (self.field("client_id"), self.field("client_secret"));
        match (method, &self.basic) {
            (ClientMethod::Body, None) => in_form == (OAUTH_CLIENT, secret),
            (ClientMethod::Basic, Some((id, shown))) => {
                in_form == ("", "") && (id.as_str(), shown.as_str()) == (OAUTH_CLIENT, secret)
            }
            _ => false,
        }
    }
}

pub(super) async fn token(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(rules) = rules(&world) else {
        return refuse(StatusCode::NOT_FOUND, "not found");
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the body must be a form",
        );
    }
    let form = Form {
        fields: url::form_urlencoded::parse(&body).into_owned().collect(),
        basic: basic(&headers),
    };
    world.change(|state| grant(state, &rules, &form))
}

fn grant(state: &mut Known, rules: &OAuthRules, form: &Form) -> Response {
    if !form.is_client(rules.client, &state.oauth_secret) {
        state.wrong(Credential::Client);
        return error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "the client is not known",
        );
    }
    match form.field("grant_type") {
        "password" => by_password(state, rules, form),
        "refresh_token" => by_refresh_token(state, rules, form.field("refresh_token")),
        _ => error(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "there is no such grant",
        ),
    }
}

fn by_password(state: &mut Known, rules: &OAuthRules, form: &Form) -> Response {
    if !rules.scopes.iter().any(|scope| scope == form.field("scope")) {
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "the scope is not granted",
        );
    }
    let (login, password) = &state.service;
    if (form.field("username"), form.field("password")) != (login, password) {
        state.wrong(Credential::Password);
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "invalid user credentials",
        );
    }
    if !rules.right {
        return error(
            StatusCode::UNAUTHORIZED,
            "access_denied",
            "the user lacks the right",
        );
    }
    let refresh = state.issue("refresh");
    state
        .refresh_tokens
        .insert(refresh.clone(), now() + rules.refresh_life);
    issue(state, rules, Some(refresh), form.field("scope"))
}

fn by_refresh_token(state: &mut Known, rules: &OAuthRules, token: &str) -> Response {
    let until = state.refresh_tokens.get(token).copied();
    if until.is_none_or(|until| now() >= until) {
        state.wrong(Credential::RefreshToken);
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "the token is not active",
        );
    }
    let next = rules.rotates.then(|| {
        state.refresh_tokens.remove(token);
        let next = state.issue("refresh");
        state
            .refresh_tokens
            .insert(next.clone(), now() + rules.refresh_life);
        next
    });
    issue(state, rules, next, "login")
}

fn issue(state: &mut Known, rules: &OAuthRules, refresh: Option<String>, scope: &str) -> Response {
    let access = state.issue("access");
    state.pbx_tokens.insert(access.clone(), now() + rules.access_life);
    let mut answer = json!({
        "access_token": access,
        "expires_in": rules.access_life.as_secs(),
        "token_type": "Bearer",
        "scope": scope,
    });
    if let (Some(refresh), Value::Object(members)) = (refresh, &mut answer) {
        members.insert("refresh_token".to_owned(), Value::String(refresh));
        members.insert(
            "refresh_expires_in".to_owned(),
            Value::from(rules.refresh_life.as_secs()),
        );
    }
    Json(answer).into_response()
}

fn rules(world: &World) -> Option<OAuthRules> {
    match &world.state().generation {
        Generation::Ten(rules) => Some(rules.clone()),
        Generation::Nine(_) => None,
    }
}

/// The two halves of HTTP Basic, each of which OAuth encodes once more.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded_once(id), decoded_once(secret)))
}

fn decoded_once(text: &str) -> String {
    url::form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

fn error(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, Json(body)).into_response()
}
