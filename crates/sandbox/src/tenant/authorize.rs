//! Signing in by browser: the page that a person would see, answered like a person, and the code that comes of it.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;

use super::entra::{Form, Refused, bad, granted_to_somebody, public_client};
use crate::state::{World, now};

/// A code is redeemed at once, or not at all.
const LIFE: Duration = Duration::from_secs(60);

/// A code that was given out and not redeemed yet.
#[derive(Debug)]
pub(crate) struct Code {
    challenge: String,
    redirect: String,
    until: Instant,
}

pub(super) async fn page(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    headers: axum::http::HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let stop = |text: &str| (StatusCode::BAD_REQUEST, Html(text.to_owned())).into_response();
    if tenant != world.fixed.tenant {
        return stop("AADSTS90002: tenant not found.");
    }
    if field("client_id") != world.fixed.client {
        return stop("AADSTS700016: application not found in the directory.");
    }
    let Some(mut redirect) = Url::parse(field("redirect_uri")).ok().filter(is_registered) else {
        return stop("AADSTS50011: the redirect URI is not registered.");
    };
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let permission = |name: &str| format!("http://{host}/{name}");
    let scope = format!(
        "{} {} offline_access",
        permission("Presence.Read.All"),
        permission("User.Read.All")
    );
    let wrong = if field("response_type") != "code" || field("response_mode") != "query" {
        Some("AADSTS900144: code and query are what the sandbox speaks")
    } else if field("code_challenge_method") != "S256" || field("code_challenge").len() != 43 {
        Some("AADSTS9002325: proof key for code exchange is required")
    } else if field("scope") != scope {
        Some("AADSTS70011: the sandbox grants the least that presence needs")
    } else {
        None
    };
    let answer = match (wrong, world.state().sign_ins.agrees) {
        (Some(text), _) => Err(("invalid_request", text)),
        (None, false) => Err((
            "access_denied",
            "AADSTS65004: user declined to consent to access the app",
        )),
        (None, true) => Ok(()),
    };
    match answer {
        Ok(()) => {
            let code = Code {
                challenge: field("code_challenge").to_owned(),
                redirect: field("redirect_uri").to_owned(),
                until: now() + LIFE,
            };
            let name = world.change(|state| {
                let name = state.issue("code");
                state.sign_ins.codes.insert(name.clone(), code);
                name
            });
            redirect.query_pairs_mut().append_pair("code", &name);
        }
        Err((error, text)) => {
            redirect
                .query_pairs_mut()
                .append_pair("error", error)
                .append_pair("error_description", text);
        }
    }
    redirect.query_pairs_mut().append_pair("state", field("state"));
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// The app has `http://localhost` registered, of which the port does not count.
///
/// <https://learn.microsoft.com/entra/identity-platform/reply-url>
fn is_registered(redirect: &Url) -> bool {
    redirect.scheme() == "http"
        && redirect.host_str() == Some("localhost")
        && redirect.path() == "/"
        && redirect.query().is_none()
}

/// The code, redeemed by whoever knows what its challenge was made from.
pub(super) fn redeem(world: &World, form: &Form) -> Result<Value, Refused> {
    public_client(world, form)?;
    let code = world.change(|state| state.sign_ins.codes.remove(form.field("code")));
    let Some(code) = code.filter(|code| now() < code.until) else {
        return Err(bad(
            "invalid_grant",
            70_008,
            "the code has expired or was redeemed before",
        ));
    };
    if code.redirect != form.field("redirect_uri") {
        return Err(bad(
            "invalid_grant",
            500_112,
            "the redirect address is not that of the code",
        ));
    }
    let hash = digest::digest(&digest::SHA256, form.field("code_verifier").as_bytes());
    if code.challenge != URL_SAFE_NO_PAD.encode(hash) {
        return Err(bad(
            "invalid_grant",
            501_481,
            "the verifier does not match the challenge",
        ));
    }
    Ok(granted_to_somebody(world, form))
}
