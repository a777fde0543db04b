//! Findings in words, German and English.

use serde::Serialize;
use sync_core::{InstanceName, LinkName, LinkView, RemedyView};

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
        let error = finding.error.as_ref();
        let remedy = error.and_then(|error| Some(error.remedy.as_deref()?.into()));
        if let Some(remedy) = remedy.and_then(|remedy| self.particular(&remedy)) {
            return Some(remedy);
        }
        let fault = error.map(|error| error.fault.to_string());
        self.of_fault(
            finding.check,
            fault.as_deref(),
            Some(finding.code),
            finding.instance.as_ref(),
        )
    }

    /// What is to be done about a link of a running instance that is down, in the same words as the diagnosis has for it.
    pub fn remedy_of(&self, instance: &InstanceName, link: &LinkView) -> Option<String> {
        if let (Language::English, Some(advice)) = (self.language, &link.advice) {
            return Some(sentence(advice));
        }
        let particular = link.remedy.as_ref().and_then(|remedy| self.particular(remedy));
        particular.or_else(|| {
            let check = match (link.link, link.fault.as_deref()) {
                (LinkName::Presence | LinkName::Directory, Some("credentials" | "nobody-signed-in")) => {
                    Check::TeamsSignIn
                }
                (LinkName::Roster | LinkName::Pbx, Some("credentials")) => Check::PbxSignIn,
                (LinkName::Presence, _) => Check::Presence,
                (LinkName::Directory, _) => Check::Matches,
                (LinkName::Roster, _) => Check::Group,
                (LinkName::Pbx, _) => Check::PbxRights,
                (LinkName::Chat, _) => Check::Module,
                (LinkName::Ledger, _) => Check::State,
            };
            self.of_fault(check, Some(link.fault.as_deref()?), None, Some(instance))
        })
    }

    /// What is to be done, as far as whose fault it is tells.
    fn of_fault(
        &self,
        check: Check,
        fault: Option<&str>,
        code: Option<&str>,
        instance: Option<&InstanceName>,
    ) -> Option<String> {
        let here = fault.map(|fault| format!("{check}-{fault}-remedy"));
        let code = code.map(|code| format!("{check}-{code}-remedy"));
        let any = fault.map(|fault| format!("any-{fault}-remedy"));
        let mut names = [here, code, any].into_iter().flatten();
        let name = names.find(|name| self.texts.has(name))?;
        Some(match instance {
            Some(instance) => self.say_of(&name, instance),
            None => self.texts.say(&name),
        })
    }

    /// What is known to be done about this very failure. English has that from whoever met it.
    fn particular(&self, remedy: &RemedyView) -> Option<String> {
        let name = format!("advice-{}", remedy.word);
        if !self.texts.has(&name) {
            return None;
        }
        let arguments: Vec<_> = remedy
            .arguments
            .iter()
            .map(|(name, value)| (name.as_str(), argument(value.clone())))
            .collect();
        let text = self.texts.say_with(&name, &arguments);
        let has_login = remedy.arguments.contains_key("login");
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
mod tests;
