//! The nonce login: a template with a nonce, the hash of it with the password, and a token.
//!
//! The formula is that of the vendor's description of `/login`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::{refuse, require_json, require_version};
use crate::generation::{Credential, Generation, LoginType};
use crate::state::{World, now};

pub(super) async fn template(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = require_version(&headers) {
        return *refusal;
    }
    let Some(login_type) = wanted(&world) else {
        return refuse(StatusCode::NOT_FOUND, "not found");
    };
    let nonce = world.change(|state| {
        let nonce = state.issue("nonce");
        state.nonces.insert(nonce.clone());
        nonce
    });
    Json(json!({ "loginType": spelled(login_type), "nonce": nonce })).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignIn {
    login_type: String,
    nonce: String,
    secret: String,
}

pub(super) async fn sign_in(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = require_version(&headers).and_then(|()| require_json(&headers)) {
        return *refusal;
    }
    let invalid = || refuse(StatusCode::BAD_REQUEST, "invalid login");
    let Ok(SignIn {
        login_type,
        nonce,
        secret,
    }) = serde_json::from_slice(&body)
    else {
        return invalid();
    };
    let Some(wanted) = wanted(&world) else {
        return refuse(StatusCode::NOT_FOUND, "not found");
    };
    let life = world.fixed.pbx_token_life;
    let token = world.change(|state| {
        // A nonce serves once, whatever comes of it.
        let issued = state.nonces.remove(&nonce);
        let (login, password) = state.service.clone();
        let right = issued
            && login_type == spelled(wanted)
            && secret == expected_secret(wanted, &login, &nonce, &password);
        if !right {
            state.wrong(Credential::Password);
        }
        right.then(|| {
            let token = state.issue("pbx");
            state.pbx_tokens.insert(token.clone(), now() + life);
            token
        })
    });
    match token {
        Some(token) => Json(json!({ "token": token })).into_response(),
        None => invalid(),
    }
}

fn expected_secret(login_type: LoginType, login: &str, nonce: &str, password: &str) -> String {
    match login_type {
        LoginType::Internal => {
            let inner = hex::encode(Sha512::digest(password.as_bytes()));
            let outer = hex::encode(Sha512::digest(format!("{login}{nonce}{inner}").as_bytes()));
            format!("{login}:{outer}")
        }
        LoginType::ActiveDirectory => STANDARD.encode(format!("{login}{nonce}{password}")),
    }
}

fn spelled(login_type: LoginType) -> &'static str {
    match login_type {
        LoginType::Internal => "Internal",
        LoginType::ActiveDirectory => "ActiveDirectory",
    }
}

/// How this PBX wants the password; `None` where it is of version 10.
fn wanted(world: &World) -> Option<LoginType> {
    match world.state().generation {
        Generation::Nine(login_type) => Some(login_type),
        Generation::Ten(_) => None,
    }
}

pub(super) async fn sign_out(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = require_version(&headers) {
        return *refusal;
    }
    let token = headers
        .get("authtoken")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    world.change(|state| state.pbx_tokens.remove(token));
    StatusCode::NO_CONTENT.into_response()
}
