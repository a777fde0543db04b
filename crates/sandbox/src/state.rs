//! Everything that the simulated tenant and PBX know, behind one lock that is never held while anything is sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::counters::Counters;
use crate::faults::Plan;
use crate::generation::{Credential, Generation};
use crate::history::{Author, Record, Subject};
use crate::people::People;
use crate::sign_ins::SignIns;

/// A person of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The object id: a GUID in lower case.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// `mail`; some people have none.
    pub mail: Option<String>,
    /// The login name.
    pub principal: String,
    /// `proxyAddresses`, such as `SMTP:anna@example.com` (primary) and `smtp:a.b@example.com`.
    pub proxy_addresses: Vec<String>,
    /// Whether the account may sign in.
    pub enabled: bool,
    /// Whether the person is a guest of the tenant.
    pub guest: bool,
    /// What Teams says; `None` leaves the person out of every answer.
    pub presence: Option<Said>,
}

/// A presence as it goes over the wire: open strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `availability`.
    pub availability: String,
    /// `activity`.
    pub activity: String,
    /// `outOfOfficeSettings.isOutOfOffice`.
    pub out_of_office: bool,
}

impl Said {
    /// A presence of somebody who is not out of office.
    pub fn new(availability: &str, activity: &str) -> Self {
        Self {
            availability: availability.to_owned(),
            activity: activity.to_owned(),
            out_of_office: false,
        }
    }
}

/// A user of the PBX.
#[derive(Clone, Debug, PartialEq)]
pub struct PbxUser {
    /// The account id.
    pub id: i64,
    /// The login: digits.
    pub login: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub family_name: String,
    /// The e-mail address; empty where there is none.
    pub email: String,
    /// Do Not Disturb.
    pub dnd: bool,
    /// The chat status, as the module spells it: `AVAILABLE`, `AWAY`, `DO_NOT_DISTURB`, ….
    pub chat: String,
    /// Every other member of the phone configuration, those that nobody knows among them.
    pub phone: Map<String, Value>,
}

/// A group of the PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whom it assigns, and whether they are logged in to it, which REST does not show.
    pub members: BTreeMap<i64, bool>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) people: People,
    pub(crate) users: BTreeMap<i64, PbxUser>,
    pub(crate) groups: BTreeMap<i64, Group>,
    /// Secrets of the service login: login, password.
    pub(crate) service: (String, String),
    /// How the PBX lets that login in.
    pub(crate) generation: Generation,
    /// The secret of the PBX's OAuth client.
    pub(crate) oauth_secret: String,
    /// After so many wrong credentials the PBX answers nothing any more.
    pub(crate) blacklist_after: Option<u64>,
    /// How many seconds the servers' clocks are ahead.
    pub(crate) ahead: i64,
    /// How many wrong credentials came since the address was last let in.
    pub(crate) strikes: u64,
    pub(crate) nonces: BTreeSet<String>,
    /// Tokens of the PBX, and until when they hold.
    pub(crate) pbx_tokens: HashMap<String, Instant>,
    /// Refresh tokens of the PBX, and until when they hold.
    pub(crate) refresh_tokens: HashMap<String, Instant>,
    /// Tokens of Entra, and until when they hold.
    pub(crate) entra_tokens: HashMap<String, Instant>,
    pub(crate) history: Vec<Record>,
    pub(crate) counters: Counters,
    pub(crate) faults: Plan,
    pub(crate) issued: u64,
    /// Permissions that the app has.
    pub(crate) permissions: BTreeSet<String>,
    /// How people and apps sign in to the tenant.
    pub(crate) sign_ins: SignIns,
}

/// The state with its lock and its bell.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    pub(crate) started: Instant,
    pub(crate) fixed: Fixed,
}

/// What does not change while the sandbox runs.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    pub(crate) tenant: String,
    pub(crate) client: String,
    pub(crate) secret: String,
    pub(crate) module: String,
    pub(crate) module_secret: String,
    pub(crate) entra_token_life: Duration,
    pub(crate) pbx_token_life: Duration,
    pub(crate) answer_delay: Duration,
    /// How often a device code may be asked about, and how long it is good.
    pub(crate) device_code: (Duration, Duration),
}

impl World {
    pub(crate) fn new(state: State, fixed: Fixed) -> Self {
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            started: now(),
            fixed,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and rings the bell.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.send_modify(|count| *count += 1);
        result
    }

    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn since_start(&self) -> Duration {
        now().saturating_duration_since(self.started)
    }
}

impl State {
    /// Sets DND of a user and writes it down. Nothing is written down where nothing changes.
    pub(crate) fn set_dnd(&mut self, at: Duration, user: i64, on: bool, author: Author) {
        if let Some(entry) = self.users.get_mut(&user) {
            let record = Record {
                at,
                user,
                subject: Subject::Dnd,
                from: entry.dnd.to_string(),
                to: on.to_string(),
                author,
            };
            entry.dnd = on;
            self.history.push(record);
        }
    }

    /// Writes down that a program changed other members of a phone configuration.
    pub(crate) fn note_phone(&mut self, at: Duration, user: i64, changed: Vec<(String, String)>) {
        let record = |(from, to)| Record {
            at,
            user,
            subject: Subject::Phone,
            from,
            to,
            author: Author::Program,
        };
        self.history.extend(changed.into_iter().map(record));
    }

    /// Sets the chat status of a user, and tells what stood there.
    pub(crate) fn set_chat(
        &mut self,
        at: Duration,
        user: i64,
        status: &str,
        author: Author,
    ) -> Option<String> {
        let entry = self.users.get_mut(&user)?;
        let previous = std::mem::replace(&mut entry.chat, status.to_owned());
        let record = Record {
            at,
            user,
            subject: Subject::Chat,
            from: previous.clone(),
            to: status.to_owned(),
            author,
        };
        self.history.push(record);
        Some(previous)
    }

    /// Counts a wrong credential, which may be one too many.
    pub(crate) fn wrong(&mut self, credential: Credential) {
        self.counters.wrong_one(credential);
        self.strikes = self.strikes.saturating_add(1);
    }

    /// Whether the PBX takes its caller for an attacker.
    pub(crate) fn is_blacklisted(&self) -> bool {
        self.blacklist_after.is_some_and(|most| self.strikes >= most)
    }

    /// Whether this is an access token that holds.
    pub(crate) fn is_session(&self, token: &str) -> bool {
        self.pbx_tokens.get(token).is_some_and(|until| now() < *until)
    }

    /// Ends all that was issued to whoever signed in to the PBX.
    pub(crate) fn forget_sessions(&mut self) {
        self.pbx_tokens.clear();
        self.refresh_tokens.clear();
        self.nonces.clear();
    }

    /// A text that was not issued before; not a secret, for nothing here is one.
    pub(crate) fn issue(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!(
            "{kind}-{:08x}-{:016x}",
            self.issued,
            crate::random::mix(self.issued)
        )
    }
}

/// The real clock: tokens and histories are as old as the world outside says.
#[expect(
    clippy::disallowed_methods,
    reason = "a simulated server lives in the time of its callers"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for what is dated by somebody else.
#[expect(
    clippy::disallowed_methods,
    reason = "a simulated server lives in the time of its callers"
)]
pub(crate) fn seconds_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
