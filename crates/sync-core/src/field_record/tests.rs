//! The transitions of a record, one by one.

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
    assert!(record.observed(ON, Look::at(AT)).changed);
    assert_eq!(record.ours.map(|ours| ours.value), Some(ON));
    assert_eq!(record.settled, Settled::At(ON));
}

#[test]
fn after_a_crash_the_intended_value_not_found_did_not_take_effect() {
    let mut record = intended(ON, OFF);
    assert!(record.observed(OFF, Look::at(AT)).changed);
    assert_eq!((&record.intent, record.ours), (&None, None));
    assert!(record.observed(OFF, Look::at(AT + Stray::STAYS)).changed);
    assert_eq!(record, FieldRecord::default());
}

#[test]
fn a_write_that_takes_effect_after_it_was_looked_for_is_still_ours() {
    for later in [Duration::from_secs(1), Stray::STAYS, Stray::STAYS * 100] {
        let mut record = intended(ON, OFF);
        record.observed(OFF, Look::at(AT));
        record.settle(Settled::At(OFF));
        assert!(
            record.observed(ON, Look::at(AT + later)).proved.is_some(),
            "the first reading after the time counts"
        );
        assert_eq!(record.ours.map(|ours| (ours.value, ours.before)), Some((ON, OFF)));
        assert_eq!((record.settled, record.stray), (Settled::At(ON), None));
    }
}

#[test]
fn a_value_that_stood_there_before_is_no_sign_of_a_stray_write() {
    let mut record = intended(ON, OFF);
    record.observed(OFF, Look::at(AT));
    record.intend(Intent {
        to: ON,
        before: OFF,
        release: false,
        at: AT,
        rule: None,
    });
    record.confirm(OFF, AT);
    record.disown();
    assert!(
        record.observed(ON, Look::at(AT)).proved.is_none(),
        "we wrote it, and gave it up"
    );
    record.observed(OFF, Look::at(AT));
    assert!(record.observed(ON, Look::at(AT)).changed, "it came anew");
    assert_eq!(record.ours.map(|ours| ours.value), Some(ON));
}

#[test]
fn a_write_found_late_tells_what_it_replaced_and_remembers_what_stood_before_us() {
    let [available, away] = [ChatPresence::Available, ChatPresence::Away].map(Value::Chat);
    let busy = Value::Chat(ChatPresence::DoNotDisturb);
    let mut record = intended(away, available);
    record.confirm(available, AT);
    record.intend(Intent {
        to: busy,
        before: away,
        release: false,
        at: AT,
        rule: None,
    });
    record.observed(away, Look::at(AT));
    let proved = record.observed(busy, Look::at(AT)).proved.unwrap();
    assert_eq!((proved.before, proved.to), (away, busy));
    assert_eq!(
        record.ours.map(|ours| (ours.value, ours.before)),
        Some((busy, available))
    );
}

#[test]
fn a_look_that_proves_a_later_write_ends_the_search_for_an_earlier_one() {
    let mut record = intended(ON, OFF);
    record.observed(OFF, Look::at(AT));
    let off = Intent {
        to: OFF,
        before: ON,
        release: false,
        at: AT,
        rule: None,
    };
    record.intend(off);
    assert!(record.observed(OFF, Look::at(AT + Stray::STAYS)).proved.is_some());
    assert!(record.observed(ON, Look::at(AT + Stray::STAYS)).proved.is_none());
    assert_eq!(record.ours, None, "a human turned it on");
}

#[test]
fn a_write_that_was_given_up_is_a_humans() {
    let mut record = intended(ON, OFF);
    record.observed(OFF, Look::at(AT));
    record.observed(OFF, Look::at(AT + Stray::STAYS));
    assert!(!record.observed(ON, Look::at(AT + Stray::STAYS)).changed);
    assert_eq!(record.ours, None);
}

#[test]
fn an_answer_to_an_earlier_question_does_not_end_the_search() {
    let mut record = intended(ON, OFF);
    record.observed(OFF, Look::at(AT));
    let slow = Look {
        asked: AT,
        at: AT + Stray::STAYS * 2,
    };
    record.observed(OFF, slow);
    assert!(record.observed(ON, Look::at(AT + Stray::STAYS * 3)).changed);
    assert_eq!(record.ours.map(|ours| ours.value), Some(ON));
}

#[test]
fn a_clock_that_is_set_back_does_not_prolong_the_search() {
    let mut record = intended(ON, OFF);
    record.observed(OFF, Look::at(AT + Duration::from_secs(3_600)));
    record.observed(OFF, Look::at(AT));
    assert_eq!(record.stray, None);
}

#[test]
fn a_row_of_an_earlier_version_is_read() {
    let text = r#"{"settled":"never","intent":null,"ours":null,"last_write":null}"#;
    assert_eq!(
        serde_json::from_str::<FieldRecord>(text).unwrap(),
        FieldRecord::default()
    );
}

#[test]
fn a_humans_toggle_ends_our_ownership() {
    let mut record = intended(ON, OFF);
    record.confirm(OFF, AT);
    assert!(record.observed(OFF, Look::at(AT)).changed);
    assert_eq!(record.ours, None);
    assert_eq!(record.settled, Settled::At(ON));
    assert!(
        !record.observed(ON, Look::at(AT)).changed,
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
    assert_eq!(intended(ON, OFF).observed(OFF, Look::at(AT)).proved, None);
    assert_eq!(intended(ON, ON).observed(ON, Look::at(AT)).proved, None);
    assert_eq!(FieldRecord::default().observed(ON, Look::at(AT)).proved, None);
    let mut record = intended(ON, OFF);
    let intent = record.intent.as_deref().cloned();
    assert_eq!(record.observed(ON, Look::at(AT)).proved, intent);
}
