//! The arguments in the query of an address.

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::refusal::failure;

/// The arguments of a request. Those that are not good are refused in the common form.
pub(super) struct Arguments<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Arguments<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(arguments)) => Ok(Self(arguments)),
            Err(rejection) => Err(failure(StatusCode::BAD_REQUEST, rejection.body_text(), None)),
        }
    }
}
