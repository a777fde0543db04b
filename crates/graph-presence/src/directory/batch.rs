//! The envelope of `$batch`: up to twenty requests in one, each answered on its own.

use std::collections::HashMap;

use http::StatusCode;
use serde::{Serialize, de::MapAccess};
use serde_json::Value;

use super::user::Page;
use crate::{
    exchange::CLIENT_REQUEST_ID,
    json::{List, Members, Object, Scalar, skip},
};

/// The most requests in one batch, by Microsoft's page
/// [JSON batching](https://learn.microsoft.com/graph/json-batching).
pub(super) const MOST_REQUESTS: usize = 20;

/// What is sent.
#[derive(Serialize)]
pub(super) struct Batch<'a> {
    requests: Vec<Request<'a>>,
}

#[derive(Serialize)]
struct Request<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
    headers: HashMap<&'static str, String>,
}

impl<'a> Batch<'a> {
    /// Requests with the ids that their answers come back with.
    pub(super) fn new(lookups: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let request = |(id, url): (usize, _)| Request {
            id: id.to_string(),
            method: "GET",
            url,
            headers: HashMap::from([(CLIENT_REQUEST_ID, uuid::Uuid::new_v4().to_string())]),
        };
        Self {
            requests: lookups.map(request).collect(),
        }
    }
}

/// What comes back, in any order.
#[derive(Default)]
pub(super) struct Responses<'a> {
    pub(super) responses: List<Object<Response<'a>>>,
}

impl<'de: 'a, 'a> Members<'de> for Responses<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "responses" => self.responses = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The answer to one request.
#[derive(Default)]
pub(super) struct Response<'a> {
    id: Scalar<'a>,
    status: Scalar<'a>,
    pub(super) headers: Value,
    pub(super) body: Object<Inner<'a>>,
}

impl Response<'_> {
    pub(super) fn id(&self) -> Option<usize> {
        match &self.id {
            Scalar::Text(id) => id.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> Option<StatusCode> {
        match &self.status {
            Scalar::Number(status) => StatusCode::from_u16(u16::try_from(*status).ok()?).ok(),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Members<'de> for Response<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value()?,
            "status" => self.status = map.next_value()?,
            "headers" => self.headers = map.next_value()?,
            "body" => self.body = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// An inner body: a page or an error, which only the status tells apart, and that may stand after it.
#[derive(Default)]
pub(super) struct Inner<'a> {
    pub(super) page: Page<'a>,
    pub(super) error: Option<Value>,
}

impl<'de: 'a, 'a> Members<'de> for Inner<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "error" => self.error = Some(map.next_value()?),
            _ => self.page.member(name, map)?,
        }
        Ok(())
    }
}
