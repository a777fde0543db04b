//! The phone configuration: read whole, written whole. A body that lacks a member, or has one of another type, is
//! refused, and so is one that drops or changes what only the PBX knows.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Map, Value};

use super::{admit, refuse, require_json};
use crate::history::Author;
use crate::state::{PbxUser, World};

const DND: &str = "doNotDisturb";
/// The members that the vendor's description knows beside DND.
const KNOWN: [&str; 3] = ["callWaiting", "displayNumberId", "primaryPhoneId"];

pub(super) async fn read(
    State(world): State<Arc<World>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    match world.state().users.get(&id) {
        Some(user) => Json(Value::Object(shown(user))).into_response(),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "no such user"),
    }
}

fn shown(user: &PbxUser) -> Map<String, Value> {
    let mut all = user.phone.clone();
    all.insert(DND.to_owned(), Value::Bool(user.dnd));
    all
}

pub(super) async fn write(
    State(world): State<Arc<World>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = admit(&world, &headers).and_then(|()| require_json(&headers)) {
        return *refusal;
    }
    let bad = |message: &str| refuse(StatusCode::INTERNAL_SERVER_ERROR, message);
    let Ok(Value::Object(sent)) = serde_json::from_slice(&body) else {
        return bad("the body is no object");
    };
    let at = world.since_start();
    let refused = world.change(|state| {
        let Some(user) = state.users.get_mut(&id) else {
            return Some("no such user");
        };
        let Some(&Value::Bool(on)) = sent.get(DND) else {
            return Some("doNotDisturb is missing or no boolean");
        };
        let known = shown(user);
        if known.len() != sent.len() || known.keys().any(|name| !sent.contains_key(name)) {
            return Some("a phone configuration must be sent whole");
        }
        for (name, value) in sent.iter().filter(|(name, _)| *name != DND) {
            let ours = KNOWN.contains(&name.as_str());
            if ours && !same_kind(&known[name], value) {
                return Some("a member has another type");
            }
            if !ours && known[name] != *value {
                return Some("a member that only the PBX knows must come back as it was");
            }
        }
        let others = sent.iter().filter(|(name, _)| *name != DND);
        let changed: Vec<(String, String)> = others
            .clone()
            .filter(|(name, value)| known[*name] != **value)
            .map(|(name, value)| (format!("{name}={}", known[name]), format!("{name}={value}")))
            .collect();
        user.phone = others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        state.note_phone(at, id, changed);
        state.set_dnd(at, id, on, Author::Program);
        None
    });
    match refused {
        Some(message) => bad(message),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn same_kind(before: &Value, after: &Value) -> bool {
    match (before, after) {
        // A number that is not set may be set, and the other way round.
        (Value::Null, Value::Number(_) | Value::Null) | (Value::Number(_), Value::Null) => true,
        _ => std::mem::discriminant(before) == std::mem::discriminant(after),
    }
}
