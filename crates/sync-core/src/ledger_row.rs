//! What is remembered about one PBX user.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field_record::FieldRecord;
use crate::ids::{Login, PbxUserId};
use crate::value::Field;

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pause {
    /// When it ends by itself; `None`: when somebody ends it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::DateTime>"))]
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
        Field::ALL
            .into_iter()
            .any(|field| self.field(field).may_be_ours())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_record::Intent;
    use crate::value::{ChatPresence, Value};

    #[test]
    fn a_row_survives_being_written_as_json() {
        let (away, other) = (Value::Chat(ChatPresence::Away), Value::Chat(ChatPresence::Other));
        let intent = |to, before| Intent {
            to,
            before,
            release: false,
            at: Timestamp::UNIX_EPOCH,
            rule: None,
        };
        let mut row = LedgerRow::new(PbxUserId(7), Login("0007".into()));
        row.dnd.intend(intent(Value::Dnd(true), Value::Dnd(false)));
        row.chat.intend(intent(away, other));
        row.chat.confirm(other, Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<LedgerRow>(&text).unwrap(), row);
    }
}
