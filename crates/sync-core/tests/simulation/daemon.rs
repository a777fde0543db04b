//! One daemon: an engine, its lease, and what it has under way. A driver of our own, with the rules of the real one.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use licensing::{Demand, Issuers, Licence, OperatingMode, SigningKey, Terms};
use sync_core::{Breaker, Claim, Engine, Event, Holding, InstanceName, Lease, Moment, PbxName, Settings};

use crate::op::{Paper, Setup};
use crate::request::Learned;

/// How long a lease lasts without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// No request to the PBX starts within this time before the lease ends.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_secs(3);
/// Every request ends after this time.
pub(crate) const TIME_OUT: Duration = Duration::from_secs(10);
/// What is under way when a daemon is stopped gets this long.
pub(crate) const DRAIN: Duration = Duration::from_secs(8);

#[derive(Debug, Default)]
pub(crate) struct Daemon {
    pub(crate) engine: Option<Engine>,
    /// Grows with each start, so that answers for an earlier life are told apart.
    pub(crate) life: u64,
    pub(crate) lease: Option<Lease>,
    /// Until when the daemon believes to have its lease.
    pub(crate) deadline: Duration,
    /// Whether it is to run, and waits for the lease where it does not.
    pub(crate) wanted: bool,
    pub(crate) draining: bool,
    pub(crate) suspended_until: Option<Duration>,
    /// What came while the machine slept.
    pub(crate) inbox: Vec<(Event, Learned)>,
    /// By how much the machine's clock is wrong.
    pub(crate) shift: SignedDuration,
}

impl Daemon {
    pub(crate) const fn is_awake(&self) -> bool {
        self.engine.is_some() && self.suspended_until.is_none()
    }

    pub(crate) fn moment(&self, now: Duration) -> Moment {
        Moment {
            wall: truth(now).saturating_add(self.shift).unwrap(),
            uptime: now,
        }
    }

    /// Whether a write may start, as far as the daemon knows.
    pub(crate) fn may_write(&self, now: Duration) -> bool {
        now < self.deadline.saturating_sub(LEASE_MARGIN)
    }
}

/// The time of day as it is.
pub(crate) fn truth(now: Duration) -> Timestamp {
    const MORNING: i64 = 1_795_420_800_000_000;
    let micros = i64::try_from(now.as_micros()).unwrap();
    Timestamp::from_microsecond(MORNING + micros).unwrap()
}

pub(crate) fn claim(holder: usize) -> Claim {
    Claim {
        instance: InstanceName("main".into()),
        pbx: PbxName("pbx.example:443".into()),
        holder: holder.to_string(),
        settings: None,
    }
}

pub(crate) fn settings(setup: &Setup, observe: bool, excluded: impl Iterator<Item = i64>) -> Settings {
    let Claim { instance, pbx, .. } = claim(0);
    let mut settings = Settings::new(instance, pbx);
    settings.licence = setup.seats.map(|_| Demand {
        mode: OperatingMode::PresenceSync,
        pbx: vec!["pbx.example".to_owned()],
    });
    settings.policy = setup.policy;
    settings.observe = observe;
    settings.chunk = setup.chunk;
    settings.chat_reassert = Duration::from_secs(setup.reassert);
    settings.chat = setup.chat;
    settings.poll_interval = Duration::from_secs(setup.poll);
    settings.roster_interval = Duration::from_secs(setup.roster);
    settings.readback_interval = Duration::from_secs(setup.readback);
    settings.dnd_off_after = Duration::from_secs(setup.dnd_off_after);
    settings.unknown_release_after = Duration::from_secs(setup.unknown_release_after);
    settings.release_on_stop = setup.release_on_stop;
    settings.exclude = excluded.map(crate::pbx::address).collect();
    settings.breaker = Breaker {
        share: f64::from(setup.breaker.0) / 100.0,
        at_least: setup.breaker.1,
        confirm_for: Duration::from_secs(setup.confirm_for),
    };
    settings
}

/// The most seats that a licence has here.
const SEATS: u32 = 16;

/// What a daemon makes of a licence file. Licences are signed once for all schedules.
pub(crate) fn licence(paper: Paper) -> Holding {
    match paper {
        Paper::Missing => Holding::Missing,
        Paper::Unusable => match Licence::verified(b"torn paper", &issuers()) {
            Ok(_) => panic!("torn paper is a licence"),
            Err(refusal) => Holding::Unusable(refusal),
        },
        Paper::Seats(seats) => licences()[usize::try_from(seats.min(SEATS)).unwrap()].clone(),
    }
}

/// How many seats the licence of this identity has.
pub(crate) fn seats_of(identity: &str) -> Option<u32> {
    let has_it =
        |holding: &Holding| matches!(holding, Holding::Verified(licence) if licence.identity() == identity);
    u32::try_from(licences().iter().position(has_it)?).ok()
}

fn licences() -> &'static [Holding] {
    static LICENCES: OnceLock<Vec<Holding>> = OnceLock::new();
    let issue = |seats: u32| {
        let text = key().issue(&terms(seats)).unwrap();
        Holding::Verified(Licence::verified(text.as_bytes(), &issuers()).unwrap().into())
    };
    LICENCES.get_or_init(|| (0..=SEATS).map(issue).collect())
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32]).unwrap()
}

fn issuers() -> Issuers {
    [key().public().clone()].into_iter().collect()
}

fn terms(seats: u32) -> Terms {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    Terms {
        number: format!("{seats}").parse().unwrap(),
        issuer: None,
        customer: "Example GmbH".parse().unwrap(),
        mode: OperatingMode::PresenceSync,
        seats: seats.max(1),
        issued: time("2026-01-01T00:00:00Z"),
        from: time("2026-01-01T00:00:00Z"),
        until: time("2030-01-01T00:00:00Z"),
        grace_days: 0,
        pbx: None,
    }
}
