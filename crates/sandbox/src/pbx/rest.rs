//! Users and groups over REST, read only.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::{admit, refuse};
use crate::generation::Generation;
use crate::state::{Group, PbxUser, State as Known, World};

pub(super) async fn users(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    let users: Vec<PbxUser> = world.state().users.values().cloned().collect();
    Json(users.iter().map(shown).collect::<Vec<_>>()).into_response()
}

pub(super) async fn me(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    let state = world.state();
    let (login, _) = &state.service;
    let me = PbxUser {
        id: 1,
        login: login.clone(),
        first_name: "Service".to_owned(),
        family_name: "User".to_owned(),
        email: "service@pbx.example".to_owned(),
        dnd: false,
        chat: "UNAVAILABLE".to_owned(),
        phone: serde_json::Map::new(),
    };
    Json(shown(&me)).into_response()
}

pub(super) async fn user(
    State(world): State<Arc<World>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    match world.state().users.get(&id) {
        Some(user) => Json(shown(user)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such user"),
    }
}

fn shown(user: &PbxUser) -> Value {
    json!({
        "id": user.id,
        "login": user.login,
        "firstName": user.first_name,
        "familyName": user.family_name,
        "email": user.email,
        "language": "de",
        "namespace": "pbx",
        "personId": format!("00000000-0000-4000-8000-{:012}", user.id),
        "missedCallReport": false,
        "faxCoverPage": false,
        "faxEmailJournal": false,
        "faxCallerId": "",
        "faxHeader": "",
    })
}

pub(super) async fn groups(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    let listed = |group: &Group| {
        json!({
            "id": group.id,
            "groupname": group.name,
            "groupexternalnumber": "",
            "groupinternalnumber": (group.id % 1_000).to_string(),
        })
    };
    let groups: Vec<Value> = world.state().groups.values().map(listed).collect();
    Json(groups).into_response()
}

pub(super) async fn group(
    State(world): State<Arc<World>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admit(&world, &headers) {
        return *refusal;
    }
    let state = world.state();
    match state.groups.get(&id) {
        Some(group) => Json(detailed(&state, group)).into_response(),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "no such group"),
    }
}

/// Everybody who could be a member, with a mark at those who are. Who is logged in to the group is not shown.
fn detailed(state: &Known, group: &Group) -> Value {
    let assignable = |user: &PbxUser| {
        json!({
            "id": user.id,
            "firstname": user.first_name,
            "lastname": user.family_name,
            "assigned": group.members.contains_key(&user.id),
        })
    };
    json!({
        "id": group.id,
        "name": group.name,
        "groupId": (group.id % 1_000).to_string(),
        "chatGroup": false,
        "voicemail": false,
        "assignableUsers": state.users.values().map(assignable).collect::<Vec<_>>(),
        "assignableNumbers": [],
    })
}

pub(super) async fn version(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    match admit(&world, &headers) {
        Ok(()) => {
            let version = match world.state().generation {
                Generation::Nine(_) => "9.0.2.7",
                Generation::Ten(_) => "10.0.2.6",
            };
            Json(json!({ "version": version })).into_response()
        }
        Err(refusal) => *refusal,
    }
}
