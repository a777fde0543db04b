//! The simulated PBX: nonce login or OAuth, users, groups, phone configuration, and the companion module over XML-RPC.
//!
//! REST follows the vendor's interface description (STARFACE Rest Api 6.7); where that and the vendor's knowledge base
//! differ, the description wins.

mod login;
mod module;
mod oauth;
mod phoneconfig;
mod rest;
mod xml;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::counters::Operation;
use crate::generation::Generation;
use crate::server::guarded;
use crate::state::World;

pub(crate) fn routes(world: &Arc<World>) -> Router {
    let routes = Router::new()
        .route(
            "/rest/login",
            get(login::template).post(login::sign_in).delete(login::sign_out),
        )
        .route(oauth::WELL_KNOWN, get(oauth::well_known))
        .route(oauth::DOCUMENT, get(oauth::document))
        .route(oauth::TOKEN, post(oauth::token))
        .route("/rest/users", get(rest::users))
        .route("/rest/users/me", get(rest::me))
        .route("/rest/users/{id}", get(rest::user))
        .route(
            "/rest/users/{id}/phoneconfig",
            get(phoneconfig::read).put(phoneconfig::write),
        )
        .route("/rest/groups", get(rest::groups))
        .route("/rest/groups/{id}", get(rest::group))
        .route("/rest/server/version", get(rest::version))
        .route("/xml-rpc", post(module::call))
        .with_state(Arc::clone(world));
    guarded(routes, Arc::clone(world), classify)
}

fn classify(method: &Method, path: &str, body: &[u8]) -> Operation {
    match (method.as_str(), path) {
        (_, oauth::WELL_KNOWN | oauth::DOCUMENT) => Operation::Discovery,
        (_, oauth::TOKEN) => Operation::PbxToken,
        ("GET", "/rest/login") => Operation::LoginTemplate,
        ("POST", "/rest/login") => Operation::Login,
        ("DELETE", "/rest/login") => Operation::Logout,
        ("GET", path) if path.ends_with("/phoneconfig") => Operation::PhoneconfigGet,
        ("PUT", path) if path.ends_with("/phoneconfig") => Operation::PhoneconfigPut,
        ("GET", path) if path.starts_with("/rest/users") => Operation::Users,
        ("GET", path) if path.starts_with("/rest/groups") => Operation::Groups,
        (_, "/xml-rpc") if xml::mentions(body, "getChatPresence") => Operation::ChatGet,
        (_, "/xml-rpc") => Operation::ChatSet,
        _ => Operation::Other,
    }
}

pub(super) fn refuse(status: StatusCode, message: &str) -> Response {
    (
        status,
        Json(json!({ "code": status.as_u16(), "message": message })),
    )
        .into_response()
}

/// What every REST call has to bring.
pub(super) fn require_version(headers: &HeaderMap) -> Result<(), Box<Response>> {
    if headers.get("x-version").is_some_and(|version| version == "2") {
        return Ok(());
    }
    Err(Box::new(refuse(
        StatusCode::BAD_REQUEST,
        "the sandbox wants `X-Version: 2` on every call",
    )))
}

/// A REST call by a service user who is signed in.
pub(super) fn admit(world: &World, headers: &HeaderMap) -> Result<(), Box<Response>> {
    require_version(headers)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let state = world.state();
    let token = match state.generation {
        Generation::Nine(_) => text("authtoken"),
        Generation::Ten(_) => text("authorization").and_then(|value| value.strip_prefix("Bearer ")),
    };
    if token.is_some_and(|token| state.is_session(token)) {
        return Ok(());
    }
    Err(Box::new(refuse(
        StatusCode::UNAUTHORIZED,
        "the token is missing, wrong or expired",
    )))
}

/// A body has to say that it is JSON.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Box<Response>> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("application/json") {
        return Ok(());
    }
    Err(Box::new(refuse(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body must be application/json",
    )))
}
