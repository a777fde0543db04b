//! A token kept until shortly before it expires, with one request in flight for all callers.

use std::{
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

/// Tokio's clock, which a test pauses; the lifetime of a token needs no calendar.
fn now() -> Instant {
    Instant::now()
}

/// The lock is held for a few reads and never across an await.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{future::join_all, poll};

    use super::*;
    use crate::{
        error::{Fault, ProtocolError},
        exchange::Trace,
        sign_in::EntraRefusal,
    };

    const HOUR: Duration = Duration::from_secs(3600);

    /// A cache whose grants take a second, succeed unless `failing` says otherwise, and are counted.
    fn cache(
        failing: impl Fn(usize) -> Option<SignInError> + Send + Sync + 'static,
    ) -> (TokenCache, Arc<AtomicUsize>) {
        let granted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&granted);
        let failing = Arc::new(failing);
        let cache = TokenCache::new(move || {
            let (count, failing) = (Arc::clone(&count), Arc::clone(&failing));
            async move {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                match failing(number) {
                    Some(error) => Err(error),
                    None => Ok(Granted {
                        token: AccessToken::new(format!("t{number}").into()).unwrap(),
                        lifetime: HOUR,
                    }),
                }
            }
            .boxed()
        });
        (cache, granted)
    }

    fn refusal(status: u16, error: &str, retry_after: Option<u64>) -> SignInError {
        let retry_after = retry_after.map(Duration::from_secs);
        SignInError::Refused(Box::new(EntraRefusal {
            status,
            error: Some(error.to_owned()),
            aadsts: None,
            description: None,
            retry_after,
            told_again: false,
            consent_url: None,
            trace: Trace::new(),
        }))
    }

    fn text(token: &AccessToken) -> String {
        token.bearer().to_str().unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_callers_cause_one_request() {
        let (cache, granted) = cache(|_| None);
        let tokens = join_all((0..100).map(|_| cache.token())).await;
        assert!(
            tokens
                .into_iter()
                .all(|token| text(&token.unwrap()) == "Bearer t1")
        );
        assert_eq!(granted.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_callers_share_one_refusal() {
        let (cache, granted) = cache(|_| Some(refusal(401, "invalid_client", None)));
        let tokens = join_all((0..100).map(|_| cache.token())).await;
        assert!(tokens.iter().all(Result::is_err));
        assert_eq!(granted.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_takes_nobody_with_it() {
        let (cache, granted) = cache(|_| None);
        let mut first = Box::pin(cache.token());
        let mut second = Box::pin(cache.token());
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(text(&second.await.unwrap()), "Bearer t1");
        assert_eq!(granted.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_callers_went_away_the_next_one_asks_anew() {
        let (cache, granted) = cache(|_| None);
        let mut first = Box::pin(cache.token());
        assert!(poll!(&mut first).is_pending());
        drop(first);
        tokio::time::advance(HOUR).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t2");
        assert_eq!(granted.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_shortly_before_it_expires() {
        let (cache, _) = cache(|_| None);
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t1");
        tokio::time::advance(HOUR - EARLY - Duration::from_secs(1)).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_living_token_survives_a_failed_renewal_and_no_longer() {
        let (cache, granted) =
            cache(|number| (number > 1).then(|| refusal(503, "temporarily_unavailable", None)));
        cache.token().await.unwrap();
        tokio::time::advance(HOUR - EARLY).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t1");
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t1");
        assert_eq!(granted.load(Ordering::SeqCst), 2);
        tokio::time::advance(EARLY).await;
        assert_eq!(cache.token().await.unwrap_err().fault(), Fault::Unreachable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_for_all_who_were_refused() {
        let (cache, granted) = cache(|_| None);
        let first = cache.token().await.unwrap();
        let renewed = join_all((0..10).map(|_| cache.renew(&first))).await;
        assert!(
            renewed
                .into_iter()
                .all(|token| text(&token.unwrap()) == "Bearer t2")
        );
        assert_eq!(text(&cache.renew(&first).await.unwrap()), "Bearer t2");
        assert_eq!(granted.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_stands_for_its_pause_and_tells_what_is_left_of_it() {
        let (cache, granted) = cache(|number| (number == 1).then(|| refusal(429, "x", Some(30))));
        let wait = |fault| match fault {
            Fault::Throttled { retry_after } => retry_after.unwrap().as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(cache.token().await.unwrap_err().fault()), 30);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(wait(cache.token().await.unwrap_err().fault()), 10);
        assert_eq!(granted.load(Ordering::SeqCst), 1);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_is_told_again_is_no_new_one_but_a_pause() {
        let (cache, granted) = cache(|number| (number == 1).then(|| refusal(401, "invalid_client", None)));
        let first = cache.token().await.unwrap_err();
        assert_eq!(first.fault(), Fault::Credentials);
        tokio::time::advance(Duration::from_secs(20)).await;
        for left in [40, 39] {
            let again = cache.token().await.unwrap_err();
            let retry_after = Some(Duration::from_secs(left));
            assert_eq!(again.fault(), Fault::Throttled { retry_after });
            assert_eq!(
                (again.to_string(), again.advice()),
                (first.to_string(), first.advice())
            );
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(granted.load(Ordering::SeqCst), 1);
        tokio::time::advance(Duration::from_secs(38)).await;
        assert_eq!(text(&cache.token().await.unwrap()), "Bearer t2");
    }

    #[test]
    fn a_refusal_stands_as_long_as_its_kind() {
        let stands = |error: SignInError| error.stands_for().map(|pause| pause.as_secs());
        assert_eq!(stands(refusal(401, "invalid_client", None)), Some(60));
        assert_eq!(stands(refusal(400, "unauthorized_client", None)), Some(60));
        assert_eq!(stands(refusal(503, "temporarily_unavailable", None)), Some(5));
        assert_eq!(stands(refusal(429, "x", None)), Some(5));
        let protocol = SignInError::Protocol {
            trace: Trace::new(),
            source: ProtocolError::NotJson,
        };
        assert_eq!(stands(protocol), Some(5));
    }
}
