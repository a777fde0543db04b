//! Keeps the token for everybody, and keeps refused credentials from being sent again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::authority::{Authority, Grant};
use crate::failure::Failure;
use crate::fault::Fault;

/// After a new sign-in did not cure a 401, further ones are not answered by signing in for this long: the PBX also says
/// 401 where a right is missing, and a login per call would be the result.
const FUTILE_FOR: Duration = Duration::from_secs(60);

/// The signed-in state of one PBX client. All callers share one sign-in, which runs in a task of its own: a caller that
/// stops waiting neither aborts it nor leaves its result unknown.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    authority: Arc<dyn Authority>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    /// How many grants there have been, to tell them apart.
    issued: u64,
    futile_since: Option<Instant>,
}

#[derive(Default)]
enum Phase {
    #[default]
    SignedOut,
    SigningIn(Attempt),
    SignedIn(Ticket),
    Refused(Failure),
}

type Attempt = Shared<BoxFuture<'static, Result<Ticket, Failure>>>;

/// A grant, which one it is, and when it came.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) grant: Arc<Grant>,
    number: u64,
    since: Instant,
}

impl Ticket {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < self.grant.fresh_for
    }
}

impl Session {
    pub(crate) fn new(authority: Arc<dyn Authority>) -> Self {
        Self(Arc::new(Inner {
            authority,
            state: Mutex::default(),
        }))
    }

    /// The current grant; signs in where there is none or it is old.
    pub(crate) async fn grant(&self) -> Result<Ticket, Failure> {
        let attempt = {
            let mut state = self.0.lock();
            match &state.phase {
                Phase::Refused(failure) => return Err(failure.clone()),
                Phase::SignedIn(ticket) if ticket.is_fresh() => return Ok(ticket.clone()),
                Phase::SigningIn(attempt) => attempt.clone(),
                Phase::SignedIn(old) => {
                    let old = Arc::clone(&old.grant);
                    self.start(&mut state, Some(old))
                }
                Phase::SignedOut => self.start(&mut state, None),
            }
        };
        attempt.await
    }

    /// A grant other than the one that was just answered with 401; none where signing in again has lately been no cure.
    pub(crate) async fn instead_of(&self, refused: &Ticket) -> Result<Option<Ticket>, Failure> {
        let attempt = {
            let mut state = self.0.lock();
            let futile = state
                .futile_since
                .is_some_and(|since| since.elapsed() < FUTILE_FOR);
            match &state.phase {
                Phase::Refused(failure) => return Err(failure.clone()),
                Phase::SignedIn(ticket) if ticket.number != refused.number && ticket.is_fresh() => {
                    return Ok(Some(ticket.clone()));
                }
                Phase::SigningIn(attempt) => attempt.clone(),
                Phase::SignedIn(_) | Phase::SignedOut if futile => return Ok(None),
                // What the PBX does not accept any more is probably forgotten by it with all that belongs to it.
                Phase::SignedIn(_) | Phase::SignedOut => self.start(&mut state, None),
            }
        };
        attempt.await.map(Some)
    }

    /// Notes that a new grant was answered with 401 like the old one.
    pub(crate) fn signing_in_was_futile(&self) {
        self.0.lock().futile_since = Some(Instant::now());
    }

    /// Ends the session where there is one. A failure to do so is of no consequence: the token dies by itself.
    pub(crate) async fn sign_out(&self) {
        let attempt = match &self.0.lock().phase {
            Phase::SigningIn(attempt) => Some(attempt.clone()),
            _ => None,
        };
        if let Some(attempt) = attempt {
            // Its result is in the state by now.
            drop(attempt.await);
        }
        let ticket = {
            let mut state = self.0.lock();
            let Phase::SignedIn(ticket) = &state.phase else {
                return;
            };
            let ticket = ticket.clone();
            state.phase = Phase::SignedOut;
            ticket
        };
        if let Err(failure) = self.0.authority.revoke(&ticket.grant).await {
            tracing::debug!(error = %failure, "signing out of the PBX failed");
        }
    }

    /// Allows the credentials to be sent again after the PBX refused them.
    pub(crate) fn forget_refusal(&self) {
        let mut state = self.0.lock();
        state.futile_since = None;
        if matches!(state.phase, Phase::Refused(_)) {
            state.phase = Phase::SignedOut;
        }
    }

    fn start(&self, state: &mut State, renewing: Option<Arc<Grant>>) -> Attempt {
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            let result = inner.authority.issue(renewing.as_deref()).await;
            inner.settle(result)
        });
        let inner = Arc::clone(&self.0);
        let attempt: BoxFuture<'static, _> = Box::pin(async move {
            match task.await {
                Ok(result) => result,
                // The task did not come to its end, so it could not settle anything itself.
                Err(_) => inner.settle(Err(Failure::Interrupted)),
            }
        });
        let attempt = attempt.shared();
        state.phase = Phase::SigningIn(attempt.clone());
        attempt
    }
}

impl Inner {
    fn settle(&self, result: Result<Grant, Failure>) -> Result<Ticket, Failure> {
        let mut state = self.lock();
        match result {
            Ok(grant) => {
                state.issued += 1;
                let ticket = Ticket {
                    grant: Arc::new(grant),
                    number: state.issued,
                    since: Instant::now(),
                };
                state.phase = Phase::SignedIn(ticket.clone());
                Ok(ticket)
            }
            Err(failure) => {
                state.phase = match failure.fault() {
                    Fault::Credentials => Phase::Refused(failure.clone()),
                    _ => Phase::SignedOut,
                };
                Err(failure)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
