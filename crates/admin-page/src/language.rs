//! German and English: which one a visitor reads, and the texts.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use cookie::Cookie;
use sync_service::language::{Catalogue, Language};

/// The cookie of whoever chose a language on the page.
pub(crate) const COOKIE: &str = "presence-sync-language";

static GERMAN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new(Language::German, include_str!("../locales/de.ftl")));
static ENGLISH: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new(Language::English, include_str!("../locales/en.ftl")));

/// The language of one visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tongue(Language);

impl Tongue {
    /// What the visitor chose on the page, else what the configuration says, else what the browser asks for, else English.
    pub(crate) fn of(headers: &HeaderMap, setting: Option<Language>) -> Self {
        let chosen = cookie_named(headers, COOKIE).and_then(|code| named(&code));
        let asked = || {
            let asked = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            preferred(asked)
        };
        Self(chosen.or(setting).or_else(asked).unwrap_or_default())
    }

    /// The language of this code, if it is one of ours.
    pub(crate) fn named(code: &str) -> Option<Self> {
        named(code).map(Self)
    }

    /// Its code, as HTML writes it.
    pub(crate) fn code(self) -> &'static str {
        match self.0 {
            Language::German => "de",
            Language::English => "en",
        }
    }

    /// The language itself.
    pub(crate) fn language(self) -> Language {
        self.0
    }

    /// Its texts.
    pub(crate) fn texts(self) -> &'static Catalogue {
        match self.0 {
            Language::German => &GERMAN,
            Language::English => &ENGLISH,
        }
    }

    /// One text.
    pub(crate) fn say(self, name: &str) -> String {
        self.texts().say(name)
    }
}

fn named(code: &str) -> Option<Language> {
    match code {
        "de" => Some(Language::German),
        "en" => Some(Language::English),
        _ => None,
    }
}

/// The first of ours by the weights of the list.
///
/// <https://www.rfc-editor.org/rfc/rfc9110#name-accept-language>
fn preferred(accept: &str) -> Option<Language> {
    let mut asked: Vec<(f32, Language)> = accept
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next()?.to_ascii_lowercase();
            let language = named(tag.split('-').next()?)?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            Some((weight.unwrap_or(1.0), language))
        })
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    // A stable sort: of two with one weight the first stays first.
    asked.sort_by(|one, other| other.0.total_cmp(&one.0));
    asked.first().map(|(_, language)| *language)
}

/// The value of a cookie.
pub(crate) fn cookie_named(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(header::HeaderName, &str)], setting: Option<Language>) -> &'static str {
        let map = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        Tongue::of(&map, setting).code()
    }

    #[test]
    fn a_choice_beats_the_setting_and_the_setting_beats_the_browser() {
        let german = (header::ACCEPT_LANGUAGE, "fr, de-AT;q=0.8, en;q=0.5");
        let chosen = (header::COOKIE, "other=1; presence-sync-language=en");
        assert_eq!(of(&[], None), "en");
        assert_eq!(of(std::slice::from_ref(&german), None), "de");
        assert_eq!(of(std::slice::from_ref(&german), Some(Language::English)), "en");
        assert_eq!(of(&[german, chosen], Some(Language::German)), "en");
        assert_eq!(of(&[(header::ACCEPT_LANGUAGE, "de;q=0, en;q=0.1")], None), "en");
        assert_eq!(of(&[(header::ACCEPT_LANGUAGE, "de;q=x,,;")], None), "de");
    }
}
