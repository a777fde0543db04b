//! What the engine holds in memory of one PBX user.

use std::time::Duration;

use jiff::Timestamp;
use presence_mapping::{Outcome, Presence};

use super::event::RequestId;
use super::trouble::Trouble;
use super::views::UnknownBecause;
use crate::fault::PortError;
use crate::field_record::{Look, Observed};
use crate::ids::TeamsUserId;
use crate::ledger_row::LedgerRow;
use crate::moment::Moment;
use crate::plan::Change;
use crate::policy::Reading;
use crate::roster::{PbxUser, Standing};
use crate::value::{Field, Value};

/// A reading of the PBX is acted on for so long; then it is read again before a write is intended.
pub(super) const READING_STAYS_FRESH: Duration = Duration::from_secs(2);

/// One PBX user: a member, or somebody who left and still has a value of ours.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// How the member stands to Teams; `None` for somebody who left the group.
    pub(super) standing: Option<Standing>,
    pub(super) row: LedgerRow,
    pub(super) sight: Option<Sight>,
    pub(super) unknown: Option<Box<Unknown>>,
    /// Whether presence was asked for since the start, or cannot be asked for.
    pub(super) tried: bool,
    /// The value that the operator let through for the outcome of now.
    pub(super) approved: Option<Value>,
    /// Whether the PBX's list of users showed this user last.
    pub(super) listed: bool,
    /// What that list says of somebody who left the group.
    pub(super) former: Option<Box<PbxUser>>,
    work: [Work; 2],
    seen: [Option<Seen>; 2],
    /// When the PBX was asked last, by a reading or by the reading of a write.
    asked: [Option<Timestamp>; 2],
    trouble: Option<Box<Trouble>>,
}

/// The presence last seen.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) presence: Presence,
    pub(super) outcome: Outcome,
    /// When this presence was first received.
    pub(super) since: Moment,
    /// Since when the outcome for each field is the same.
    pub(super) outcome_since: [Moment; 2],
    /// When the last answer was received (uptime).
    pub(super) received: Duration,
    /// Which request was answered; an older answer never overrides a newer one.
    pub(super) request: RequestId,
}

/// A time of not knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// When it began, as it is stored.
    pub(super) since: Timestamp,
    /// How much of it lay before this process noticed it.
    pub(super) before: Duration,
    /// When this process noticed it (uptime).
    pub(super) noticed: Duration,
    /// Why the last look told nothing.
    pub(super) because: UnknownBecause,
}

/// What the PBX said, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) value: Value,
    pub(super) at: Moment,
}

/// What is under way for one field.
#[derive(Clone, Debug, Default)]
pub(super) enum Work {
    /// Nothing.
    #[default]
    Idle,
    /// It is being read, or queued for it.
    Reading,
    /// The intent waits to become durable.
    Intended(Box<Change>),
    /// The intent is durable, the write may start.
    Ready(Box<Change>),
    /// The write is under way.
    Writing(Box<Change>),
}

impl Member {
    pub(super) fn new(row: LedgerRow, standing: Standing, now: Moment) -> Self {
        let unknown = row.unknown_since.map(|since| {
            Box::new(Unknown {
                since,
                before: now.since(since),
                noticed: now.uptime,
                because: UnknownBecause::NoAnswer,
            })
        });
        Self {
            standing: Some(standing),
            row,
            sight: None,
            unknown,
            tried: false,
            approved: None,
            listed: false,
            former: None,
            work: Default::default(),
            seen: [None; 2],
            asked: [None; 2],
            trouble: None,
        }
    }

    pub(super) fn teams_user(&self) -> Option<&TeamsUserId> {
        match &self.standing {
            Some(Standing::Matched { teams_user }) => Some(teams_user),
            _ => None,
        }
    }

    pub(super) fn work(&self, field: Field) -> &Work {
        &self.work[field as usize]
    }

    pub(super) fn set_work(&mut self, field: Field, work: Work) {
        self.work[field as usize] = work;
    }

    pub(super) fn work_mut(&mut self, field: Field) -> &mut Work {
        &mut self.work[field as usize]
    }

    pub(super) fn is_idle(&self) -> bool {
        self.work.iter().all(|work| matches!(work, Work::Idle))
    }

    pub(super) fn seen(&self, field: Field) -> Option<Seen> {
        self.seen[field as usize]
    }

    /// Notes that the PBX is asked now.
    pub(super) fn ask(&mut self, field: Field, now: Moment) {
        self.asked[field as usize] = Some(now.wall);
    }

    /// Takes a reading over that was made while no write was under way.
    pub(super) fn observe(&mut self, value: Value, now: Moment) -> Observed {
        self.seen[value.field() as usize] = Some(Seen { value, at: now });
        let look = Look {
            asked: self.asked[value.field() as usize].unwrap_or(now.wall),
            at: now.wall,
        };
        self.row.field_mut(value.field()).observed(value, look)
    }

    /// Notes whether DND that we wrote was changed back. Returns whether it is not written from now on, because that
    /// happened too often: two programs that fight help nobody.
    pub(super) fn note_flip(&mut self, now: Moment) -> bool {
        let (Some(seen), Some(write)) = (self.seen(Field::Dnd), self.row.dnd.last_write) else {
            return false;
        };
        if seen.value == write.to {
            return false;
        }
        self.trouble_mut().note_flip(write.at, now)
    }

    /// For how much longer DND is not written, where it was changed back too often.
    pub(super) fn stopped_for(&self, now: Moment) -> Option<Duration> {
        self.trouble.as_ref()?.stopped_for(now)
    }

    fn trouble_mut(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    /// Whether the operator paused this member.
    pub(super) fn is_paused(&self, now: Moment) -> bool {
        self.row.paused.is_some_and(|pause| pause.is_on(now.wall))
    }

    /// Notes what the PBX has after our write, without a judgement about ownership.
    pub(super) fn wrote(&mut self, value: Value, now: Moment) {
        self.seen[value.field() as usize] = Some(Seen { value, at: now });
    }

    pub(super) fn reading(&self, field: Field, now: Moment) -> Option<Reading> {
        self.seen(field).map(|seen| Reading {
            value: seen.value,
            fresh: now.uptime.saturating_sub(seen.at.uptime) <= READING_STAYS_FRESH,
        })
    }

    pub(super) fn unknown_for(&self, now: Moment) -> Option<Duration> {
        let unknown = self.unknown.as_ref().filter(|_| self.tried)?;
        Some(
            unknown
                .before
                .saturating_add(now.uptime.saturating_sub(unknown.noticed)),
        )
    }

    /// For how long the outcome for DND is the same.
    pub(super) fn dnd_outcome_for(&self, now: Moment) -> Duration {
        self.sight.as_ref().map_or(Duration::ZERO, |sight| {
            now.uptime
                .saturating_sub(sight.outcome_since[Field::Dnd as usize].uptime)
        })
    }

    /// Notes that the presence is not known. Returns whether that is news.
    pub(super) fn lose_sight(&mut self, because: UnknownBecause, now: Moment) -> bool {
        let news = self.unknown.is_none() || !self.tried;
        self.tried = true;
        let unknown = self.unknown.get_or_insert_with(|| {
            Box::new(Unknown {
                since: now.wall,
                before: Duration::ZERO,
                noticed: now.uptime,
                because,
            })
        });
        unknown.because = because;
        news
    }

    /// Notes a failure that concerns this field of this person. Returns when it may be tried again (uptime).
    pub(super) fn failed(&mut self, field: Field, error: &PortError, now: Moment) -> Duration {
        self.trouble_mut().failed(field, error, now)
    }

    /// Notes that a write failed: a reading that follows does not make the next failure the first one again.
    pub(super) fn write_failed(&mut self, field: Field) {
        self.trouble_mut().write_failed(field);
    }

    /// Notes that a reading succeeded.
    pub(super) fn was_read(&mut self, field: Field) {
        if let Some(trouble) = &mut self.trouble {
            trouble.was_read(field);
        }
    }

    /// Notes that a write was answered.
    pub(super) fn succeeded(&mut self, field: Field) {
        if let Some(trouble) = &mut self.trouble {
            trouble.succeeded(field);
        }
    }

    /// The last failure that concerned this field of this person, and how long it is waited for after it.
    pub(super) fn waits_after(&self, field: Field, now: Moment) -> Option<(&str, Duration)> {
        self.trouble.as_ref()?.waits_after(field, now)
    }

    /// How often in a row this field failed.
    pub(super) fn attempts(&self, field: Field) -> u32 {
        self.trouble.as_ref().map_or(0, |trouble| trouble.attempts(field))
    }

    /// Whether something is under way for the field, or it waits after a failure.
    pub(super) fn is_busy(&self, field: Field, now: Moment) -> bool {
        let waits = self
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.waits(field, now));
        waits || !matches!(self.work(field), Work::Idle)
    }

    /// The row as it is to be stored.
    pub(super) fn durable_row(&self) -> LedgerRow {
        let unknown_since = self
            .unknown
            .as_ref()
            .filter(|_| self.row.holds_something())
            .map(|unknown| unknown.since);
        LedgerRow {
            unknown_since,
            ..self.row.clone()
        }
    }
}
