//! The simulated tenant: Entra's sign-in and the part of Graph that presence needs.

mod assertion;
mod authorize;
mod batch;
mod device;
mod entra;
mod filter;
mod presence;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::counters::Operation;
use crate::server::guarded;
use crate::state::{World, now};
pub(crate) use authorize::Code;
pub(crate) use device::Device;

/// Both hosts of the cloud in one: sign-in and Graph.
pub(crate) fn routes(world: &Arc<World>) -> Router {
    let routes = Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::code))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::page))
        .route(
            "/v1.0/communications/getPresencesByUserId",
            post(presence::by_user_id),
        )
        .route("/v1.0/$batch", post(batch::batch))
        .route("/v1.0/users", get(users::list))
        .route("/v1.0/me", get(users::me))
        .with_state(Arc::clone(world));
    guarded(routes, Arc::clone(world), classify)
}

fn classify(_: &Method, path: &str, _: &[u8]) -> Operation {
    match path {
        _ if path.ends_with("/oauth2/v2.0/token") => Operation::Token,
        _ if path.ends_with("/oauth2/v2.0/devicecode") => Operation::DeviceCode,
        _ if path.ends_with("/oauth2/v2.0/authorize") => Operation::Authorize,
        "/v1.0/communications/getPresencesByUserId" => Operation::Presence,
        "/v1.0/$batch" => Operation::Batch,
        "/v1.0/users" | "/v1.0/me" => Operation::Directory,
        _ => Operation::TenantOther,
    }
}

/// Graph's error envelope.
///
/// <https://learn.microsoft.com/graph/errors>
pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": message, "innerError": { "date": "2026-11-23T09:00:00" } } });
    (
        status,
        [("request-id", "00000000-0000-0000-0000-00000000f00d")],
        Json(body),
    )
        .into_response()
}

/// What every call to Graph has to bring: a token that holds, the permission, and an id of its own.
pub(super) fn admit(world: &World, headers: &HeaderMap, permission: &str) -> Result<(), Box<Response>> {
    if headers.get("client-request-id").is_none() {
        let message = "the sandbox wants a client-request-id on every call";
        return Err(Box::new(refuse(StatusCode::BAD_REQUEST, "badRequest", message)));
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = token
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let state = world.state();
    if state.entra_tokens.get(token).is_none_or(|until| now() >= *until) {
        let message = "Access token is empty, invalid or has expired.";
        return Err(Box::new(refuse(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            message,
        )));
    }
    if !state.permissions.contains(permission) {
        let message = "Insufficient privileges to complete the operation.";
        return Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            message,
        )));
    }
    Ok(())
}
