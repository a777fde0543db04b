//! Entra's token endpoint: one address for every way to sign in.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{assertion, authorize, device};
use crate::state::{World, now};

/// The fields of a posted form.
pub(super) struct Form {
    fields: HashMap<String, String>,
    /// The host that it was posted to.
    pub(super) host: String,
}

/// Entra's error: status, OAuth error, AADSTS number, text.
pub(super) type Refused = (StatusCode, &'static str, u32, &'static str);

impl Form {
    /// Reads a form for our tenant and our app.
    pub(super) fn read(
        world: &World,
        tenant: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Refused> {
        let header = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        if !header(header::CONTENT_TYPE).starts_with("application/x-www-form-urlencoded") {
            return Err(bad("invalid_request", 900_144, "the body must be a form"));
        }
        if tenant != world.fixed.tenant {
            return Err(bad("invalid_request", 90_002, "tenant not found"));
        }
        let form = Self {
            fields: url::form_urlencoded::parse(body).into_owned().collect(),
            host: header(header::HOST).to_owned(),
        };
        if form.field("client_id") != world.fixed.client {
            let text = "application not found in the directory";
            return Err(bad("unauthorized_client", 700_016, text));
        }
        Ok(form)
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }
}

pub(super) async fn token(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = Form::read(&world, &tenant, &headers, &body).and_then(|form| {
        if let Some(number) = world.state().sign_ins.refusal {
            return Err(on_demand(number));
        }
        match form.field("grant_type") {
            "client_credentials" => of_the_app(&world, &form),
            "authorization_code" => authorize::redeem(&world, &form),
            "urn:ietf:params:oauth:grant-type:device_code" => device::redeem(&world, &form),
            "refresh_token" => refresh(&world, &form),
            _ => Err(bad(
                "unsupported_grant_type",
                70_003,
                "the grant type is not supported",
            )),
        }
    });
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(refused) => refuse(refused),
    }
}

/// The app signs in as itself, with its secret or its certificate.
fn of_the_app(world: &World, form: &Form) -> Result<Value, Refused> {
    if form.field("scope") != format!("http://{}/.default", form.host) {
        let text = "the scope must be that of this host's Graph";
        return Err(bad("invalid_scope", 70_011, text));
    }
    match (form.has("client_secret"), form.has("client_assertion")) {
        (true, false) if form.field("client_secret") == world.fixed.secret => {}
        (true, false) => {
            let text = "invalid client secret provided";
            return Err((StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215, text));
        }
        (false, true) => assertion::check(world, form)?,
        (false, false) => return Err(demands_a_secret()),
        (true, true) => {
            let text = "either a secret or an assertion, not both";
            return Err(bad("invalid_request", 90_023, text));
        }
    }
    Ok(granted(world, "roles"))
}

/// Somebody signed in earlier. The old token goes on working, and the answer brings a new one.
///
/// <https://learn.microsoft.com/entra/identity-platform/refresh-tokens>
fn refresh(world: &World, form: &Form) -> Result<Value, Refused> {
    public_client(world, form)?;
    delegated_scope(form)?;
    let used = form.field("refresh_token").to_owned();
    world
        .change(|state| {
            state.sign_ins.refreshed.push(used.clone());
            match state.sign_ins.refresh_tokens.get(&used) {
                Some(true) => Ok(()),
                Some(false) => Err(state.sign_ins.ended_by),
                None => Err(9_002_313),
            }
        })
        .map_err(on_demand)?;
    Ok(granted_to_somebody(world, form))
}

/// A public client proves nothing but what somebody's sign-in gave it.
pub(super) fn public_client(world: &World, form: &Form) -> Result<(), Refused> {
    if form.has("client_secret") || form.has("client_assertion") {
        let text = "public clients can't send a client secret";
        return Err((StatusCode::UNAUTHORIZED, "invalid_client", 700_025, text));
    }
    if world.state().sign_ins.public {
        Ok(())
    } else {
        Err(demands_a_secret())
    }
}

/// The least that presence needs, and a token for the next time: anything more is refused.
pub(super) fn delegated_scope(form: &Form) -> Result<(), Refused> {
    let mut scopes: Vec<&str> = form.field("scope").split(' ').collect();
    scopes.sort_unstable();
    let permission = |name: &str| format!("http://{}/{name}", form.host);
    let wanted = [
        permission("Presence.Read.All"),
        permission("User.Read.All"),
        "offline_access".to_owned(),
    ];
    if scopes == wanted {
        return Ok(());
    }
    let text = "the sandbox grants Presence.Read.All, User.Read.All and offline_access, no more and no less";
    Err(bad("invalid_scope", 70_011, text))
}

/// `claim` is where the token says what it permits: `roles` of an app, `scp` of somebody who signed in.
///
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>
fn granted(world: &World, claim: &str) -> Value {
    let life = world.fixed.entra_token_life;
    let token = world.change(|state| {
        let permissions: Vec<&str> = state.permissions.iter().map(String::as_str).collect();
        let permissions = match claim {
            "scp" => json!(permissions.join(" ")),
            _ => json!(permissions),
        };
        let claims = json!({ claim: permissions }).to_string();
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let header = part(r#"{"alg":"RS256","typ":"JWT"}"#);
        // Nobody but Graph may check the signature, and the sandbox's Graph knows its tokens.
        let token = format!("{header}.{}.{}", part(&claims), part(&state.issue("entra")));
        state.entra_tokens.insert(token.clone(), now() + life);
        token
    });
    json!({
        "token_type": "Bearer",
        "expires_in": life.as_secs(),
        "ext_expires_in": life.as_secs(),
        "access_token": token,
    })
}

pub(super) fn granted_to_somebody(world: &World, form: &Form) -> Value {
    let mut answer = granted(world, "scp");
    let access = answer["access_token"].as_str().unwrap_or_default().to_owned();
    let refresh = world.change(|state| {
        state.sign_ins.access_tokens.insert(access);
        let token = state.issue("refresh");
        state.sign_ins.refresh_tokens.insert(token.clone(), true);
        token
    });
    let permission = |name: &str| format!("http://{}/{name}", form.host);
    answer["scope"] = json!(format!(
        "{} {}",
        permission("Presence.Read.All"),
        permission("User.Read.All")
    ));
    answer["refresh_token"] = json!(refresh);
    answer
}

/// Entra's errors by their numbers, for tests that want one.
fn on_demand(number: u32) -> Refused {
    let text = "as the sandbox was told";
    match number {
        7_000_215 | 7_000_222 | 7_000_218 | 700_027 => {
            (StatusCode::UNAUTHORIZED, "invalid_client", number, text)
        }
        700_016 | 7_000_112 => bad("unauthorized_client", number, text),
        90_002 | 900_382 | 9_001_023 => bad("invalid_request", number, text),
        90_033 => (
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            number,
            text,
        ),
        50_158 | 50_097 => bad("interaction_required", number, text),
        _ => bad("invalid_grant", number, text),
    }
}

pub(super) fn bad(error: &'static str, number: u32, text: &'static str) -> Refused {
    (StatusCode::BAD_REQUEST, error, number, text)
}

fn demands_a_secret() -> Refused {
    let text = "the request body must contain 'client_assertion' or 'client_secret'";
    (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_218, text)
}

pub(super) fn refuse((status, error, number, text): Refused) -> Response {
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text}."),
        "error_codes": [number],
        "timestamp": "2026-11-23 09:00:00Z",
        "trace_id": "00000000-0000-0000-0000-000000000001",
        "correlation_id": "00000000-0000-0000-0000-000000000002",
    });
    (status, Json(body)).into_response()
}
