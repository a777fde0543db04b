//! Whatever is changed in whatever file: that is changed, and nothing else.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use sync_service::config::EXAMPLE;
use sync_service::config::edit::{Change, Document, KeyPath};

/// Files that are written in every way that TOML has.
const FILES: &[&str] = &[
    "",
    "# nothing but this\n\n",
    EXAMPLE,
    "version = 1\ndaemon.log = \"warn\" # dotted\ndaemon.listen = '127.0.0.1:0'\ninstances.a.sync.breaker.share = 0.5\n[instances.a.teams]\ncloud = \"global\"\n",
    "version = 1\ninstances = { a = { teams = { cloud = \"global\" }, sync = { poll_interval = \"2s\" } } } # all in one\n[daemon]\n\tlog = \"warn\"\n",
    "\u{feff}# head\r\n\r\n\"version\" = 0x1\r\n[instances.'a'.rules]\r\ndnd = [ # these\r\n  \"Busy\", # one\r\n\r\n  # two\r\n  'Away' ]\r\n[instances.'a'.rules.chat]\r\n\"Busy/InAMeeting\"='away'\r\n# tail",
    "[instances.a.sync]\nbreaker = { share = 0.5 , at_least = 10 }\n\n# between\n\n[daemon]\n[instances.b]\n[instances.a]\nenabled = true\n[[odd]]\nx = [1, 2.5, {y = \"z\"}]\n[instances.a.rules]\n",
];

fn part() -> impl Strategy<Value = String> {
    let names = [
        "daemon",
        "log",
        "listen",
        "instances",
        "a",
        "b",
        "main",
        "teams",
        "sync",
        "breaker",
        "share",
        "at_least",
        "rules",
        "dnd",
        "chat",
        "Busy/InAMeeting",
        "version",
        "odd",
        "x",
        "defaults",
        "a b",
        "",
        "ä\"\\",
    ];
    prop_oneof![9 => select(names.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["Busy", "Away", "Busy/InAMeeting", "2s"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((part(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A path that a file has, or one near it, or any.
fn path(file: &Document, index: Index, more: &[String], cut: usize) -> KeyPath {
    fn collect(value: &Value, path: &KeyPath, found: &mut Vec<KeyPath>) {
        for (name, below) in value.as_object().into_iter().flatten() {
            found.push(path.below(name));
            collect(below, &path.below(name), found);
        }
    }
    let mut known = vec![KeyPath::new::<String>([])];
    collect(&file.values(), &known[0].clone(), &mut known);
    let known = &known[index.index(known.len())];
    let kept = known.parts().len().saturating_sub(cut);
    let parts: Vec<String> = known.parts()[..kept].iter().chain(more).cloned().collect();
    KeyPath::new(if parts.is_empty() {
        vec!["daemon".to_owned()]
    } else {
        parts
    })
}

/// What the change means, in the plainest words; `None` where it cannot be.
fn expected(values: &Value, change: &Change) -> Option<Value> {
    let mut values = values.clone();
    let (last, above) = change.key().parts().split_last()?;
    let mut table = values.as_object_mut()?;
    for name in above {
        if !table.contains_key(name) {
            match change {
                Change::Set { .. } => table.insert(name.clone(), json!({})),
                _ => return Some(values),
            };
        }
        table = table.get_mut(name)?.as_object_mut()?;
    }
    match change {
        Change::Set { value, .. } => table.insert(last.clone(), value.clone()),
        _ => table.shift_remove(last),
    };
    Some(values)
}

/// Tables without keys need not be written, and 1 is 1.0.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), plain(value)));
            let full = members.filter(|(_, value)| value != &Value::Object(Map::new()));
            Value::Object(full.collect())
        }
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.iter().map(whole).collect(),
        other => other.clone(),
    }
}

/// In a list every table counts.
fn whole(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), whole(value)))
                .collect(),
        ),
        other => plain(other),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_is_made_exactly_and_shows_as_the_only_difference(
        file in select(FILES.to_vec()),
        removes in any::<bool>(),
        index in any::<Index>(),
        more in proptest::collection::vec(part(), 0..3),
        cut in 0_usize..2,
        value in value(),
    ) {
        let document = Document::of(file).unwrap();
        let key = path(&document, index, &more, cut);
        let change = match removes {
            true => Change::Remove { key: key.clone() },
            false => Change::Set { key: key.clone(), value },
        };
        let mut before = document.values();
        let new = before.as_object().is_some_and(Map::is_empty) && !removes;
        if new {
            before = json!({"version": 1});
        }
        let edited = document.edited(std::slice::from_ref(&change));
        let Some(after) = expected(&before, &change) else {
            prop_assert!(edited.is_err(), "{key} went through a value: {edited:?}");
            return Ok(());
        };
        let edited = edited.map_err(|error| TestCaseError::fail(format!("{change:?}: {error}")))?;
        prop_assert_eq!(plain(&edited.values()), plain(&after), "{}", edited.text());
        for difference in document.differences(&edited) {
            let parts = difference.key.parts();
            let about = key.parts().starts_with(parts) || parts.starts_with(key.parts());
            prop_assert!(about || new && parts == ["version"], "{} is no part of {}", difference.key, key);
        }
    }

    #[test]
    fn setting_what_is_there_changes_no_letter(file in select(FILES.to_vec()), index in any::<Index>(), cut in 0_usize..2) {
        let document = Document::of(file).unwrap();
        let key = path(&document, index, &[], cut);
        let found = key.parts().iter().try_fold(document.values(), |values, part| values.get(part).cloned());
        if let Some(value) = found {
            let edited = document.edited(&[Change::Set { key, value }]).unwrap();
            prop_assert_eq!(edited.text(), file);
        }
    }

    #[test]
    fn another_word_changes_its_line_alone(file in select(FILES.to_vec()), index in any::<Index>(), word in "[a-z]{1,40}") {
        let document = Document::of(file).unwrap();
        let key = path(&document, index, &[], 0);
        let found = key.parts().iter().try_fold(document.values(), |values, part| values.get(part).cloned());
        if found.is_some_and(|value| !value.is_object() && !value.is_array()) {
            let edited = document.edited(&[Change::Set { key, value: word.into() }]).unwrap();
            prop_assert_eq!(file.lines().count(), edited.text().lines().count());
            let changed = file.lines().zip(edited.text().lines()).filter(|(old, new)| old != new).count();
            prop_assert!(changed == 1, "{}", edited.text());
        }
    }

    #[test]
    fn a_new_key_leaves_every_line_that_was_there(
        file in select(FILES.to_vec()),
        name in "[a-z]{9}",
        value in value(),
    ) {
        let document = Document::of(file).unwrap();
        for key in [KeyPath::new([name.as_str()]), KeyPath::new(["instances", "a", name.as_str()])] {
            let edited = document.edited(&[Change::Set { key, value: value.clone() }]).unwrap();
            let mut lines = edited.text().lines();
            for line in file.lines().filter(|line| !line.starts_with("instances =")) {
                prop_assert!(lines.any(|other| other == line), "{line:?} is gone: {}", edited.text());
            }
        }
    }
}
