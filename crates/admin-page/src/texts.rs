//! The texts are held to the program, and both languages to each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use presence_mapping::{ChatOutcome, ChatStatus, DndOutcome, Loss};
use serde::Serialize;
use sync_core::{Field, Health, LinkName, Mode, OwnerView, Policy, Rest, Show, SkipReason, WorkView};
use sync_service::api::InstanceState;

use crate::language::Tongue;

const GERMAN: &str = include_str!("../locales/de.ftl");
const ENGLISH: &str = include_str!("../locales/en.ftl");

/// The names of a file, each with the arguments of its text.
fn names(file: &str) -> BTreeSet<(String, BTreeSet<String>)> {
    let mut names: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in file.lines() {
        if let Some((name, _)) = line
            .split_once(" = ")
            .filter(|_| line.starts_with(char::is_alphabetic))
        {
            names.push((name.to_owned(), BTreeSet::new()));
        }
        let arguments = line
            .split("{ $")
            .skip(1)
            .filter_map(|rest| rest.split_whitespace().next());
        if let Some((_, known)) = names.last_mut() {
            known.extend(arguments.map(str::to_owned));
        }
    }
    names.into_iter().collect()
}

fn tongues() -> [Tongue; 2] {
    ["de", "en"].map(|code| Tongue::named(code).unwrap())
}

/// All literal names of texts in the sources and templates.
fn used() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    let mut folders = vec![root.join("src"), root.join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("texts.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for call in [
                ".t(\"",
                ".n(\"",
                ".w(\"",
                "say(\"",
                ".with(\"",
                "counted(\"",
                "say_with(\"",
            ] {
                let names = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_arguments() {
    let (german, english) = (names(GERMAN), names(ENGLISH));
    let only: Vec<_> = german.symmetric_difference(&english).collect();
    assert!(only.is_empty(), "{only:#?}");
    assert!(german.len() > 100);
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let used = used();
    assert!(used.len() > 50, "the search finds too few: {used:?}");
    for tongue in tongues() {
        let missing: Vec<_> = used.iter().filter(|name| !tongue.texts().has(name)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", tongue.code());
    }
}

#[test]
fn every_value_has_a_word() {
    fn all<T: Serialize>(kind: &str, values: &[T]) {
        for tongue in tongues() {
            for value in values {
                let word = serde_json::to_value(value).unwrap();
                let name = format!("{kind}-{}", word.as_str().unwrap());
                assert!(tongue.texts().has(&name), "{}: {name}", tongue.code());
            }
        }
    }
    all("show", &Show::ALL);
    all("skip", &SkipReason::ALL);
    all("skip-why", &SkipReason::ALL);
    all("health", &[Health::Ready, Health::Degraded, Health::NotReady]);
    all("link", &LinkName::ALL);
    all(
        "policy",
        &[Policy::LastChangeWins, Policy::TeamsLeads, Policy::OwnOnly],
    );
    all(
        "owner",
        &[OwnerView::Us, OwnerView::Unconfirmed, OwnerView::Others],
    );
    let work = [
        WorkView::Due,
        WorkView::Held,
        WorkView::Reading,
        WorkView::Writing,
    ];
    all("work", &work);
    all("work-says", &work);
    all("field", &[Field::Dnd, Field::Chat]);
    all(
        "outcome-dnd",
        &[DndOutcome::On, DndOutcome::Off, DndOutcome::Leave],
    );
    let chat = [ChatStatus::Available, ChatStatus::Away, ChatStatus::DoNotDisturb].map(ChatOutcome::Set);
    all("outcome-chat", &chat);
    all("outcome-chat", &[ChatOutcome::Leave]);
    all(
        "chat",
        &[ChatStatus::Available, ChatStatus::Away, ChatStatus::DoNotDisturb],
    );
    all(
        "loss",
        &[
            Loss::LessSpecific,
            Loss::OutOfOfficeOnly,
            Loss::IdleIsNamed,
            Loss::Repeated,
            Loss::BuiltIn,
        ],
    );
    let rests = [
        Rest::Left,
        Rest::InLine,
        Rest::AlreadyEqual,
        Rest::HumansDnd,
        Rest::HumansChange,
        Rest::NotOurs,
        Rest::CannotRestore,
        Rest::Unknown,
        Rest::Waiting,
        Rest::Paused,
        Rest::Stopped,
        Rest::Unlicensed,
        Rest::Unchecked,
        Rest::NotSynchronised,
    ];
    all("rest", &rests);
    let states = [
        InstanceState::Starting,
        InstanceState::Waiting,
        InstanceState::Running,
        InstanceState::Failed,
        InstanceState::Disabled,
        InstanceState::Stopped,
    ];
    all("state", &states);
    all("state-says", &states);
    assert_eq!(Mode::Paused.as_str(), "paused");
}

#[test]
fn every_field_of_the_settings_has_a_label_and_a_word_for_each_choice() {
    use crate::settings::field::{BEFORE, BEHIND, Kind};
    for tongue in tongues() {
        let has = |name: &str| assert!(tongue.texts().has(name), "{}: {name}", tongue.code());
        for section in BEFORE.iter().chain(&BEHIND) {
            has(&format!("settings-{}", section.name));
            for field in section.fields {
                has(&field.text());
                if let Some(wants) = field.wants() {
                    has(&format!("fault-wants-{wants}"));
                }
                let Kind::Choice(words) = field.kind else { continue };
                for word in words {
                    let word = if word.is_empty() { "default" } else { word };
                    has(&format!("{}-{word}", field.text()));
                }
            }
        }
    }
}

#[test]
fn every_reason_of_a_shut_gate_has_a_sentence() {
    // The words that `licensing::Refusal::code` and `sync_core::Shut::code` know.
    let codes = [
        "no-licence",
        "unreadable",
        "not-a-licence",
        "unknown-issuer",
        "wrong-signature",
        "later-version",
        "wrong-claims",
        "not-yet-valid",
        "expired",
        "wrong-mode",
        "other-pbx",
        "too-few-seats",
    ];
    for tongue in tongues() {
        for code in codes {
            assert!(tongue.texts().has(&format!("gate-{code}")), "{code}");
            let refused = format!("licence-refused-{code}");
            assert!(tongue.texts().has(&refused) || matches!(code, "no-licence" | "too-few-seats"));
        }
    }
}
