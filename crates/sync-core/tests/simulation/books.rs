//! The audit, measured by what the PBX saw: each write of ours that took effect and whose daemon knows that is in it once, and
//! nothing else is.

use std::time::Duration;

use sync_core::{AuditRecord, AuditResult, Value, Write};

use crate::daemon::truth;
use crate::op::DaemonId;
use crate::oracle::Oracle;

/// A write that took effect, or that a daemon cannot tell from one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    user: i64,
    /// What it replaced, and what its daemon had read; `None` where a human put the value there.
    replaced: Option<[Value; 2]>,
    to: Value,
    at: Duration,
    daemon: DaemonId,
    /// Whether the PBX's answer reached the daemon.
    confirmed: bool,
    /// Whether the daemon knows of it for sure, and since when.
    known: Option<Duration>,
    /// Whether it can still be found by a reading.
    stands: bool,
    /// Whether whoever finds it has to take it for ours.
    sure: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    entries: Vec<Entry>,
}

impl Oracle {
    pub(crate) fn book_landing(&mut self, daemon: DaemonId, write: &Write, before: Value, late: bool) {
        let user = write.user.0;
        self.book_end(user, write.to);
        let sure = self
            .slots
            .find(user, write.to.field())
            .is_some_and(|slot| slot.sure);
        self.books.entries.push(Entry {
            user,
            replaced: Some([before, write.from]),
            to: write.to,
            at: self.now,
            daemon,
            confirmed: false,
            known: None,
            stands: true,
            sure: sure && !late,
        });
    }

    /// The PBX's answer reached the daemon.
    pub(crate) fn book_answer(&mut self, daemon: DaemonId, write: &Write) {
        let now = self.now;
        let mut latest = self.books.entries.iter_mut().rev();
        if let Some(entry) = latest.find(|entry| {
            (entry.daemon, entry.user, entry.to) == (daemon, write.user.0, write.to)
                && entry.replaced.is_some()
        }) {
            entry.confirmed = true;
            entry.known = Some(now);
        }
    }

    /// A reading reached a daemon: a write of unknown fate whose value it finds took effect.
    pub(crate) fn book_reading(&mut self, user: i64, value: Value) {
        let now = self.now;
        for entry in &mut self.books.entries {
            if (entry.user, entry.to) == (user, value) && entry.stands && entry.sure {
                entry.known.get_or_insert(now);
            }
        }
    }

    /// Somebody else sets a value, which may be what we were about to set.
    pub(crate) fn book_other(&mut self, user: i64, value: Value, like_ours: bool) {
        self.book_end(user, value);
        if like_ours {
            self.book_like_ours(user, value);
        }
    }

    /// Somebody else's value that a daemon may take for ours.
    pub(crate) fn book_like_ours(&mut self, user: i64, value: Value) {
        self.books.entries.push(Entry {
            user,
            replaced: None,
            to: value,
            at: self.now,
            daemon: 0,
            confirmed: false,
            known: None,
            stands: false,
            sure: false,
        });
    }

    /// What a daemon learnt just before it ended may not be stored.
    pub(crate) fn book_life_ended(&mut self, daemon: DaemonId, recently: impl Fn(Duration) -> bool) {
        for entry in &mut self.books.entries {
            if entry.known.is_some_and(&recently) && (entry.daemon == daemon || !entry.confirmed) {
                entry.known = None;
            }
        }
    }

    /// Nothing that stands there now can be proved to be ours any more.
    pub(crate) fn book_forget(&mut self, user: i64) {
        for entry in self.books.entries.iter_mut().filter(|entry| entry.user == user) {
            entry.sure = false;
        }
    }

    fn book_end(&mut self, user: i64, value: Value) {
        for entry in &mut self.books.entries {
            entry.stands &= entry.user != user || entry.to.field() != value.field();
        }
    }

    /// The audit is all there is, and only what there is.
    pub(crate) fn audited(&mut self, records: &[AuditRecord]) {
        let entries = &self.books.entries;
        let fits = |record: usize, entry: usize| self.fits(&records[record], &entries[entry]);
        // Where a clock jumped nobody knows how long a write was looked for.
        let certain =
            |record: &usize| self.clocks_agree || records[*record].entry.result == AuditResult::Confirmed;
        let wrong = unmatched((0..records.len()).filter(certain), entries.len(), fits);
        if let Some(record) = wrong {
            let entry = &records[record].entry;
            let text = format!(
                "the audit says that {} of {} was changed from {} to {} ({}), which did not happen, or once less",
                entry.to.field(),
                entry.user,
                entry.from,
                entry.to,
                entry.result
            );
            return self.fail(&text);
        }
        let known = (0..entries.len()).filter(|entry| entries[*entry].known.is_some());
        let missing = unmatched(known, records.len(), |entry, record| fits(record, entry));
        if let Some(missing) = missing {
            let entry = &entries[missing];
            let text = format!(
                "{} of {} was set to {} at {:.3} s, which is not in the audit",
                entry.to.field(),
                entry.user,
                entry.to,
                entry.at.as_secs_f64()
            );
            self.fail(&text);
        }
    }

    fn fits(&self, record: &AuditRecord, entry: &Entry) -> bool {
        let audited = &record.entry;
        let from = entry
            .replaced
            .is_none_or(|replaced| replaced.contains(&audited.from));
        let known = audited.result == AuditResult::Found || entry.confirmed;
        // The audit's times are those of the daemon's clock, to the millisecond.
        let later = !self.clocks_agree || audited.at + Duration::from_millis(1) >= truth(entry.at);
        (audited.user.0, audited.to) == (entry.user, entry.to) && from && known && later
    }
}

/// One of `left` that has no partner of its own among `right`, in the best possible match.
fn unmatched(
    left: impl Iterator<Item = usize>,
    right: usize,
    fits: impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    fn finds(
        one: usize,
        partners: &mut [Option<usize>],
        tried: &mut [bool],
        fits: &impl Fn(usize, usize) -> bool,
    ) -> bool {
        for other in 0..partners.len() {
            if tried[other] || !fits(one, other) {
                continue;
            }
            tried[other] = true;
            if partners[other].is_none_or(|rival| finds(rival, partners, tried, fits)) {
                partners[other] = Some(one);
                return true;
            }
        }
        false
    }
    let mut partners = vec![None; right];
    let mut left = left;
    left.find(|one| !finds(*one, &mut partners, &mut vec![false; right], &fits))
}
