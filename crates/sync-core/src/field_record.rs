//! What is remembered about one field of one PBX user, and how it changes: the durable half of every decision.
//!
//! A record holds the outcome that was last carried out, an intent that is not confirmed yet, and the value that stands in
//! the PBX because of us. Each transition is a small pure method, so that the rules of ownership can be read and tested in
//! one place.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// The outcome that a field was last brought in line with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// None yet: the member was never seen, so the first outcome is due.
    #[default]
    Never,
    /// This outcome was carried out, or found to need nothing.
    At(Value),
    /// Our value was taken back and this one put in its place; the next known outcome is due, unless a human changed
    /// the value since.
    Released(Value),
}

/// A write that was committed before the PBX was touched, and is not confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The value to be written.
    pub to: Value,
    /// The value that was read just before the intent was committed.
    pub before: Value,
    /// Whether the write takes our own value back instead of carrying out an outcome.
    pub release: bool,
    /// When it was decided.
    pub at: Timestamp,
    /// The rule that won, or the reason of a release: what the audit says of the write if its answer is never heard. `None`
    /// where an earlier version stored the intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
}

/// A write of unknown fate that was not found when the PBX was read: it may still take effect.
///
/// A PUT can outlive the time-out that was reported for it. Until [`Stray::until`], and until one reading after that,
/// the value is taken for ours where it is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// What was intended.
    pub intent: Intent,
    /// When the PBX is read once more, and the write is given up where it is not found.
    pub until: Timestamp,
    /// What was known to stand there last: what stays the same is no sign of the write.
    pub last: Value,
    /// What stood there before the first of our writes in a row. `None` where an earlier version stored it as the intent's own
    /// `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Value>,
}

impl Stray {
    /// How long a write is waited for.
    pub const STAYS: Duration = Duration::from_secs(60);

    /// How much longer the write is waited for at `now`; `None` where it is not any more. A clock that was set back
    /// does not prolong it.
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        let remaining = Duration::try_from(self.until.duration_since(now)).ok()?;
        (!remaining.is_zero() && remaining <= Self::STAYS).then_some(remaining)
    }

    /// Whether a look that did not find the write ends the search: it began after the time, or the clock was set back.
    fn is_given_up(&self, look: Look) -> bool {
        look.asked >= self.until || (look.at < self.until && self.remaining(look.at).is_none())
    }
}

/// A look at the PBX, while no write of ours was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When the PBX was asked.
    pub asked: Timestamp,
    /// When it answered.
    pub at: Timestamp,
}

impl Look {
    /// A look that took no time.
    pub fn at(at: Timestamp) -> Self {
        Self { asked: at, at }
    }
}

/// What a look at the PBX made of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Whether the record is another one now.
    pub changed: bool,
    /// The write of unknown fate of which the look says that it took effect.
    pub proved: Option<Intent>,
}

/// A value that stands in the PBX because we put it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// What we wrote.
    pub value: Value,
    /// What stood there before the first of our writes in a row.
    pub before: Value,
    /// When we wrote it.
    pub since: Timestamp,
}

/// The last write of ours that was confirmed, kept for explanations even after a human changed the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastWrite {
    /// What stood there.
    pub from: Value,
    /// What we wrote.
    pub to: Value,
    /// When it was confirmed.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::DateTime"))]
    pub at: Timestamp,
}

/// The memory of one field of one PBX user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldRecord {
    /// The outcome last carried out.
    pub settled: Settled,
    /// A write whose fate is not known yet.
    pub intent: Option<Box<Intent>>,
    /// A write that may still take effect, although it was not found; rare, so that it has its place elsewhere.
    pub stray: Option<Box<Stray>>,
    /// Our value, while it stands.
    pub ours: Option<Ours>,
    /// The last confirmed write.
    pub last_write: Option<LastWrite>,
}

impl FieldRecord {
    /// Notes what is about to be written. It must be durable before the PBX is touched.
    pub fn intend(&mut self, intent: Intent) {
        self.intent = Some(Box::new(intent));
    }

    /// Forgets an intent of which it is certain that it was never sent.
    pub fn abandon(&mut self) {
        self.intent = None;
    }

    /// The intended write took effect at `at`, and replaced `before`. Returns what was written.
    ///
    /// DND that we turned off is nobody's: there is nothing to take back. Everything else that we wrote is ours, and
    /// a chain of our own writes remembers what stood there before its first.
    pub fn confirm(&mut self, before: Value, at: Timestamp) -> Option<Value> {
        let intent = self.intent.take()?;
        let first = self.before_ours(before);
        if let Some(stray) = &mut self.stray {
            stray.last = intent.to;
        }
        let nobodys = intent.release || intent.to == Value::Dnd(false);
        self.ours = (!nobodys).then_some(Ours {
            value: intent.to,
            before: first,
            since: at,
        });
        self.last_write = Some(LastWrite {
            from: before,
            to: intent.to,
            at,
        });
        self.settled = if intent.release {
            Settled::Released(intent.to)
        } else {
            Settled::At(intent.to)
        };
        Some(intent.to)
    }

    /// What stood there before the first of our writes in a row, where `before` stood there before the last one.
    fn before_ours(&self, before: Value) -> Value {
        match self.ours {
            Some(ours) if ours.value == before => ours.before,
            _ => before,
        }
    }

    /// The PBX was read while no write of ours was under way.
    ///
    /// An unconfirmed intent whose value is found is taken for our own write (what stood there before was read to be
    /// different); one whose value is not found did not take effect yet, and is looked for a while longer. A value of
    /// ours that is not found any more was changed by a human, which ends our ownership.
    pub fn observed(&mut self, found: Value, look: Look) -> Observed {
        let previous = self.clone();
        let proved = match self.intent.as_deref().cloned() {
            Some(intent) if found == intent.to && intent.before != found => {
                self.confirm(intent.before, look.at);
                // An earlier write that this look did not find either is not waited for any longer than by any other look.
                self.stray.take_if(|stray| stray.is_given_up(look));
                Some(intent)
            }
            Some(intent) => {
                self.intent = None;
                let first = Some(self.before_ours(intent.before));
                let until = look.at.checked_add(Stray::STAYS).ok();
                self.stray = until.map(|until| {
                    Box::new(Stray {
                        intent,
                        until,
                        last: found,
                        first,
                    })
                });
                None
            }
            None => self.look_for_the_stray(found, look),
        };
        if self.ours.is_some_and(|ours| ours.value != found) {
            self.ours = None;
        }
        Observed {
            changed: *self != previous,
            proved,
        }
    }

    /// A stray write that is found is ours like any other; one that is not found in time is given up.
    fn look_for_the_stray(&mut self, found: Value, look: Look) -> Option<Intent> {
        let stray = *self.stray.clone()?;
        // What stayed the same, or is ours already, is no sign of it.
        let known = stray.last == found || self.ours.is_some_and(|ours| ours.value == found);
        if found == stray.intent.to && !known {
            self.intent = Some(Box::new(stray.intent.clone()));
            let first = self.before_ours(stray.first.unwrap_or(stray.intent.before));
            self.confirm(stray.intent.before, look.at);
            if let Some(ours) = &mut self.ours {
                ours.before = first;
            }
            self.stray = None;
            return Some(stray.intent);
        }
        self.stray = (!stray.is_given_up(look)).then(|| Box::new(Stray { last: found, ..stray }));
        None
    }

    /// Whether the value in the PBX is ours, or may be, or may become so.
    pub fn may_be_ours(&self) -> bool {
        self.ours.is_some() || self.intent.is_some() || self.stray.is_some()
    }

    /// The outcome is in line, no write was needed.
    pub fn settle(&mut self, settled: Settled) {
        self.settled = settled;
    }

    /// Gives up a value of ours without writing, because nothing can be put back in its place.
    pub fn disown(&mut self) {
        if let Some(ours) = self.ours.take() {
            self.settled = Settled::Released(ours.value);
        }
    }
}

#[cfg(test)]
mod tests;
