use std::collections::BTreeSet;

use sync_adapters::graph;
use sync_adapters::starface::REMEDIES;
use sync_core::{Fault, PortError, Remedy};

use super::*;

fn names(source: &str) -> BTreeSet<&str> {
    source
        .lines()
        .filter(|line| !line.starts_with(['#', ' ']))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn both_languages_have_the_same_texts() {
    let english = names(include_str!("../../../locales/doctor.en.ftl"));
    let german = names(include_str!("../../../locales/doctor.de.ftl"));
    let (particular, german): (BTreeSet<&str>, BTreeSet<&str>) =
        german.into_iter().partition(|name| name.starts_with("advice-"));
    assert!(english.len() > 100 && particular.len() > 30);
    assert_eq!(english, german);
}

fn refused(word: &'static str, login: Option<&str>) -> Finding {
    let remedy = Remedy {
        word,
        arguments: [("link", Some("https://consent.example/")), ("login", login)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_owned())))
            .collect(),
    };
    let error = PortError::new(Fault::Credentials, "sign in to Microsoft").with_advice("In English.");
    Finding::failed(Check::TeamsSignIn, &error.with_remedy(Some(remedy)))
}

#[test]
fn whatever_is_known_of_a_refusal_by_entra_is_said_in_german_too() {
    let (german, english) = (Words::new(Language::German), Words::new(Language::English));
    let mut texts = BTreeSet::new();
    for remedy in graph::Remedy::ALL {
        let word = remedy.as_str();
        let told = refused(word, None).in_words(&german);
        let text = told.remedy.unwrap_or_default();
        assert!(german.texts.has(&format!("advice-{word}")), "{word}");
        assert!(!text.contains('{'), "{word}: {text}");
        assert_eq!(
            text.contains("https://consent.example/"),
            word == "consent",
            "{text}"
        );
        assert!(texts.insert(text), "{word}: said twice");
        assert_eq!(told.advice, Some(word));
        let told = refused(word, None).in_words(&english);
        assert_eq!(told.remedy.as_deref(), Some("In English."));
    }
}

#[test]
fn whatever_is_known_of_a_failure_of_the_pbx_is_said_in_german_too() {
    let german = Words::new(Language::German);
    for word in REMEDIES {
        assert!(german.texts.has(&format!("advice-{word}")), "{word}");
    }
}

#[test]
fn where_somebody_has_to_sign_in_anew_the_command_for_that_is_named() {
    let told =
        refused("sign-in-ended", Some("presencectl login main")).in_words(&Words::new(Language::German));
    assert_eq!(
        told.remedy.as_deref(),
        Some(
            "Die gespeicherte Anmeldung ist abgelaufen oder wurde widerrufen. Jemand muss sich neu anmelden. Neu anmelden: \
             `presencectl login main`."
        )
    );
}

#[test]
fn a_word_without_a_text_leaves_the_remedy_of_its_fault() {
    let told = refused("novel", None).in_words(&Words::new(Language::German));
    assert!(
        told.remedy
            .unwrap_or_default()
            .contains("Clientschlüssel anlegen")
    );
}

#[test]
fn each_failure_of_each_link_has_a_text_and_a_remedy_in_both_languages() {
    let faults = [
        Fault::Configuration,
        Fault::Credentials,
        Fault::NobodySignedIn,
        Fault::Permission,
        Fault::Throttled { retry_after: None },
        Fault::Unreachable,
        Fault::NotFound,
        Fault::Server,
        Fault::Protocol,
        Fault::State,
    ];
    let links = [
        Check::State,
        Check::TeamsReach,
        Check::TeamsSignIn,
        Check::PbxReach,
        Check::PbxSignIn,
        Check::PbxUsers,
        Check::Group,
        Check::Matches,
        Check::Presence,
        Check::PbxRights,
        Check::Module,
    ];
    for language in [Language::English, Language::German] {
        let words = Words::new(language);
        for check in links {
            for fault in faults {
                let finding = Finding::failed(check, &PortError::new(fault, "try"));
                let told = finding.in_words(&words);
                assert!(told.message.contains(' '), "{check}: {}", told.message);
                assert!(told.remedy.is_some(), "{check}, {fault}");
            }
        }
    }
}

#[test]
fn a_link_that_is_down_has_a_remedy_in_both_languages() {
    let instance = InstanceName("main".into());
    let link = |link: LinkName, fault: &str, remedy: Option<RemedyView>| LinkView {
        link,
        state: "down".to_owned(),
        error: Some("cannot try".to_owned()),
        fault: Some(fault.to_owned()),
        advice: Some("in English".to_owned()),
        remedy,
        since: None,
        retry_in_seconds: None,
        last_success_seconds: None,
    };
    let (german, english) = (Words::new(Language::German), Words::new(Language::English));
    for name in LinkName::ALL {
        for fault in [
            "credentials",
            "nobody-signed-in",
            "permission",
            "unreachable",
            "state",
        ] {
            let link = link(name, fault, None);
            assert!(
                german.remedy_of(&instance, &link).unwrap().contains(' '),
                "{name}, {fault}"
            );
            assert_eq!(
                english.remedy_of(&instance, &link).as_deref(),
                Some("In English.")
            );
        }
    }
    let remedy = RemedyView {
        word: "sign-in-ended".to_owned(),
        arguments: [("login".to_owned(), "presencectl login main".to_owned())].into(),
    };
    let told = german.remedy_of(&instance, &link(LinkName::Presence, "credentials", Some(remedy)));
    assert!(told.unwrap().ends_with("Neu anmelden: `presencectl login main`."));
}
