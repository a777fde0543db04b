//! What an address says. One that no link of ours has gets a page that says so, not a line of English.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::language::Tongue;
use crate::page::Page;
use crate::respond::plain_failure;

/// The variable parts of a path.
#[derive(Clone, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// What follows the question mark.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Page> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, Response> {
        match axum::extract::Path::from_request_parts(parts, page).await {
            Ok(axum::extract::Path(said)) => Ok(Self(said)),
            Err(_) => Err(refusal(parts, page, StatusCode::NOT_FOUND, "error-nowhere")),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<Page> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, Response> {
        match axum::extract::Query::from_request_parts(parts, page).await {
            Ok(axum::extract::Query(said)) => Ok(Self(said)),
            Err(_) => Err(refusal(parts, page, StatusCode::BAD_REQUEST, "error-unclear")),
        }
    }
}

fn refusal(parts: &Parts, page: &Page, status: StatusCode, name: &str) -> Response {
    plain_failure(status, Tongue::of(&parts.headers, page.setting()), name)
}
