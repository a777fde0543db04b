//! Signing in by device code: the code, and what becomes of it.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::entra::{Form, Refused, bad, delegated_scope, granted_to_somebody, public_client, refuse};
use crate::state::{World, now};

/// A code that was given out.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) user_code: String,
    /// What whoever entered the code said.
    pub(crate) agreed: Option<bool>,
    until: Instant,
    asked: Option<Instant>,
}

pub(super) async fn code(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&world, &tenant, &headers, &body).and_then(|form| {
        delegated_scope(&form)?;
        Ok(form)
    });
    let form = match form {
        Ok(form) => form,
        Err(refused) => return refuse(refused),
    };
    let (interval, life) = world.fixed.device_code;
    let (user_code, device_code) = world.change(|state| {
        let device_code = state.issue("device");
        let user_code = format!("SBX{:06}", crate::random::mix(state.issued) % 1_000_000);
        let device = Device {
            user_code: user_code.clone(),
            agreed: None,
            until: now() + life,
            asked: None,
        };
        state.sign_ins.devices.insert(device_code.clone(), device);
        (user_code, device_code)
    });
    let link = format!("http://{}/devicelogin", form.host);
    let answer = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": link,
        "expires_in": life.as_secs(),
        "interval": interval.as_secs(),
        "message": format!("Open {link} and enter the code {user_code} to sign in."),
    });
    Json(answer).into_response()
}

/// What becomes of a code: first what the sandbox was told to say, then what the person said.
pub(super) fn redeem(world: &World, form: &Form) -> Result<Value, Refused> {
    public_client(world, form)?;
    let interval = world.fixed.device_code.0;
    let agreed = world.change(|state| {
        let scripted = state.sign_ins.device_script.pop_front();
        let Some(device) = state.sign_ins.devices.get_mut(form.field("device_code")) else {
            return Err(bad(
                "bad_verification_code",
                70_018,
                "the device code is not known",
            ));
        };
        let (at, before) = (now(), device.asked.replace(now()));
        // Whoever asks earlier than told is told so; a little earlier is the clock's fault.
        let early = before.is_some_and(|before| at < before + interval.mul_f64(0.8));
        match (scripted.as_deref(), device.agreed) {
            (Some("slow_down"), _) => Err(bad("slow_down", 0, "polling too fast")),
            (Some("expired_token"), _) => Err(bad("expired_token", 70_020, "the code has expired")),
            (Some("authorization_declined"), _) | (None, Some(false)) => {
                Err(bad("authorization_declined", 70_017, "the user declined"))
            }
            _ if at >= device.until => Err(bad("expired_token", 70_020, "the code has expired")),
            _ if early => Err(bad("slow_down", 0, "polling too fast")),
            (Some(_), _) | (None, None) => {
                Err(bad("authorization_pending", 70_016, "nobody has signed in yet"))
            }
            (None, Some(true)) => Ok(true),
        }
    });
    agreed?;
    world.change(|state| state.sign_ins.devices.remove(form.field("device_code")));
    Ok(granted_to_somebody(world, form))
}
