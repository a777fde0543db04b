//! Sessions: in memory, so that a restart signs everybody out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use sync_service::api::new_token;
use tokio::sync::watch;
use tokio::time::Instant;

/// Without a request for so long a session ends.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// And after so long in any case.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// More sessions than this nobody needs; the oldest goes.
const MOST: usize = 64;

/// All sessions, by what the cookie says.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Open>>);

struct Open {
    session: Session,
    /// Goes with the session, which tells whoever waits for its end.
    _end: watch::Sender<()>,
    since: Instant,
    used: Instant,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Every form carries it, and no other site can know it.
    csrf: SecretString,
    end: watch::Receiver<()>,
}

impl Session {
    /// What forms carry.
    pub(crate) fn csrf(&self) -> &str {
        self.csrf.expose_secret()
    }

    /// Waits until the session is over: whatever is sent to it by and by must not outlast it.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut end = self.end.clone();
        async move { while end.changed().await.is_ok() {} }
    }

    /// Whether a form of this session was sent.
    pub(crate) fn sent(&self, csrf: &str) -> bool {
        self.csrf().as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("open", &self.open().len())
            .finish()
    }
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session; what comes back belongs into the cookie.
    pub(crate) fn begin(&self) -> SecretString {
        let (id, now) = (new_token(), Instant::now());
        let mut open = self.open();
        open.retain(|_, session| !session.is_over(now));
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| session.used);
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                open.remove(&id);
            }
        }
        let (ending, end) = watch::channel(());
        let fresh = Open {
            session: Session {
                csrf: new_token(),
                end,
            },
            _end: ending,
            since: now,
            used: now,
        };
        open.insert(id.expose_secret().to_owned(), fresh);
        id
    }

    /// The session with this cookie, which is in use thereby. Ids are too long to be guessed, however long a look takes.
    pub(crate) fn find(&self, id: &str) -> Option<Session> {
        let now = Instant::now();
        let mut open = self.open();
        if open.get(id)?.is_over(now) {
            open.remove(id);
            return None;
        }
        let found = open.get_mut(id)?;
        found.used = now;
        Some(found.session.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        self.open().remove(id);
    }

    /// Ends all sessions, because the password is another one.
    pub(crate) fn end_all(&self) {
        self.open().clear();
    }
}

impl Open {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.used) >= IDLE || now.duration_since(self.since) >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_nobody_uses_it_and_after_half_a_day() {
        let sessions = Sessions::default();
        let idle = sessions.begin();
        let used = sessions.begin();
        let mut lasted = Duration::ZERO;
        let step = IDLE - Duration::from_secs(1);
        while sessions.find(used.expose_secret()).is_some() {
            tokio::time::advance(step).await;
            lasted += step;
        }
        assert!(lasted >= LONGEST && lasted < LONGEST + step, "{lasted:?}");
        assert!(sessions.find(idle.expose_secret()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_more_than_a_few() {
        let sessions = Sessions::default();
        let first = sessions.begin();
        for _ in 0..MOST {
            tokio::time::advance(Duration::from_millis(1)).await;
            sessions.begin();
        }
        assert_eq!(sessions.open().len(), MOST);
        assert!(sessions.find(first.expose_secret()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_the_end_of_a_session_is_told() {
        let sessions = Sessions::default();
        let begin = || {
            let id = sessions.begin();
            let session = sessions.find(id.expose_secret()).unwrap();
            (id, session)
        };
        let over = |session: &Session| tokio::time::timeout(Duration::from_secs(1), session.ended());
        let ((id, one), (_, other)) = (begin(), begin());
        assert!(over(&one).await.is_err(), "it is still open");
        sessions.end(id.expose_secret());
        assert!(over(&one).await.is_ok());
        assert!(over(&other).await.is_err());
        sessions.end_all();
        assert!(over(&other).await.is_ok());
    }

    #[tokio::test]
    async fn each_has_its_own_token_and_shows_none() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.begin(), sessions.begin());
        let (one, other) = (
            sessions.find(one.expose_secret()).unwrap(),
            sessions.find(other.expose_secret()).unwrap(),
        );
        assert!(one.sent(one.csrf()) && !one.sent(other.csrf()) && !one.sent(""));
        assert!(!format!("{one:?} {sessions:?}").contains(one.csrf()));
        sessions.end_all();
        assert_eq!(sessions.open().len(), 0);
    }
}
