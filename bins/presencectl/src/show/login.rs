//! Signing in in words, German and English.

use sync_service::language::{Catalogue, Language, argument, number};

use super::licence::{ENGLISH, GERMAN};

/// What is said while somebody signs in.
pub(crate) struct LoginTexts(Catalogue);

impl LoginTexts {
    pub(crate) fn new(language: Language) -> Self {
        let source = match language {
            Language::German => GERMAN,
            Language::English => ENGLISH,
        };
        Self(Catalogue::new(language, source))
    }

    pub(crate) fn say(&self, name: &str) -> String {
        self.0.say(name)
    }

    pub(crate) fn device_code(&self, link: &str, code: &str, seconds: u64) -> String {
        let minutes = usize::try_from(seconds / 60).unwrap_or_default();
        let arguments = [
            ("link", argument(link)),
            ("code", argument(code)),
            ("minutes", number(minutes)),
        ];
        let text = self.0.say_with("login-device-code", &arguments);
        format!("{text}\n{}", self.0.say("login-account"))
    }

    /// The link stands in a line of its own, so that it can be copied whole.
    pub(crate) fn browser(&self, link: &str) -> String {
        let (text, account) = (self.0.say("login-browser"), self.0.say("login-account"));
        format!("{text}\n\n{link}\n\n{account}")
    }

    /// That somebody signed in, and who it was where that is known.
    pub(crate) fn done(&self, account: Option<&str>) -> String {
        match account {
            Some(account) => self
                .0
                .say_with("login-done-by", &[("account", argument(account))]),
            None => self.say("login-done"),
        }
    }

    pub(crate) fn missing(&self, permissions: &str) -> String {
        self.0
            .say_with("login-missing", &[("permissions", argument(permissions))])
    }

    pub(crate) fn daemon_deaf(&self, reason: &str) -> String {
        self.0
            .say_with("login-daemon-deaf", &[("reason", argument(reason))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages_with_its_arguments() {
        for language in [Language::German, Language::English] {
            let texts = LoginTexts::new(language);
            for name in [
                "login-done",
                "login-daemon-told",
                "login-daemon-none",
                "login-page-done",
                "login-page-done-text",
                "login-page-failed",
                "login-page-failed-text",
                "login-page-another",
                "login-page-another-text",
            ] {
                assert_ne!(texts.say(name), name);
            }
            let by = texts.done(Some("anna@example.com"));
            assert!(by.contains("anna@example.com"), "{by}");
            let prompt = texts.device_code("https://login.example", "ABC123", 900);
            assert!(
                prompt.contains("https://login.example") && prompt.contains("ABC123"),
                "{prompt}"
            );
            assert!(prompt.contains("15"), "{prompt}");
            assert!(
                texts
                    .browser("https://login.example")
                    .contains("\nhttps://login.example\n")
            );
            assert!(texts.missing("User.Read.All").contains("User.Read.All"));
            assert!(texts.daemon_deaf("the reason").contains("the reason"));
        }
    }
}
