//! When refused credentials may be sent again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use starface_api::{Error, Fault};
use sync_core::Clock;

/// The client answers refused credentials from memory until it is told to forget. The engine waits far longer before it
/// asks again; this is what keeps several callers, or a short back-off, from trying a password in a row.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Remembers since when the PBX refuses the credentials.
pub(super) struct Refusal {
    clock: Arc<dyn Clock>,
    since: Mutex<Option<Duration>>,
}

impl Refusal {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            since: Mutex::default(),
        }
    }

    pub(super) fn note(&self, error: &Error) {
        if error.fault() == Fault::Credentials {
            let now = self.clock.now().uptime;
            // An answer from the client's memory is no new refusal.
            self.since().get_or_insert(now);
        }
    }

    /// Whether a refusal has lasted long enough. Says so once: whoever is told has to make the client forget.
    pub(super) fn is_over(&self) -> bool {
        let over = self.since().is_some() && !self.stands();
        if over {
            self.forget();
        }
        over
    }

    /// Whether the credentials were refused so short ago that they must not be sent again.
    pub(super) fn stands(&self) -> bool {
        let now = self.clock.now().uptime;
        self.since()
            .is_some_and(|since| now.saturating_sub(since) < AT_LEAST)
    }

    pub(super) fn forget(&self) {
        *self.since() = None;
    }

    fn since(&self) -> MutexGuard<'_, Option<Duration>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("since", &*self.since())
            .finish_non_exhaustive()
    }
}
