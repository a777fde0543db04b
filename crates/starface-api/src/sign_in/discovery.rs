//! Finds out without credentials whether a PBX signs in by OAuth, and where.
//!
//! A PBX of version 10 has an OpenID Connect discovery document
//! ([OpenID Connect Discovery 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)); older ones have
//! none. Third parties have seen it redirected to `/auth/realms/pbx/.well-known/openid-configuration`.

use http::{StatusCode, header};
use serde_json::{Map, Value};
use url::Url;

use crate::failure::Failure;
use crate::operation::Operation;
use crate::wire::{Answer, Call, Transport, lower_case_keys};

const DOCUMENT: &str = "/.well-known/openid-configuration";

/// Such documents have a few kilobytes.
const LIMIT: usize = 256 * 1024;

/// One redirect has been seen; a few more do no harm, for nothing secret is sent.
const MOST_REDIRECTS: usize = 3;

/// Where a PBX issues tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenPlace {
    /// A path on the PBX itself. The document's host and scheme do not count: behind a router they are others than
    /// ours, and what a document says must not send the password elsewhere.
    pub(super) path: String,
    pub(super) edge_node: Option<String>,
}

/// Looks for the document; `None` where the PBX has none. It then signs in with a nonce, which its own first call has to
/// prove, again without credentials.
pub(super) async fn token_place(transport: &Transport) -> Result<Option<TokenPlace>, Failure> {
    let mut url = transport.base.join(&[".well-known", "openid-configuration"]);
    for _ in 0..=MOST_REDIRECTS {
        let call = Call::document(Operation::Discovery, url.clone(), LIMIT);
        let answer = transport.send(&call, |request| request).await?;
        if answer.status.is_redirection() {
            match target(&answer, &url) {
                Some(path) => url = transport.base.at(&path),
                // To a sign-in page, for example.
                None => return Ok(None),
            }
            continue;
        }
        return match answer.status {
            StatusCode::OK if is_json(&answer) => read(transport, &answer).map(Some),
            // A page for people: whatever answers every path with one is no version 10.
            StatusCode::OK => Ok(None),
            StatusCode::TOO_MANY_REQUESTS => Err(answer.failure(StatusCode::OK)),
            status if status.is_client_error() => Ok(None),
            // A PBX that is just starting says nothing about its version.
            _ => Err(answer.failure(StatusCode::OK)),
        };
    }
    Err(Failure::Redirected)
}

/// The path that a redirect leads to, where it leads to such a document.
fn target(answer: &Answer, url: &Url) -> Option<String> {
    let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    let target = url.join(location).ok()?;
    target
        .path()
        .ends_with(DOCUMENT)
        .then(|| target.path().to_owned())
}

fn is_json(answer: &Answer) -> bool {
    let kind = answer
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
        || answer.body.trim_ascii_start().starts_with(b"{")
}

fn read(transport: &Transport, answer: &Answer) -> Result<TokenPlace, Failure> {
    let lacks = Failure::Senseless {
        what: "the discovery document names no token endpoint",
    };
    let Value::Object(document) = lower_case_keys(answer.json("a discovery document")?) else {
        return Err(lacks);
    };
    let endpoint = document
        .get("token_endpoint")
        .and_then(Value::as_str)
        .and_then(|text| Url::parse(text).ok())
        .filter(|url| url.path() != "/");
    let Some(endpoint) = endpoint else {
        return Err(lacks);
    };
    let edge_node = edge_node(&document);
    if edge_node.is_some() && !transport.base.is_host_of(&endpoint) {
        let host = endpoint.host_str().unwrap_or_default().to_owned();
        return Err(Failure::SignInElsewhere { host });
    }
    Ok(TokenPlace {
        path: endpoint.path().to_owned(),
        edge_node,
    })
}

fn edge_node(document: &Map<String, Value>) -> Option<String> {
    match document.get("edgenodeid")? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
