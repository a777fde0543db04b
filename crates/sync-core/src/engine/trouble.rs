//! What went wrong with one PBX user. Most have no trouble, so that it has its place elsewhere.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::fault::PortError;
use crate::moment::Moment;
use crate::value::Field;

/// The first wait after a failure for one person; it doubles up to [`RETRY_MOST`].
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_MOST: Duration = Duration::from_secs(5 * 60);
/// DND that is changed back so often within this time is not written for an hour.
const FLIPS: usize = 3;
const FLIPS_WITHIN: Duration = Duration::from_secs(10 * 60);
pub(super) const STOPPED_FOR: Duration = Duration::from_secs(60 * 60);

/// Failures, and fights with another writer.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    fields: [Failures; 2],
    /// When DND that we wrote was found changed back (uptime), and which write that was noticed for last.
    flips: VecDeque<Duration>,
    flipped: Option<Timestamp>,
    /// Until when DND is not written (uptime), because it was changed back too often.
    stopped_until: Option<Duration>,
}

/// What failed for one field.
#[derive(Clone, Debug, Default)]
struct Failures {
    /// How often in a row.
    attempts: u32,
    /// Whether a write failed since the last one that was answered.
    write_failed: bool,
    /// The field is left alone until then (uptime).
    not_before: Duration,
    /// What failed.
    error: Option<Box<str>>,
}

impl Trouble {
    /// Notes that the write of `written` was found changed back. Returns whether DND is not written from now on, because
    /// that happened too often: two programs that fight help nobody.
    pub(super) fn note_flip(&mut self, written: Timestamp, now: Moment) -> bool {
        if self.flipped == Some(written) {
            return false;
        }
        self.flipped = Some(written);
        self.flips.push_back(now.uptime);
        self.flips
            .retain(|at| now.uptime.saturating_sub(*at) <= FLIPS_WITHIN);
        if self.flips.len() < FLIPS {
            return false;
        }
        self.flips.clear();
        self.stopped_until = Some(now.uptime.saturating_add(STOPPED_FOR));
        true
    }

    /// For how much longer DND is not written, where it was changed back too often.
    pub(super) fn stopped_for(&self, now: Moment) -> Option<Duration> {
        let left = self.stopped_until?.saturating_sub(now.uptime);
        (!left.is_zero()).then_some(left)
    }

    /// Notes a failure that concerns this field of this person. Returns when it may be tried again (uptime).
    pub(super) fn failed(&mut self, field: Field, error: &PortError, now: Moment) -> Duration {
        let failures = &mut self.fields[field as usize];
        failures.error = Some(error.chain().into());
        let wait = RETRY_FIRST
            .saturating_mul(2_u32.saturating_pow(failures.attempts.min(16)))
            .min(RETRY_MOST);
        failures.attempts = failures.attempts.saturating_add(1);
        failures.not_before = now.uptime.saturating_add(wait);
        failures.not_before
    }

    /// Notes that a write failed: a reading that follows does not make the next failure the first one again.
    pub(super) fn write_failed(&mut self, field: Field) {
        self.fields[field as usize].write_failed = true;
    }

    /// Notes that a reading succeeded.
    pub(super) fn was_read(&mut self, field: Field) {
        if !self.fields[field as usize].write_failed {
            self.succeeded(field);
        }
    }

    /// Notes that a write was answered.
    pub(super) fn succeeded(&mut self, field: Field) {
        self.fields[field as usize] = Failures::default();
    }

    /// The last failure that concerned this field of this person, and how long it is waited for after it.
    pub(super) fn waits_after(&self, field: Field, now: Moment) -> Option<(&str, Duration)> {
        let failures = &self.fields[field as usize];
        let left = failures.not_before.saturating_sub(now.uptime);
        let error = failures.error.as_deref()?;
        (!left.is_zero()).then_some((error, left))
    }

    /// How often in a row this field failed.
    pub(super) fn attempts(&self, field: Field) -> u32 {
        self.fields[field as usize].attempts
    }

    /// Whether the field is left alone after a failure.
    pub(super) fn waits(&self, field: Field, now: Moment) -> bool {
        now.uptime < self.fields[field as usize].not_before
    }
}
