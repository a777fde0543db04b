//! The companion module: sets and tells chat statuses for whoever knows its secret.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha512};

use super::xml::{self, Call};
use crate::generation::{Credential, Generation, LoginType};
use crate::history::Author;
use crate::state::World;

const SETTABLE: [&str; 3] = ["AVAILABLE", "AWAY", "DO_NOT_DISTURB"];

pub(super) async fn call(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Response {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind.starts_with("text/xml") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be text/xml").into_response();
    }
    if !is_signed_in(&world, query.as_deref().unwrap_or_default()) {
        return (StatusCode::UNAUTHORIZED, "not signed in").into_response();
    }
    (
        [(header::CONTENT_TYPE, "text/xml; charset=utf-8")],
        perform(&world, &body),
    )
        .into_response()
}

/// The query token. From 6.4.2 on: `login:` and the hash of login, an asterisk and the hash of the password, or, where a
/// directory knows the password, login, asterisk and password themselves; from 10 on the access token.
fn is_signed_in(world: &World, query: &str) -> bool {
    let parameter = |wanted: &str| {
        let mut all = url::form_urlencoded::parse(query.as_bytes());
        all.find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    world.change(|state| {
        let (login, password) = &state.service;
        let expected = match state.generation {
            Generation::Ten(_) => {
                let token = parameter("de.vertico.starface.jwt");
                return token.is_some_and(|token| state.is_session(&token));
            }
            Generation::Nine(LoginType::Internal) => {
                let inner = hex::encode(Sha512::digest(password.as_bytes()));
                let outer = hex::encode(Sha512::digest(format!("{login}*{inner}").as_bytes()));
                format!("{login}:{outer}")
            }
            Generation::Nine(LoginType::ActiveDirectory) => STANDARD.encode(format!("{login}*{password}")),
        };
        let right = parameter("de.vertico.starface.auth").is_some_and(|token| token == expected);
        if !right {
            state.wrong(Credential::Password);
        }
        right
    })
}

fn perform(world: &World, body: &str) -> String {
    let Some(call) = Call::parse(body) else {
        return xml::fault(-32_700, "parse error: not well formed");
    };
    let entry = call
        .method
        .strip_prefix(&world.fixed.module)
        .and_then(|rest| rest.strip_prefix('.'));
    match entry {
        Some("setChatPresence") => set(world, &call),
        Some("getChatPresence") => get(world, &call),
        _ => xml::fault(0, &format!("no such handler: {}", call.method)),
    }
}

fn set(world: &World, call: &Call) -> String {
    let failed = |error: &str| xml::answer(false, &[("PREVIOUS", ""), ("ERROR", error)]);
    if call.text("SHARED_SECRET") != Some(&world.fixed.module_secret) {
        return failed("wrong secret");
    }
    let (Some(user), Some(status), Some(_)) = (
        call.number("ACCOUNT_ID"),
        call.text("CHAT_PRESENCE"),
        call.text("MESSAGE"),
    ) else {
        return failed("ACCOUNT_ID, CHAT_PRESENCE or MESSAGE is missing or of another type");
    };
    if !SETTABLE.contains(&status) {
        return failed("unknown chat presence");
    }
    let at = world.since_start();
    match world.change(|state| state.set_chat(at, user, status, Author::Program)) {
        Some(previous) => xml::answer(true, &[("PREVIOUS", &previous), ("ERROR", "")]),
        None => failed("unknown account"),
    }
}

fn get(world: &World, call: &Call) -> String {
    let failed = |error: &str| xml::answer(false, &[("PRESENCES", ""), ("ERROR", error)]);
    if call.text("SHARED_SECRET") != Some(&world.fixed.module_secret) {
        return failed("wrong secret");
    }
    let Some(ids) = call.text("ACCOUNT_IDS") else {
        return failed("ACCOUNT_IDS is missing or of another type");
    };
    let state = world.state();
    let told = ids.split(',').filter_map(|id| {
        let user = state.users.get(&id.trim().parse().ok()?)?;
        Some(format!("{}={}", user.id, user.chat))
    });
    let presences = told.collect::<Vec<_>>().join(",");
    xml::answer(true, &[("PRESENCES", &presences), ("ERROR", "")])
}
