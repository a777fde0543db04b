//! German and English: the language of whoever reads, and texts in it.

use std::borrow::Cow;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that operators read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// German.
    German,
    /// English.
    #[default]
    English,
}

impl Language {
    /// The language of a process, by `LC_ALL`, `LC_MESSAGES` and `LANG` in this order; English where they name none of ours.
    ///
    /// <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02>
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
        let named = said
            .map(|locale| locale.to_lowercase())
            .find(|locale| !locale.is_empty());
        match named {
            Some(locale) if locale == "de" || locale.starts_with("de_") || locale.starts_with("de.") => {
                Self::German
            }
            _ => Self::English,
        }
    }

    fn id(self) -> LanguageIdentifier {
        let code: &str = match self {
            Self::German => "de",
            Self::English => "en",
        };
        code.parse().unwrap_or_default()
    }
}

/// Texts in one language, by their names in a Fluent file.
///
/// <https://projectfluent.org/fluent/guide/>
pub struct Catalogue {
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("locales", &self.bundle.locales)
            .finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The texts of a Fluent file in this language.
    pub fn new(language: Language, source: &str) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.id()]);
        // The marks that would isolate arguments for mixed directions of writing are not for terminals.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// One text. A name that the file does not have stands for itself.
    pub fn say(&self, name: &str) -> String {
        self.say_with(name, &[])
    }

    /// One text with its arguments.
    pub fn say_with(&self, name: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let pattern = self.bundle.get_message(name).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return name.to_owned();
        };
        let mut given = FluentArgs::new();
        for (name, value) in arguments {
            given.set(*name, value.clone());
        }
        // What is missing shows in the text, and the tests of the files find it.
        let mut errors = Vec::new();
        self.bundle
            .format_pattern(pattern, Some(&given), &mut errors)
            .into_owned()
    }

    /// Whether the file has a text of this name.
    pub fn has(&self, name: &str) -> bool {
        self.bundle.has_message(name)
    }
}

/// An argument of a text.
pub fn argument<'a>(value: impl Into<Cow<'a, str>>) -> FluentValue<'a> {
    FluentValue::String(value.into())
}

/// A number as an argument of a text, which may choose between singular and plural.
pub fn number(value: usize) -> FluentValue<'static> {
    FluentValue::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_the_environment_names() {
        let of = |variables: &[(&str, &str)]| {
            Language::of_environment(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Language::English);
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), Language::German);
        assert_eq!(of(&[("LANG", "de_AT")]), Language::German);
        assert_eq!(of(&[("LANG", "C.UTF-8")]), Language::English);
        assert_eq!(of(&[("LANG", "de_DE"), ("LC_ALL", "en_GB")]), Language::English);
        assert_eq!(of(&[("LANG", "de_DE"), ("LC_ALL", "")]), Language::German);
    }

    #[test]
    fn a_text_takes_arguments_and_plurals() {
        let texts = Catalogue::new(
            Language::German,
            "plain = Ja\nseats = { $count ->\n    [one] ein Platz\n   *[other] { $count } Plätze\n } für { $name }\n",
        );
        assert_eq!(texts.say("plain"), "Ja");
        let seats = |count| texts.say_with("seats", &[("count", number(count)), ("name", argument("Anna"))]);
        assert_eq!(
            (seats(1), seats(2)),
            ("ein Platz für Anna".to_owned(), "2 Plätze für Anna".to_owned())
        );
        assert_eq!(texts.say("nothing"), "nothing");
    }
}
