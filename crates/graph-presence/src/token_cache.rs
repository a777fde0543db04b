//! A token kept until shortly before it expires, with one request in flight for all callers.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::time::Instant;

use crate::{sign_in::SignInError, token::AccessToken};

/// A token is renewed this long before it expires, or after half of a shorter life.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// A renewal that fails while the old token still lives is tried again after this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A token just granted, and how long it lives.
pub(crate) struct Granted {
    pub(crate) token: AccessToken,
    pub(crate) lifetime: Duration,
}

type Grant = dyn Fn() -> BoxFuture<'static, Result<Granted, SignInError>> + Send + Sync;
type Flight = BoxFuture<'static, Result<AccessToken, SignInError>>;

/// Every way to sign in shares this: it only needs something that fetches a token.
pub(crate) struct TokenCache {
    state: Arc<Mutex<State>>,
    grant: Box<Grant>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    refusal: Option<(SignInError, Instant)>,
    // Weak: when every caller has gone away, so has the request, and the next caller starts a new one.
    flight: Option<WeakShared<Flight>>,
}

struct Held {
    token: AccessToken,
    renew_at: Instant,
    dies_at: Instant,
}

impl TokenCache {
    pub(crate) fn new(
        grant: impl Fn() -> BoxFuture<'static, Result<Granted, SignInError>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            state: Arc::default(),
            grant: Box::new(grant),
        }
    }

    pub(crate) async fn token(&self) -> Result<AccessToken, SignInError> {
        let flight = {
            let mut state = lock(&self.state);
            let now = now();
            if let Some(held) = &state.held
                && now < held.renew_at
            {
                return Ok(held.token.clone());
            }
            if let Some(refusal) = state.standing_refusal(now) {
                return Err(refusal);
            }
            self.join(&mut state)
        };
        match flight.await {
            Ok(token) => Ok(token),
            Err(error) => lock(&self.state).survivor().ok_or(error),
        }
    }

    pub(crate) async fn renew(&self, refused: &AccessToken) -> Result<AccessToken, SignInError> {
        let flight = {
            let mut state = lock(&self.state);
            match &state.held {
                Some(held) if !held.token.is_same(refused) => return Ok(held.token.clone()),
                _ => state.held = None,
            }
            if let Some(refusal) = state.standing_refusal(now()) {
                return Err(refusal);
            }
            self.join(&mut state)
        };
        flight.await
    }

    /// The request in flight, or a new one.
    fn join(&self, state: &mut State) -> Shared<Flight> {
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            return flight;
        }
        let grant = (self.grant)();
        let shared = Arc::clone(&self.state);
        let flight = async move {
            let result = grant.await;
            lock(&shared).land(&result);
            result.map(|granted| granted.token)
        };
        let flight = flight.boxed().shared();
        state.flight = flight.downgrade();
        flight
    }
}

impl State {
    fn land(&mut self, result: &Result<Granted, SignInError>) {
        let now = now();
        self.flight = None;
        match result {
            Ok(granted) => {
                self.refusal = None;
                self.held = Some(Held {
                    token: granted.token.clone(),
                    renew_at: now + (granted.lifetime - EARLY.min(granted.lifetime / 2)),
                    dies_at: now + granted.lifetime,
                });
            }
            Err(error) => {
                self.refusal = error.stands_for().map(|pause| (error.clone(), now + pause));
                if let Some(held) = &mut self.held {
                    held.renew_at = (now + PATIENCE).min(held.dies_at);
                }
            }
        }
    }

    fn standing_refusal(&self, now: Instant) -> Option<SignInError> {
        let (refusal, until) = self.refusal.as_ref()?;
        (now < *until).then(|| refusal.clone().with_left(*until - now))
    }

    /// The old token, which outlives a failed renewal until it really expires.
    fn survivor(&self) -> Option<AccessToken> {
        self.held
            .as_ref()
            .filter(|held| now() < held.dies_at)
            .map(|held| held.token.clone())
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// Tokio's clock, which a test pauses; the lifetime of a token needs no calendar.
fn now() -> Instant {
    Instant::now()
}

/// The lock is held for a few reads and never across an await.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
