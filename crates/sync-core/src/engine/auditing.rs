//! Entries of the audit on their way into the ledger: each goes with the row of its user, in the same transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Engine;
use crate::audit::{AuditEntry, AuditResult};
use crate::field_record::Intent;
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::plan::Change;
use crate::value::Value;

/// Entries that are not stored yet.
#[derive(Debug, Default)]
pub(super) struct Auditing {
    number: u64,
    waiting: BTreeMap<PbxUserId, Vec<AuditEntry>>,
}

impl Auditing {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Users with entries.
    pub(super) fn users(&self) -> impl Iterator<Item = PbxUserId> {
        self.waiting.keys().copied()
    }

    /// Takes the entries of these users, oldest first.
    pub(super) fn take(&mut self, users: impl IntoIterator<Item = PbxUserId>) -> Vec<AuditEntry> {
        let mut taken: Vec<AuditEntry> = users
            .into_iter()
            .filter_map(|user| self.waiting.remove(&user))
            .flatten()
            .collect();
        taken.sort_by_key(|entry| entry.number);
        taken
    }

    /// Puts entries back that could not be stored. They keep their numbers, so that one that was stored all the same is
    /// not stored twice.
    pub(super) fn put_back(&mut self, entries: Vec<AuditEntry>) {
        for entry in entries {
            let waiting = self.waiting.entry(entry.user).or_default();
            let place = waiting.partition_point(|other| other.number < entry.number);
            waiting.insert(place, entry);
        }
    }

    fn note(&mut self, entry: AuditEntry) {
        self.number += 1;
        let entry = AuditEntry {
            number: self.number,
            ..entry
        };
        self.waiting.entry(entry.user).or_default().push(entry);
    }
}

/// The rule of a change as it is kept.
pub(super) fn rule(change: &Change) -> Option<Arc<str>> {
    Some(&change.because.rule)
        .filter(|rule| !rule.is_empty())
        .cloned()
}

impl Engine {
    /// The PBX confirmed a write, which replaced `from`.
    pub(super) fn audit_confirmed(&mut self, change: &Change, from: Value, now: Moment) {
        self.auditing.note(AuditEntry {
            number: 0,
            at: to_the_millisecond(now.wall),
            user: change.pbx_user,
            from,
            to: change.to,
            rule: rule(change),
            release: change.release,
            result: AuditResult::Confirmed,
        });
    }

    /// A reading shows that an intended write took effect, although its answer was never heard.
    pub(super) fn audit_found(&mut self, user: PbxUserId, intent: Intent, now: Moment) {
        self.auditing.note(AuditEntry {
            number: 0,
            at: to_the_millisecond(now.wall),
            user,
            from: intent.before,
            to: intent.to,
            rule: intent.rule,
            release: intent.release,
            result: AuditResult::Found,
        });
    }
}

fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
