//! Findings in words, German and English.

use serde::Serialize;
use sync_core::InstanceName;

use super::finding::{Check, Finding, Verdict};
use crate::language::{Catalogue, Language, argument};

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InWords {
    /// Which link.
    pub check: Check,
    /// The instance; `None` where the whole program is meant.
    pub instance: Option<InstanceName>,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, as a lasting word.
    pub code: &'static str,
    /// What was found, as a sentence.
    pub message: String,
    /// What belongs to it, line by line.
    pub details: Vec<String>,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
    /// The same as a lasting word, where more is known than check and code tell.
    pub advice: Option<&'static str>,
    /// Where it is explained.
    pub documentation: String,
}

/// The texts of one language.
#[derive(Debug)]
pub struct Words {
    language: Language,
    texts: Catalogue,
}

impl Words {
    /// The texts of this language.
    pub fn new(language: Language) -> Self {
        let source = match language {
            Language::German => include_str!("../../locales/doctor.de.ftl"),
            Language::English => include_str!("../../locales/doctor.en.ftl"),
        };
        Self {
            language,
            texts: Catalogue::new(language, source),
        }
    }

    /// A text of the frame around the findings.
    pub fn say(&self, name: &str) -> String {
        self.texts.say(name)
    }

    /// A text about an instance.
    pub fn say_of(&self, name: &str, instance: &InstanceName) -> String {
        self.texts
            .say_with(name, &[("instance", argument(instance.to_string()))])
    }

    fn message(&self, finding: &Finding) -> String {
        let arguments: Vec<_> = finding
            .arguments
            .iter()
            .map(|(name, value)| (*name, argument(value.clone())))
            .collect();
        let own = format!("{}-{}", finding.check, finding.code);
        let name = if self.texts.has(&own) {
            own
        } else {
            // What is said alike of every link: that it was not tried, and after what.
            format!("any-{}", finding.code)
        };
        self.texts.say_with(&name, &arguments)
    }

    fn remedy(&self, finding: &Finding) -> Option<String> {
        if finding.verdict < Verdict::Warning {
            return None;
        }
        if let (Language::English, Some(advice)) = (self.language, &finding.advice) {
            return Some(sentence(advice));
        }
        if let Some(remedy) = self.particular(finding) {
            return Some(remedy);
        }
        let fault = finding.error.as_ref().map(|error| error.fault);
        let here = fault.map(|fault| format!("{}-{fault}-remedy", finding.check));
        let code = format!("{}-{}-remedy", finding.check, finding.code);
        let any = fault.map(|fault| format!("any-{fault}-remedy"));
        let name = [here, Some(code), any]
            .into_iter()
            .flatten()
            .find(|name| self.texts.has(name))?;
        Some(match &finding.instance {
            Some(instance) => self.say_of(&name, instance),
            None => self.texts.say(&name),
        })
    }

    /// What is known to be done about this very failure. English has that from whoever met it.
    fn particular(&self, finding: &Finding) -> Option<String> {
        let remedy = finding.error.as_ref()?.remedy.as_ref()?;
        let name = format!("advice-{}", remedy.word);
        if !self.texts.has(&name) {
            return None;
        }
        let arguments: Vec<_> = remedy
            .arguments
            .iter()
            .map(|(name, value)| (*name, argument(value.clone())))
            .collect();
        let text = self.texts.say_with(&name, &arguments);
        let has_login = remedy.arguments.iter().any(|(name, _)| *name == "login");
        Some(match has_login {
            true => format!("{text} {}", self.texts.say_with("advice-login", &arguments)),
            false => text,
        })
    }

    fn documentation(&self, finding: &Finding) -> String {
        let page = match self.language {
            Language::German => "docs/doctor.de.md",
            Language::English => "docs/doctor.md",
        };
        format!("{page}#{}", finding.check)
    }
}

/// Advice is a sentence in some crates and a fragment in others.
fn sentence(advice: &str) -> String {
    let mut chars = advice.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>());
    let text = format!("{}{}", first.unwrap_or_default(), chars.as_str());
    if text.ends_with(['.', '!', '/']) {
        text
    } else {
        format!("{text}.")
    }
}

impl Finding {
    /// The finding in words.
    pub fn in_words(&self, words: &Words) -> InWords {
        InWords {
            check: self.check,
            instance: self.instance.clone(),
            verdict: self.verdict,
            code: self.code,
            message: words.message(self),
            details: self.details.clone(),
            remedy: words.remedy(self),
            advice: self
                .error
                .as_ref()
                .and_then(|error| error.remedy.as_ref())
                .map(|remedy| remedy.word),
            documentation: words.documentation(self),
        }
    }
}

#[cfg(test)]
mod tests {
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
        let english = names(include_str!("../../locales/doctor.en.ftl"));
        let german = names(include_str!("../../locales/doctor.de.ftl"));
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
}
