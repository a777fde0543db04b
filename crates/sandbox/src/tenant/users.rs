//! `GET /users` with `$filter`, `$select` and `$top`.
//!
//! <https://learn.microsoft.com/graph/api/user-list>

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Map, Value, json};

use super::filter::{Filter, Refused};
use super::{admit, refuse};
use crate::state::{Person, World};

const DEFAULT_PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;

pub(super) async fn list(State(world): State<Arc<World>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&world, &headers, "User.Read.All") {
        return *refusal;
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match page(&world, uri.query().unwrap_or_default(), host) {
        Ok(body) => Json(body).into_response(),
        Err((status, code, message)) => refuse(status, code, &message),
    }
}

/// Whoever the token belongs to, which an app's token does to nobody.
///
/// <https://learn.microsoft.com/graph/api/user-get>
pub(super) async fn me(State(world): State<Arc<World>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&world, &headers, "User.Read.All") {
        return *refusal;
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let state = world.state();
    if !token.is_some_and(|token| state.sign_ins.access_tokens.contains(token)) {
        let message = "/me request is only valid with delegated authentication flow.";
        return refuse(StatusCode::BAD_REQUEST, "BadRequest", message);
    }
    if uri.query() != Some("$select=userPrincipalName,displayName") {
        let message = "the sandbox wants the two names selected, and nothing else";
        return refuse(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
    }
    let (principal, name) = &state.sign_ins.account;
    Json(json!({ "userPrincipalName": principal, "displayName": name })).into_response()
}

pub(super) type PageRefusal = (StatusCode, &'static str, String);

/// One page of people for the query of a request, batched or not.
pub(super) fn page(world: &World, query: &str, host: &str) -> Result<Value, PageRefusal> {
    let bad = |message: String| (StatusCode::BAD_REQUEST, "Request_BadRequest", message);
    let fields: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let known = ["$filter", "$select", "$top", "$skiptoken"];
    if let Some(other) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(bad(format!("the query parameter `{other}` is not supported")));
    }
    let filter = match fields.get("$filter").map(|text| Filter::parse(text)).transpose() {
        Ok(filter) => filter,
        Err(Refused::TooMany) => return Err(bad("Too many child clauses specified in search filter expression containing 'OR' operators. Max allowed: 15.".to_owned())),
        Err(Refused::Syntax(at)) => return Err(bad(format!("Invalid filter clause at `{at}`"))),
    };
    let top = match fields.get("$top").map(|text| text.parse::<usize>()) {
        None => DEFAULT_PAGE,
        Some(Ok(top)) if (1..=LARGEST_PAGE).contains(&top) => top,
        Some(_) => {
            return Err(bad(
                "Invalid page size specified. Must be between 1 and 999 inclusive.".to_owned(),
            ));
        }
    };
    let skip: usize = fields
        .get("$skiptoken")
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let select: Vec<&str> = fields
        .get("$select")
        .map(|text| text.split(',').collect())
        .unwrap_or_default();
    let (people, more) = {
        let state = world.state();
        let mut found: Box<dyn Iterator<Item = &Person>> = match &filter {
            Some(filter) => Box::new(
                state
                    .people
                    .carrying(filter.addresses())
                    .filter(|person| filter.finds(person)),
            ),
            None => Box::new(state.people.values()),
        };
        let people: Vec<Person> = found.by_ref().skip(skip).take(top).cloned().collect();
        (people, found.next().is_some())
    };
    let value: Vec<Value> = people.iter().map(|person| shown(person, &select)).collect();
    let mut body = json!({ "value": value });
    if more {
        let mut link = url::form_urlencoded::Serializer::new(String::new());
        for (name, text) in fields.iter().filter(|(name, _)| *name != "$skiptoken") {
            link.append_pair(name, text);
        }
        link.append_pair("$skiptoken", &(skip + top).to_string());
        body["@odata.nextLink"] = json!(format!("http://{host}/v1.0/users?{}", link.finish()));
    }
    Ok(body)
}

/// What the person looks like: `accountEnabled`, `proxyAddresses` and `userType` come only when they are asked for.
fn shown(person: &Person, select: &[&str]) -> Value {
    let all = [
        ("id", json!(person.id)),
        ("displayName", json!(person.name)),
        ("mail", json!(person.mail)),
        ("userPrincipalName", json!(person.principal)),
        ("proxyAddresses", json!(person.proxy_addresses)),
        ("accountEnabled", json!(person.enabled)),
        ("userType", json!(if person.guest { "Guest" } else { "Member" })),
    ];
    let by_default = ["id", "displayName", "mail", "userPrincipalName"];
    let wanted = |name: &str| {
        if select.is_empty() {
            by_default.contains(&name)
        } else {
            select.contains(&name)
        }
    };
    let members: Map<String, Value> = all
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(members)
}
