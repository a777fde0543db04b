//! Entra's token endpoint for an app that signs in with its secret.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::state::{World, now};

pub(super) async fn token(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !form.starts_with("application/x-www-form-urlencoded") {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            900_144,
            "the body must be a form",
        );
    }
    let fields: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if tenant != world.fixed.tenant {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            90_002,
            "tenant not found",
        );
    }
    if field("grant_type") != "client_credentials" {
        return refuse(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            70_003,
            "the grant type is not supported",
        );
    }
    if field("client_id") != world.fixed.client {
        return refuse(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            700_016,
            "application not found in the directory",
        );
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if field("scope") != format!("http://{host}/.default") {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            70_011,
            "the scope must be that of this host's Graph",
        );
    }
    if field("client_secret") != world.fixed.secret {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            7_000_215,
            "invalid client secret provided",
        );
    }
    let life = world.fixed.entra_token_life;
    let token = world.change(|state| {
        let token = state.issue("entra");
        state.entra_tokens.insert(token.clone(), now() + life);
        token
    });
    let answer = json!({
        "token_type": "Bearer",
        "expires_in": life.as_secs(),
        "ext_expires_in": life.as_secs(),
        "access_token": token,
    });
    Json(answer).into_response()
}

fn refuse(status: StatusCode, error: &str, number: u32, text: &str) -> Response {
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text}."),
        "error_codes": [number],
        "timestamp": "2026-11-23 09:00:00Z",
        "trace_id": "00000000-0000-0000-0000-000000000001",
        "correlation_id": "00000000-0000-0000-0000-000000000002",
    });
    (status, Json(body)).into_response()
}
