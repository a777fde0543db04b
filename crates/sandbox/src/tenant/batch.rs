//! `$batch`: up to twenty requests in one, each answered on its own.
//!
//! <https://learn.microsoft.com/graph/json-batching>

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::users::page;
use super::{admit, refuse};
use crate::state::World;

const MOST: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    id: String,
    method: String,
    url: String,
}

pub(super) async fn batch(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = admit(&world, &headers, "User.Read.All") {
        return *refusal;
    }
    let Ok(Batch { requests }) = serde_json::from_slice(&body) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "the body must be an object with `requests`",
        );
    };
    let ids: BTreeSet<&str> = requests.iter().map(|inner| inner.id.as_str()).collect();
    if requests.is_empty() || requests.len() > MOST || ids.len() != requests.len() {
        let message = "Number of batch request steps exceeds the maximum value of 20, or ids are not unique.";
        return refuse(StatusCode::BAD_REQUEST, "BadRequest", message);
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // The order of the answers is not that of the requests.
    let responses: Vec<Value> = requests
        .iter()
        .rev()
        .map(|inner| answer(&world, inner, host))
        .collect();
    Json(json!({ "responses": responses })).into_response()
}

fn answer(world: &World, inner: &Inner, host: &str) -> Value {
    let headers = json!({ "Content-Type": "application/json" });
    let query = inner
        .url
        .trim_start_matches('/')
        .strip_prefix("users?")
        .filter(|_| inner.method == "GET");
    let result = match query {
        Some(query) => page(world, query, host),
        None => Err((
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            format!("nothing is at `{}`", inner.url),
        )),
    };
    match result {
        Ok(body) => json!({ "id": inner.id, "status": 200, "headers": headers, "body": body }),
        Err((status, code, message)) => {
            let body = json!({ "error": { "code": code, "message": message } });
            json!({ "id": inner.id, "status": status.as_u16(), "headers": headers, "body": body })
        }
    }
}
