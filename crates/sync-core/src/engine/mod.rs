//! The engine: a state machine without I/O, one per instance.
//!
//! Events go in, effects come out, and the time is an argument of both. One task owns an engine; its driver performs
//! the effects through the ports and feeds the answers back. Nothing here waits, locks, reads a clock or knows what
//! HTTP is, so that a simulator can drive it through every ordering.

mod approval;
mod auditing;
mod backoff;
mod event;
mod explaining;
mod flow;
mod intake;
mod licence_view;
mod link_name;
mod links;
mod listing;
mod member;
mod planning;
mod recent;
mod refusals;
mod report;
mod rolling;
mod roster_pass;
mod seat_gate;
mod steps;
mod stray;
mod sweep;
mod trouble;
mod view;
mod views;
mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use event::{Effect, Event, LedgerCommit, RequestId, Write, Written};
pub use link_name::LinkName;
pub use listing::{MemberPage, MemberQuery, Show};
pub use refusals::{Fingerprint, Fingerprints, Refusal, Refusals, Side};
pub use report::Report;
pub use steps::{MemberStep, Step};
pub use views::{
    DueView, ExplainView, FieldView, Health, InstanceView, LicenceView, LicenceWarning, LinkView, MemberView,
    OwnerView, Readiness, RemedyView, RuleView, UnknownBecause, WaitView, WorkView,
};

use crate::audit::AuditEntry;
use crate::field_record::Intent;
use crate::ids::{Address, PbxUserId, TeamsUserId};
use crate::ledger_row::LedgerRow;
use crate::moment::Moment;
use crate::plan::{Change, Held};
use crate::planner::Mode;
use crate::roster::{Book, RosterGuard, Standing};
use crate::settings::Settings;
use crate::value::Field;
use auditing::Auditing;
use links::Links;
use member::Member;
use recent::Recent;
use roster_pass::RosterPass;
use seat_gate::SeatGate;
use sweep::Sweep;

/// What the ledger knew when the engine was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The rows of this instance.
    pub rows: Vec<LedgerRow>,
    /// PBX users of the same PBX that another instance claims.
    pub claimed_elsewhere: BTreeSet<PbxUserId>,
    /// What the instance did.
    pub mode: Mode,
    /// When that ends by itself, where it is a pause that does.
    pub paused_until: Option<Timestamp>,
    /// The licence that the instance last counted seats for.
    pub licence: Option<RememberedLicence>,
    /// Credentials that were refused.
    pub refusals: Vec<Refusal>,
}

/// A licence as the ledger remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedLicence {
    /// What tells it from all others.
    pub identity: String,
    /// Its text.
    pub text: String,
    /// The latest time at which it was looked at.
    pub latest: Timestamp,
}

/// One instance.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    mode: Mode,
    /// When a pause ends by itself.
    paused_until: Option<Timestamp>,
    draining: bool,
    members: BTreeMap<PbxUserId, Member>,
    claimed_elsewhere: BTreeSet<PbxUserId>,
    book: Book,
    guard: RosterGuard,
    gate: SeatGate,
    roster: RosterPass,
    sweep: Sweep,
    recent: Recent,
    links: Links,
    requests: u64,
    pending: BTreeMap<RequestId, Pending>,
    /// Users to be planned.
    due: BTreeSet<PbxUserId>,
    /// Users to be planned when their time comes (uptime).
    timers: BTreeSet<(Duration, PbxUserId)>,
    dnd_reads: VecDeque<PbxUserId>,
    /// Users who are read because DND is to be turned on: they count for the breaker before their turn comes.
    unread_on: BTreeSet<PbxUserId>,
    chat_reads: BTreeSet<PbxUserId>,
    /// Intents that wait to become durable.
    intended: VecDeque<(PbxUserId, Field)>,
    /// Changes whose intents are durable, by field.
    ready: [VecDeque<PbxUserId>; 2],
    /// Users whose rows differ from what is durable.
    dirty: BTreeSet<PbxUserId>,
    gone: BTreeSet<PbxUserId>,
    mode_to_store: Option<Mode>,
    auditing: Auditing,
    /// Whether what is ours is taken back because the instance ends, which is not stored.
    retiring: bool,
    committing: bool,
    pbx_in_flight: usize,
    held: BTreeMap<(PbxUserId, Field), Held>,
    held_told: usize,
    /// When disruptive changes were let through (uptime), and for whom.
    disruptive: VecDeque<(Duration, PbxUserId)>,
    readback: Rolling,
    reassert: Rolling,
    counts: Counts,
    /// Whether somebody wants to know each step of each member.
    tells_steps: bool,
    effects: Vec<Effect>,
}

/// A rolling reading of every member: who had the last turn, and when the next one is (uptime).
#[derive(Clone, Copy, Debug, Default)]
struct Rolling {
    after: Option<PbxUserId>,
    next: Duration,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    sweeps: u64,
    looks: u64,
    rosters: u64,
    readbacks: u64,
    changes: u64,
    drifts: u64,
}

/// What a request was for.
#[derive(Clone, Debug)]
enum Pending {
    Roster,
    LookUp {
        addresses: Arc<[Address]>,
        /// The roster that they are of.
        roster: u64,
    },
    Presences {
        chunk: usize,
        generation: u64,
        ids: Arc<[TeamsUserId]>,
        users: Arc<[PbxUserId]>,
    },
    Recent {
        ids: Arc<[TeamsUserId]>,
        users: Arc<[PbxUserId]>,
    },
    Dnd {
        user: PbxUserId,
    },
    Readback {
        user: PbxUserId,
    },
    Chat {
        users: Arc<[PbxUserId]>,
    },
    ChatRound {
        users: Arc<[PbxUserId]>,
    },
    Write {
        user: PbxUserId,
        change: Box<Change>,
    },
    Commit {
        intents: Vec<(PbxUserId, Field, Intent)>,
        users: Vec<PbxUserId>,
        removed: Vec<PbxUserId>,
        mode: Option<Mode>,
        frees_seats: bool,
        audit: Vec<AuditEntry>,
        refusals: Option<Vec<Refusal>>,
    },
    Seats {
        licence: String,
    },
}

/// No user of a PBX: what was asked for somebody who was forgotten is answered for nobody.
const NOBODY: PbxUserId = PbxUserId(i64::MIN);

impl Pending {
    fn forget(&mut self, forgotten: PbxUserId) {
        match self {
            Self::Dnd { user } | Self::Readback { user } | Self::Write { user, .. } if *user == forgotten => {
                *user = NOBODY;
            }
            Self::Chat { users } | Self::ChatRound { users } if users.contains(&forgotten) => {
                *users = users.iter().copied().filter(|user| *user != forgotten).collect();
            }
            _ => {}
        }
    }
}

impl Engine {
    /// An engine that starts with what the ledger knows. `seed` makes its jitter repeatable.
    pub fn new(settings: Settings, memory: Memory, now: Moment, seed: u64) -> Self {
        let mut due = BTreeSet::new();
        let members = memory
            .rows
            .into_iter()
            .map(|mut row| {
                // Without the companion module nothing of the chat can be taken back, so nothing of it is held.
                if !settings.chat {
                    row.chat.intent = None;
                    row.chat.stray = None;
                    row.chat.disown();
                }
                // What was intended when the last process ended is looked at before anything else, and a release that
                // was interrupted goes on.
                let unconfirmed = |field| {
                    let record = row.field(field);
                    record.intent.is_some() || record.stray.is_some()
                };
                if Field::ALL.into_iter().any(unconfirmed) {
                    due.insert(row.user);
                }
                (row.user, Member::new(row, Standing::NotLookedUp, now))
            })
            .collect();
        let guard = RosterGuard::new(settings.breaker);
        let refusals = Refusals::remembering(settings.fingerprints.clone(), memory.refusals);
        let (links, reports) = Links::new(seed, refusals, now);
        let mut engine = Self {
            mode: memory.mode,
            paused_until: memory.paused_until,
            draining: false,
            members,
            claimed_elsewhere: memory.claimed_elsewhere,
            book: Book::default(),
            guard,
            gate: SeatGate::remembering(memory.licence),
            roster: RosterPass::new(now),
            sweep: Sweep::new(now),
            recent: Recent::default(),
            links,
            requests: 0,
            pending: BTreeMap::new(),
            due,
            timers: BTreeSet::new(),
            dnd_reads: VecDeque::new(),
            unread_on: BTreeSet::new(),
            chat_reads: BTreeSet::new(),
            intended: VecDeque::new(),
            ready: Default::default(),
            dirty: BTreeSet::new(),
            gone: BTreeSet::new(),
            mode_to_store: None,
            auditing: Auditing::default(),
            retiring: false,
            committing: false,
            pbx_in_flight: 0,
            held: BTreeMap::new(),
            held_told: 0,
            disruptive: VecDeque::new(),
            readback: Rolling {
                after: None,
                next: now.uptime.saturating_add(settings.readback_interval),
            },
            reassert: Rolling {
                after: None,
                next: now.uptime.saturating_add(settings.chat_reassert),
            },
            counts: Counts::default(),
            tells_steps: false,
            effects: reports.into_iter().map(Effect::Report).collect(),
            settings,
        };
        let users: Vec<PbxUserId> = engine.members.keys().copied().collect();
        for user in users {
            engine.wake_after_pause(user, now);
        }
        engine
    }

    /// Takes one event in and gives out what is to be done.
    pub fn handle(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        self.take_in(event, now);
        self.flow(now);
        std::mem::take(&mut self.effects)
    }

    /// When the engine wants to be woken (uptime) if nothing happens before; `None` if only an event can change
    /// anything.
    pub fn next_wake(&self, now: Moment) -> Option<Duration> {
        if self.draining {
            return None;
        }
        let timer = self.timers.first().map(|(at, _)| *at);
        let readback = self.next_readback();
        let reassert = self.next_chat_round();
        let roster = self.next_roster().filter(|_| self.pbx_slot_free());
        let sweep = self.next_poll();
        let recent = self.next_recent_look();
        [
            timer,
            readback,
            reassert,
            roster,
            sweep,
            recent,
            self.links.next_wake(now),
            self.next_licence_wake(now),
            self.next_end_of_pause(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn next_end_of_pause(&self, now: Moment) -> Option<Duration> {
        let left = self.paused_until?.duration_since(now.wall);
        Some(
            now.uptime
                .saturating_add(Duration::try_from(left).unwrap_or_default()),
        )
    }

    /// Whether everything that was asked for has been answered, after [`Event::Drain`].
    pub fn is_drained(&self) -> bool {
        self.draining
            && self.pending.is_empty()
            && self.dirty.is_empty()
            && self.mode_to_store.is_none()
            && self.links.refusals.to_store().is_none()
            && self.auditing.is_empty()
    }

    /// Whether nothing of ours is left, after [`Event::Release`] or [`Event::Retire`].
    pub fn is_released(&self) -> bool {
        self.mode != Mode::Releasing && self.members.values().all(|member| !member.row.holds_something())
    }

    /// Credentials that are refused, as far as that is known.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.links.refusals.iter().cloned().collect()
    }

    /// The share of the presence quota (0 to 1, and beyond where the roster is too large for it) that it takes to keep to the
    /// poll interval.
    pub fn needed_quota(&self) -> f64 {
        self.settings.needed_quota(self.sweep.calls())
    }

    /// The settings that the engine runs with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn request(&mut self, pending: Pending) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.pending.insert(request, pending);
        request
    }

    fn report(&mut self, report: Report) {
        self.effects.push(Effect::Report(report));
    }

    fn report_all(&mut self, reports: Vec<Report>) {
        self.effects.extend(reports.into_iter().map(Effect::Report));
    }

    fn wake_at(&mut self, user: PbxUserId, at: Duration) {
        self.timers.insert((at, user));
    }
}
