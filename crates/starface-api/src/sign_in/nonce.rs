//! The nonce login of REST versions up to 9.

use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::authority::{Authority, Grant, RpcAuth, Scheme, WITH_A_PASSWORD};
use super::formulas;
use crate::failure::Failure;
use crate::ids::Login;
use crate::operation::Operation;
use crate::wire::{Answer, Call, Transport, lower_case_keys};

/// A token lives four hours ("REST API", knowledge.starface.de); half an hour of it is kept in reserve.
const FRESH_FOR: Duration = Duration::from_secs(3 * 3600 + 30 * 60);

/// Login answers are small.
const LIMIT: usize = 64 * 1024;

pub(super) struct NonceLogin {
    transport: Transport,
    login: Login,
    password: SecretString,
}

/// How a PBX wants the password.
#[derive(Clone, Copy)]
enum LoginType {
    Internal,
    ActiveDirectory,
}

struct Challenge {
    kind: LoginType,
    /// The login type as the PBX spelled it, which is how it gets it back.
    spelled: String,
    nonce: String,
}

impl NonceLogin {
    pub(super) fn new(transport: Transport, login: Login, password: SecretString) -> Self {
        Self {
            transport,
            login,
            password,
        }
    }

    async fn challenge(&self) -> Result<Challenge, Failure> {
        let call = self.call(Operation::LoginChallenge, Method::GET);
        let answer = self.transport.send(&call, |request| request).await?;
        // Nothing has been presented yet, so nothing can be refused.
        if answer.status != StatusCode::OK {
            return Err(answer.failure(StatusCode::OK));
        }
        let template = members(&answer, "a login template")?;
        let (Some(spelled), Some(nonce)) = (text(&template, "logintype"), text(&template, "nonce")) else {
            return Err(Failure::Senseless {
                what: "the login template lacks its login type or its nonce",
            });
        };
        let kind = LoginType::parse(&spelled).ok_or(Failure::Senseless {
            what: "the login type is neither Internal nor ActiveDirectory",
        })?;
        Ok(Challenge { kind, spelled, nonce })
    }

    async fn respond(&self, challenge: &Challenge) -> Result<SecretString, Failure> {
        let secret = match challenge.kind {
            LoginType::Internal => formulas::rest_internal(&self.login, &self.password, &challenge.nonce),
            LoginType::ActiveDirectory => {
                formulas::rest_active_directory(&self.login, &self.password, &challenge.nonce)
            }
        };
        let body = json!({
            "loginType": challenge.spelled,
            "nonce": challenge.nonce,
            "secret": secret.expose_secret(),
        });
        let call = self
            .call(Operation::Login, Method::POST)
            .json(body.to_string().into_bytes())
            .patient(WITH_A_PASSWORD);
        let answer = self
            .transport
            .send(&call, |request| request)
            .await?
            .without(&secret)
            .without(&self.password);
        let token = members(&accepted(answer)?, "a token")?;
        let token = text(&token, "token").or_else(|| text(&token, "authtoken"));
        match token {
            Some(token) if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(token.into()),
            _ => Err(Failure::Senseless {
                what: "the login was answered without a usable token",
            }),
        }
    }

    fn call(&self, operation: Operation, method: Method) -> Call {
        Call::rest(
            operation,
            method,
            self.transport.base.join(&["rest", "login"]),
            LIMIT,
        )
    }
}

#[async_trait]
impl Authority for NonceLogin {
    async fn issue(&self, _: Option<&Grant>) -> Result<Grant, Failure> {
        let challenge = self.challenge().await?;
        let token = self.respond(&challenge).await?;
        let rpc = match challenge.kind {
            LoginType::Internal => formulas::rpc_internal(&self.login, &self.password),
            LoginType::ActiveDirectory => formulas::rpc_active_directory(&self.login, &self.password),
        };
        Ok(Grant {
            scheme: Scheme::AuthToken,
            token,
            rpc: RpcAuth {
                parameter: "de.vertico.starface.auth",
                value: rpc,
                follows_token: false,
            },
            fresh_for: FRESH_FOR,
            renewal: None,
        })
    }

    async fn revoke(&self, grant: &Grant) -> Result<(), Failure> {
        let call = self.call(Operation::Logout, Method::DELETE);
        let answer = self
            .transport
            .send(&call, |request| grant.sign(request))
            .await?
            .without(&grant.token);
        match answer.status {
            StatusCode::NO_CONTENT => Ok(()),
            _ => Err(answer.failure(StatusCode::NO_CONTENT)),
        }
    }
}

impl LoginType {
    /// The vendor's enumeration says `ActiveDirectory`, its prose `ACTIVE_DIRECTORY`.
    fn parse(spelled: &str) -> Option<Self> {
        match spelled.replace('_', "").to_ascii_lowercase().as_str() {
            "internal" => Some(Self::Internal),
            "activedirectory" => Some(Self::ActiveDirectory),
            _ => None,
        }
    }
}

/// Tells a refusal of the credentials from every other error of the two login calls.
fn accepted(answer: Answer) -> Result<Answer, Failure> {
    match answer.status {
        StatusCode::OK => Ok(answer),
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Failure::CredentialsRefused {
                status: answer.status.as_u16(),
                text: answer.text(),
            })
        }
        _ => Err(answer.failure(StatusCode::OK)),
    }
}

fn members(answer: &Answer, what: &'static str) -> Result<Map<String, Value>, Failure> {
    match lower_case_keys(answer.json(what)?) {
        Value::Object(members) => Ok(members),
        _ => Err(Failure::Json {
            what,
            line: 1,
            column: 0,
        }),
    }
}

fn text(members: &Map<String, Value>, key: &str) -> Option<String> {
    members
        .get(key)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
