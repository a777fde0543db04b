//! Values in the visitor's language: times, ages, states and reasons. The names of texts end in the words that the values
//! have in JSON.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use presence_mapping::Presence;
use serde::Serialize;
use sync_core::{FieldView, OwnerView, Value, WorkView};
use sync_service::language::{argument, number};

use crate::language::Tongue;

impl Tongue {
    /// The text `KIND-WORD`, where `WORD` is what the value is in JSON.
    pub(crate) fn word(self, kind: &str, value: &impl Serialize) -> String {
        let word = serde_json::to_value(value);
        let word = word
            .as_ref()
            .ok()
            .and_then(|word| word.as_str())
            .unwrap_or_default();
        let name = format!("{kind}-{word}");
        if self.texts().has(&name) {
            self.say(&name)
        } else {
            word.to_owned()
        }
    }

    /// A length of time, in the one unit that says enough.
    pub(crate) fn age(self, seconds: f64) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an age is not negative, and one beyond all bounds may be cut"
        )]
        let seconds = seconds.max(0.0) as usize;
        let (name, count) = match seconds {
            0..=119 => ("age-seconds", seconds),
            120..=7_199 => ("age-minutes", seconds / 60),
            7_200..=172_799 => ("age-hours", seconds / 3600),
            _ => ("age-days", seconds / 86_400),
        };
        self.texts().say_with(name, &[("count", number(count))])
    }

    /// A short length of time, to the tenth of a second.
    pub(crate) fn seconds(self, seconds: f64) -> String {
        let text = format!("{seconds:.1} s");
        match self.code() {
            "de" => text.replace('.', ","),
            _ => text,
        }
    }

    /// A moment, on the clock of this machine.
    pub(crate) fn moment(self, at: Timestamp) -> String {
        let zoned = at.to_zoned_datetime(TimeZone::system());
        let form = match self.code() {
            "de" => "%d.%m.%Y %H:%M:%S",
            _ => "%Y-%m-%d %H:%M:%S",
        };
        zoned.strftime(form).to_string()
    }

    /// The time of day.
    pub(crate) fn time(self, at: Timestamp) -> String {
        at.to_zoned_datetime(TimeZone::system())
            .strftime("%H:%M")
            .to_string()
    }

    /// A day.
    pub(crate) fn day(self, at: Timestamp) -> String {
        let zoned = at.to_zoned_datetime(TimeZone::system());
        let form = match self.code() {
            "de" => "%d.%m.%Y",
            _ => "%Y-%m-%d",
        };
        zoned.strftime(form).to_string()
    }

    /// A presence as Teams shows it; words that nobody knows stay as they are.
    pub(crate) fn presence(self, presence: &Presence) -> String {
        if presence.is_unknown() {
            return self.say("presence-unknown");
        }
        let named = |kind: &str, word: Option<&str>| {
            let word = word.unwrap_or_default();
            let name = format!("{kind}-{word}");
            if self.texts().has(&name) {
                self.say(&name)
            } else {
                word.to_owned()
            }
        };
        let availability = presence
            .availability
            .as_ref()
            .map(presence_mapping::Value::as_str);
        let activity = presence.activity.as_ref().map(presence_mapping::Value::as_str);
        let (availability, activity) = (named("availability", availability), named("activity", activity));
        let mut text = if availability == activity || activity.is_empty() {
            availability
        } else {
            format!("{availability} – {activity}")
        };
        if presence.out_of_office {
            text.push_str(", ");
            text.push_str(&self.say("activity-OutOfOffice"));
        }
        text
    }

    /// A value of a field.
    pub(crate) fn value(self, value: Value) -> String {
        match value {
            Value::Dnd(true) => self.say("dnd-on"),
            Value::Dnd(false) => self.say("dnd-off"),
            Value::Chat(status) => self.word("chat", &status),
        }
    }

    /// What stands in the PBX, and what will.
    pub(crate) fn field(self, view: &FieldView) -> String {
        let stands = view
            .pbx
            .map_or_else(|| self.say("not-read"), |value| self.value(value));
        match (view.work, view.wanted) {
            (WorkView::None, _) | (_, None) => stands,
            (work, Some(wanted)) => {
                let wanted = self.value(wanted);
                let work = self.word("work", &work);
                format!("{stands} → {wanted} ({work})")
            }
        }
    }

    /// Whose value it is.
    pub(crate) fn owner(self, owner: OwnerView) -> String {
        self.word("owner", &owner)
    }

    /// One text with words in it.
    pub(crate) fn with(self, name: &str, words: &[(&str, &str)]) -> String {
        let given: Vec<_> = words
            .iter()
            .map(|(name, word)| (*name, argument(*word)))
            .collect();
        self.texts().say_with(name, &given)
    }

    /// One text with a number in it.
    pub(crate) fn counted(self, name: &str, count: usize) -> String {
        self.texts().say_with(name, &[("count", number(count))])
    }
}
