//! What is remembered about one PBX user, and how it changes: the durable half of every decision.
//!
//! A row holds, per field, the outcome that was last carried out, an intent that is not confirmed yet, and the value
//! that stands in the PBX because of us. Each transition is a small pure method, so that the rules of ownership can
//! be read and tested in one place.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Login, PbxUserId};
use crate::value::{Field, Value};

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
pub struct LastWrite {
    /// What stood there.
    pub from: Value,
    /// What we wrote.
    pub to: Value,
    /// When it was confirmed.
    pub at: Timestamp,
}

/// The memory of one field of one PBX user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldRecord {
    /// The outcome last carried out.
    pub settled: Settled,
    /// A write whose fate is not known yet.
    pub intent: Option<Intent>,
    /// Our value, while it stands.
    pub ours: Option<Ours>,
    /// The last confirmed write.
    pub last_write: Option<LastWrite>,
}

impl FieldRecord {
    /// Notes what is about to be written. It must be durable before the PBX is touched.
    pub fn intend(&mut self, intent: Intent) {
        self.intent = Some(intent);
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
        let first = match self.ours {
            Some(ours) if ours.value == before => ours.before,
            _ => before,
        };
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

    /// The unconfirmed intent of which this reading says that it took effect: the value is there, and was read to be
    /// different before.
    pub fn proved_by(&self, found: Value) -> Option<&Intent> {
        self.intent
            .as_ref()
            .filter(|intent| found == intent.to && intent.before != found)
    }

    /// The PBX was read while no write of ours was under way. Returns whether the record changed.
    ///
    /// An unconfirmed intent whose value is found is taken for our own write (what stood there before was read to be
    /// different); one whose value is not found did not take effect. A value of ours that is not found any more was
    /// changed by a human, which ends our ownership.
    pub fn observed(&mut self, found: Value, at: Timestamp) -> bool {
        let previous = self.clone();
        match self.proved_by(found).map(|intent| intent.before) {
            Some(before) => {
                self.confirm(before, at);
            }
            None => self.intent = None,
        }
        if self.ours.is_some_and(|ours| ours.value != found) {
            self.ours = None;
        }
        *self != previous
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

/// The durable record of one PBX user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The PBX user.
    pub user: PbxUserId,
    /// The login that the user had; a row never applies to somebody else who got the same id.
    pub login: Login,
    /// Do Not Disturb.
    pub dnd: FieldRecord,
    /// The chat status.
    pub chat: FieldRecord,
    /// Since when the user's presence is unknown, while we hold a value of the user.
    pub unknown_since: Option<Timestamp>,
    /// The operator's pause of this member.
    #[serde(default)]
    pub paused: Option<Pause>,
}

/// A pause: nothing is set, and what is ours stays unless presence stays unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends by itself; `None`: when somebody ends it.
    pub until: Option<Timestamp>,
}

impl Pause {
    /// Whether it goes on.
    pub fn is_on(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl LedgerRow {
    /// The row of a user that was never seen before.
    pub fn new(user: PbxUserId, login: Login) -> Self {
        Self {
            user,
            login,
            dnd: FieldRecord::default(),
            chat: FieldRecord::default(),
            unknown_since: None,
            paused: None,
        }
    }

    /// The record of one field.
    pub fn field(&self, field: Field) -> &FieldRecord {
        match field {
            Field::Dnd => &self.dnd,
            Field::Chat => &self.chat,
        }
    }

    /// The record of one field, to be changed.
    pub fn field_mut(&mut self, field: Field) -> &mut FieldRecord {
        match field {
            Field::Dnd => &mut self.dnd,
            Field::Chat => &mut self.chat,
        }
    }

    /// Whether anything in the PBX is ours, or may be.
    pub fn holds_something(&self) -> bool {
        Field::ALL.into_iter().any(|field| {
            let record = self.field(field);
            record.ours.is_some() || record.intent.is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ChatPresence;

    const ON: Value = Value::Dnd(true);
    const OFF: Value = Value::Dnd(false);
    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn intended(to: Value, before: Value) -> FieldRecord {
        let mut record = FieldRecord::default();
        record.intend(Intent {
            to,
            before,
            release: false,
            at: AT,
            rule: None,
        });
        record
    }

    #[test]
    fn a_confirmed_write_is_ours_and_remembers_what_stood_there() {
        let mut record = intended(ON, OFF);
        assert_eq!(record.confirm(OFF, AT), Some(ON));
        assert_eq!(
            record.ours,
            Some(Ours {
                value: ON,
                before: OFF,
                since: AT
            })
        );
        assert_eq!(record.settled, Settled::At(ON));
        assert_eq!(record.intent, None);
    }

    #[test]
    fn dnd_turned_off_is_nobodys() {
        let mut record = intended(OFF, ON);
        record.confirm(ON, AT);
        assert_eq!(record.ours, None);
    }

    #[test]
    fn after_a_crash_the_intended_value_found_is_ours() {
        let mut record = intended(ON, OFF);
        assert!(record.observed(ON, AT));
        assert_eq!(record.ours.map(|ours| ours.value), Some(ON));
        assert_eq!(record.settled, Settled::At(ON));
    }

    #[test]
    fn after_a_crash_the_intended_value_not_found_did_not_take_effect() {
        let mut record = intended(ON, OFF);
        assert!(record.observed(OFF, AT));
        assert_eq!(record, FieldRecord::default());
    }

    #[test]
    fn a_humans_toggle_ends_our_ownership() {
        let mut record = intended(ON, OFF);
        record.confirm(OFF, AT);
        assert!(record.observed(OFF, AT));
        assert_eq!(record.ours, None);
        assert_eq!(record.settled, Settled::At(ON));
        assert!(
            !record.observed(ON, AT),
            "what the human turns on again is not ours"
        );
        assert_eq!(record.ours, None);
    }

    #[test]
    fn a_chain_of_our_writes_remembers_the_value_before_its_first() {
        let chat = Value::Chat;
        let mut record = intended(chat(ChatPresence::Away), chat(ChatPresence::Available));
        record.confirm(chat(ChatPresence::Available), AT);
        record.intend(Intent {
            to: chat(ChatPresence::DoNotDisturb),
            before: chat(ChatPresence::Away),
            release: false,
            at: AT,
            rule: None,
        });
        record.confirm(chat(ChatPresence::Away), AT);
        assert_eq!(
            record.ours.map(|ours| ours.before),
            Some(chat(ChatPresence::Available))
        );
    }

    #[test]
    fn a_release_leaves_nothing_of_ours() {
        let mut record = intended(ON, OFF);
        record.confirm(OFF, AT);
        record.intend(Intent {
            to: OFF,
            before: ON,
            release: true,
            at: AT,
            rule: None,
        });
        record.confirm(ON, AT);
        assert_eq!((record.ours, record.settled), (None, Settled::Released(OFF)));
    }

    #[test]
    fn an_intent_of_an_earlier_version_is_read_without_its_rule() {
        let stored = r#"{"intent":{"to":true,"before":false,"release":false,"at":"1970-01-01T00:00:00Z"}}"#;
        let record: FieldRecord = serde_json::from_str(stored).unwrap();
        assert_eq!(record, intended(ON, OFF));
        let mut record = record;
        record.intent.as_mut().unwrap().rule = Some("*/Presenting".into());
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<FieldRecord>(&text).unwrap(), record);
    }

    #[test]
    fn only_a_value_that_was_not_there_before_proves_a_write() {
        assert_eq!(intended(ON, OFF).proved_by(OFF), None);
        assert_eq!(intended(ON, ON).proved_by(ON), None);
        assert_eq!(FieldRecord::default().proved_by(ON), None);
        let record = intended(ON, OFF);
        assert_eq!(record.proved_by(ON), record.intent.as_ref());
    }

    #[test]
    fn a_row_survives_being_written_as_json() {
        let mut row = LedgerRow::new(PbxUserId(7), Login("0007".into()));
        row.dnd = intended(ON, OFF);
        row.chat = intended(Value::Chat(ChatPresence::Away), Value::Chat(ChatPresence::Other));
        row.chat.confirm(Value::Chat(ChatPresence::Other), AT);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<LedgerRow>(&text).unwrap(), row);
    }
}
