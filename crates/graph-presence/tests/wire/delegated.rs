//! Reading as somebody who signed in once.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use graph_presence::{
    ClientId, Delegated, Fault, RefreshTokens, RememberError, Remembered, SignInError, TenantId, TokenSource,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    CLIENT, TENANT, TOKEN_PATH, Tenant, chain, delegated_scope, form, http, is_posted_form, ok, sample,
};

/// A memory of one token, which can be told to fail.
#[derive(Default)]
struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    held: Option<(String, u64)>,
    read_fails: bool,
    store_fails: bool,
}

impl Memory {
    fn of(token: &str) -> Arc<Self> {
        let memory = Self::default();
        memory.put(token);
        Arc::new(memory)
    }

    /// Somebody signs in, here or in another process.
    fn put(&self, token: &str) {
        let mut state = self.0.lock().unwrap();
        let number = state.held.as_ref().map_or(1, |(_, number)| number + 1);
        state.held = Some((token.to_owned(), number));
    }

    fn token(&self) -> Option<String> {
        self.0.lock().unwrap().held.clone().map(|(token, _)| token)
    }

    fn fails(&self, read: bool, store: bool) {
        let mut state = self.0.lock().unwrap();
        (state.read_fails, state.store_fails) = (read, store);
    }
}

fn failure() -> RememberError {
    RememberError::new(
        io::Error::other("the disk is full"),
        Some("Make room.".to_owned()),
    )
}

#[async_trait]
impl RefreshTokens for Memory {
    async fn current(&self) -> Result<Option<Remembered>, RememberError> {
        let state = self.0.lock().unwrap();
        if state.read_fails {
            return Err(failure());
        }
        let held = state.held.clone();
        Ok(held.map(|(token, number)| Remembered {
            token: token.into(),
            number,
        }))
    }

    async fn replace(&self, number: Option<u64>, token: &SecretString) -> Result<bool, RememberError> {
        let mut state = self.0.lock().unwrap();
        if state.store_fails {
            return Err(failure());
        }
        let held = state.held.as_ref().map(|(_, number)| *number);
        if held != number {
            return Ok(false);
        }
        state.held = Some((token.expose_secret().to_owned(), held.unwrap_or_default() + 1));
        Ok(true)
    }
}

fn tokens(tenant: &Tenant, memory: &Arc<Memory>) -> Delegated {
    let (name, client) = (TenantId::new(TENANT).unwrap(), ClientId::new(CLIENT).unwrap());
    Delegated::new(http(), &tenant.cloud(), &name, &client, Arc::clone(memory) as _)
}

/// Entra as it is: each refresh token is answered with `TOKEN+`, and goes on working.
async fn rotating() -> Tenant {
    let tenant = Tenant::bare().await;
    tenant
        .on("POST", TOKEN_PATH, |request| {
            granted(&format!("{}+", sent(request)))
        })
        .await;
    tenant
}

fn sent(request: &Request) -> String {
    form(request)["refresh_token"].clone()
}

fn granted(refresh: &str) -> ResponseTemplate {
    ok(&json!({
        "token_type": "Bearer",
        "scope": "Presence.Read.All User.Read.All",
        "expires_in": 4533,
        "access_token": format!("SAMPLE-access-for-{refresh}"),
        "refresh_token": refresh,
    }))
}

async fn all_sent(tenant: &Tenant) -> Vec<String> {
    tenant.calls(TOKEN_PATH).await.iter().map(sent).collect()
}

#[tokio::test]
async fn the_request_is_the_documented_grant_and_its_answer_brings_the_next_token() {
    let tenant = Tenant::bare().await;
    tenant
        .on("POST", TOKEN_PATH, |_| {
            sample(200, include_str!("../samples/entra-token-refresh-response.json"))
        })
        .await;
    let memory = Memory::of("SAMPLE-refresh-token-1");
    tokens(&tenant, &memory).token().await.unwrap();

    let calls = tenant.calls(TOKEN_PATH).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    is_posted_form(call);
    let scope = delegated_scope(&tenant.uri());
    let expected = [
        ("client_id", CLIENT),
        ("grant_type", "refresh_token"),
        ("refresh_token", "SAMPLE-refresh-token-1"),
        ("scope", &scope),
    ];
    let expected: BTreeMap<String, String> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(form(call), expected);
    assert_eq!(memory.token().as_deref(), Some("SAMPLE-refresh-token-2"));
}

#[tokio::test]
async fn each_token_is_used_once_and_the_next_one_is_remembered_first() {
    let tenant = rotating().await;
    let memory = Memory::of("t");
    let tokens = tokens(&tenant, &memory);
    let first = tokens.token().await.unwrap();
    assert_eq!(memory.token().as_deref(), Some("t+"));
    tokens.renew(&first).await.unwrap();
    assert_eq!(all_sent(&tenant).await, ["t", "t+"]);
    assert_eq!(memory.token().as_deref(), Some("t++"));
}

#[tokio::test]
async fn an_answer_without_a_new_token_leaves_the_old_one() {
    let tenant = Tenant::start().await;
    let memory = Memory::of("t");
    tokens(&tenant, &memory).token().await.unwrap();
    assert_eq!(memory.token().as_deref(), Some("t"));
}

#[tokio::test]
async fn where_nobody_has_signed_in_nothing_is_sent_until_somebody_does() {
    let tenant = rotating().await;
    let memory = Arc::new(Memory::default());
    let tokens = tokens(&tenant, &memory);
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, SignInError::NobodySignedIn), "{error:?}");
    assert_eq!(
        (error.fault(), tenant.count(TOKEN_PATH).await),
        (Fault::NobodySignedIn, 0)
    );
    memory.put("t");
    tokens.token().await.unwrap();
}

#[tokio::test]
async fn a_refused_token_stays_remembered_and_is_not_sent_again() {
    let tenant = Tenant::bare().await;
    let refusal = sample(400, include_str!("../samples/entra-error-aadsts50076.json"));
    tenant.on("POST", TOKEN_PATH, move |_| refusal.clone()).await;
    let memory = Memory::of("SAMPLE-t");
    let error = tokens(&tenant, &memory).token().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Credentials);
    assert_eq!(memory.token().as_deref(), Some("SAMPLE-t"));
    assert_eq!(tenant.count(TOKEN_PATH).await, 1);
    assert!(!format!("{error:?}{}", chain(&error)).contains("SAMPLE-t"));
}

#[tokio::test]
async fn after_a_refusal_the_token_of_whoever_signed_in_meanwhile_is_taken() {
    let tenant = Tenant::bare().await;
    let memory = Memory::of("old");
    let elsewhere = Arc::clone(&memory);
    let answer = move |request: &Request| {
        if sent(request) == "old" {
            elsewhere.put("new");
            return sample(400, include_str!("../samples/entra-error-aadsts50076.json"));
        }
        granted("next")
    };
    tenant.on("POST", TOKEN_PATH, answer).await;
    tokens(&tenant, &memory).token().await.unwrap();
    assert_eq!(all_sent(&tenant).await, ["old", "new"]);
    assert_eq!(memory.token().as_deref(), Some("next"));
}

#[tokio::test]
async fn a_token_that_somebody_else_remembered_meanwhile_is_not_overwritten() {
    let tenant = Tenant::bare().await;
    let memory = Memory::of("old");
    let elsewhere = Arc::clone(&memory);
    let answer = move |request: &Request| {
        if sent(request) == "old" {
            elsewhere.put("of a new sign-in");
        }
        granted("rotated")
    };
    tenant.on("POST", TOKEN_PATH, answer).await;
    let tokens = tokens(&tenant, &memory);
    let first = tokens.token().await.unwrap();
    assert_eq!(memory.token().as_deref(), Some("of a new sign-in"));
    tokens.renew(&first).await.unwrap();
    assert_eq!(all_sent(&tenant).await, ["old", "of a new sign-in"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_stored_is_used_and_stored_as_soon_as_that_is_possible() {
    let tenant = rotating().await;
    let memory = Memory::of("t");
    memory.fails(false, true);
    let tokens = tokens(&tenant, &memory);
    let first = tokens.token().await.expect("the access token is good");
    let second = tokens.renew(&first).await.unwrap();
    assert_eq!(
        memory.token().as_deref(),
        Some("t"),
        "the old one is there for whoever starts anew"
    );
    memory.fails(false, false);
    tokens.renew(&second).await.unwrap();
    assert_eq!(all_sent(&tenant).await, ["t", "t+", "t++"]);
    assert_eq!(memory.token().as_deref(), Some("t+++"));
}

#[tokio::test]
async fn a_crash_before_the_new_token_was_stored_costs_no_sign_in() {
    let tenant = rotating().await;
    let memory = Memory::of("t");
    memory.fails(false, true);
    tokens(&tenant, &memory).token().await.unwrap();
    // The process is gone, and with it what it could not store.
    memory.fails(false, false);
    tokens(&tenant, &memory).token().await.unwrap();
    assert_eq!(all_sent(&tenant).await, ["t", "t"]);
}

#[tokio::test]
async fn a_memory_that_cannot_be_read_is_neither_microsofts_nor_the_credentials_fault() {
    let tenant = rotating().await;
    let memory = Memory::of("t");
    memory.fails(true, false);
    let error = tokens(&tenant, &memory).token().await.unwrap_err();
    assert_eq!(
        chain(&error),
        "the earlier sign-in cannot be read: the disk is full"
    );
    assert_eq!(
        (error.fault(), error.advice().as_str()),
        (Fault::Memory, "Make room.")
    );
    assert_eq!(tenant.count(TOKEN_PATH).await, 0);
}
