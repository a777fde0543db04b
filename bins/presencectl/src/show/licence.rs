//! Licences in words, German and English.

use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use licensing::{NotALicence, NotCovered, NotInForce, Refusal, Rejected, Terms};
use sync_core::{InstanceName, LicenceWarning};
use sync_service::language::{Catalogue, Language, argument, number};

pub(super) const GERMAN: &str = include_str!("../../locales/de.ftl");
pub(super) const ENGLISH: &str = include_str!("../../locales/en.ftl");

/// A licence that is in use.
#[derive(Debug)]
pub(crate) struct ShownLicence<'a> {
    pub(crate) file: Option<&'a Path>,
    pub(crate) instances: &'a [InstanceName],
    /// What it says; `None` where none was verified.
    pub(crate) terms: Option<&'a Terms>,
    pub(crate) used: Option<usize>,
    /// Why it does not do; a licence that is not there has neither terms nor a refusal.
    pub(crate) refusal: Option<&'a Refusal>,
    pub(crate) warnings: &'a [LicenceWarning],
}

/// What can be seen of a licence that was not verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsaid<'a> {
    pub(crate) key: &'a str,
    pub(crate) issuer: Option<&'a str>,
}

/// A licence that is in use: what it says, how it stands, what to do.
pub(crate) fn licence(shown: &ShownLicence<'_>, now: Timestamp, language: Language) -> String {
    let mut sheet = Sheet::new(language);
    let file = shown
        .file
        .map_or_else(|| sheet.texts.say("file-none"), |file| file.display().to_string());
    sheet.row("license-file", &file);
    let names: Vec<String> = shown.instances.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() {
        sheet.texts.say("nobody")
    } else {
        names.join(", ")
    };
    sheet.row("license-instances", &names);
    if let Some(terms) = shown.terms {
        sheet.terms(terms, shown.used);
    }
    sheet.state(shown.terms, shown.refusal, now);
    for warning in shown.warnings {
        let name = format!("warning-{}", warning.code);
        // What the state says already has no text of its own.
        if sheet.texts.has(&name) {
            let text = sheet.texts.say(&name);
            sheet.row("license-note", &text);
        }
    }
    sheet.text
}

/// A licence file that was looked at.
pub(crate) fn inspected(
    terms: Option<&Terms>,
    unsaid: Option<Unsaid<'_>>,
    refusal: Option<&Refusal>,
    now: Timestamp,
    language: Language,
) -> String {
    let mut sheet = Sheet::new(language);
    if let Some(terms) = terms {
        sheet.terms(terms, None);
    }
    if let Some(Unsaid { key, issuer }) = unsaid {
        let issuer = issuer.map_or_else(|| sheet.texts.say("not-named"), str::to_owned);
        let claimed = sheet
            .texts
            .say_with("claimed-issuer", &[("issuer", argument(issuer))]);
        let key = sheet.texts.say_with("key", &[("key", argument(key))]);
        sheet.row("license-issuer", &format!("{claimed}, {key}"));
    }
    sheet.state(terms, refusal, now);
    sheet.text
}

/// What a licence says, and nothing about now.
pub(crate) fn licence_details(terms: &Terms, language: Language) -> String {
    let mut sheet = Sheet::new(language);
    sheet.terms(terms, None);
    sheet.text
}

/// Lines with a label each.
struct Sheet {
    texts: Catalogue,
    text: String,
}

impl Sheet {
    fn new(language: Language) -> Self {
        let source = match language {
            Language::German => GERMAN,
            Language::English => ENGLISH,
        };
        Self {
            texts: Catalogue::new(language, source),
            text: String::new(),
        }
    }

    fn row(&mut self, label: &str, value: &str) {
        let label = self.texts.say(label);
        let _ = writeln!(self.text, "{label:<16} {value}");
    }

    fn terms(&mut self, terms: &Terms, used: Option<usize>) {
        self.row("license-customer", terms.customer.as_str());
        let mode = self.texts.say(&format!("mode-{}", terms.mode));
        self.row("license-mode", &mode);
        let licensed = ("licensed", number(terms.seats as usize));
        let seats = match used {
            Some(used) => self
                .texts
                .say_with("seats-used", &[("used", number(used)), licensed]),
            None => self.texts.say_with("seats-licensed", &[licensed]),
        };
        self.row("license-seats", &seats);
        let validity = [
            ("from", argument(self.moment(terms.from))),
            ("until", argument(self.end(terms.until))),
            ("grace", number(terms.grace_days.into())),
        ];
        let validity = self.texts.say_with("validity", &validity);
        self.row("license-validity", &validity);
        self.row("license-number", terms.number.as_str());
        if let Some(issuer) = &terms.issuer {
            self.row("license-issuer", issuer.as_str());
        }
        let pbx = terms
            .pbx
            .as_ref()
            .map_or_else(|| self.texts.say("pbx-any"), ToString::to_string);
        self.row("license-pbx", &pbx);
    }

    fn state(&mut self, terms: Option<&Terms>, refusal: Option<&Refusal>, now: Timestamp) {
        let (code, state) = match (refusal, terms) {
            (Some(refusal), _) => (Some(refusal.code()), self.refused(refusal)),
            (None, Some(terms)) => (None, self.in_force(terms, now)),
            (None, None) => (Some("missing"), self.texts.say("state-missing")),
        };
        self.row("license-state", &state);
        if let Some(code) = code {
            let hint = self.texts.say(&format!("hint-{code}"));
            self.row("license-hint", &hint);
        }
    }

    fn in_force(&self, terms: &Terms, now: Timestamp) -> String {
        if now >= terms.until {
            let until = argument(self.end(terms.grace_until()));
            return self.texts.say_with("state-grace", &[("until", until)]);
        }
        let days = terms.until.duration_since(now).as_hours() / 24;
        match usize::try_from(days) {
            Ok(days) if days < usize::from(licensing::WARN_DAYS[0]) => {
                self.texts.say_with("state-ending", &[("days", number(days))])
            }
            _ => self.texts.say("state-valid"),
        }
    }

    fn refused(&self, refusal: &Refusal) -> String {
        let name = format!("state-{}", refusal.code());
        let arguments = match refusal {
            Refusal::NotInForce(NotInForce::NotYetValid { from }) => {
                vec![("from", argument(self.moment(*from)))]
            }
            Refusal::NotInForce(NotInForce::Expired { since, .. }) => {
                vec![("since", argument(self.end(*since)))]
            }
            Refusal::NotCovered(NotCovered::TooFewSeats { needed, licensed }) => {
                let licensed = *licensed as usize;
                vec![
                    ("needed", number(*needed)),
                    ("licensed", number(licensed)),
                    ("missing", number(needed.saturating_sub(licensed))),
                ]
            }
            Refusal::NotCovered(NotCovered::WrongMode { licensed, needed }) => vec![
                ("licensed", argument(licensed.as_str())),
                ("needed", argument(needed.as_str())),
            ],
            Refusal::NotCovered(NotCovered::OtherPbx { licensed, actual }) => vec![
                ("licensed", argument(licensed.as_str())),
                ("actual", argument(actual.as_str())),
            ],
            Refusal::Rejected(Rejected::UnknownIssuer(key)) => vec![("key", argument(key.as_str()))],
            Refusal::NotALicence(why) => vec![("detail", argument(self.detail(why)))],
            _ => Vec::new(),
        };
        self.texts.say_with(&name, &arguments)
    }

    fn detail(&self, why: &NotALicence) -> String {
        let name = match why {
            NotALicence::Empty => "detail-empty",
            NotALicence::TooLong { .. } => "detail-too-long",
            NotALicence::NotText => "detail-not-text",
            NotALicence::Key => "detail-key",
            NotALicence::Header => "detail-header",
            NotALicence::Algorithm(algorithm) => {
                let algorithm = argument(algorithm.as_str());
                return self
                    .texts
                    .say_with("detail-algorithm", &[("algorithm", algorithm)]);
            }
            _ => "detail-form",
        };
        self.texts.say(name)
    }

    /// The last day where a licence ends with a day, else the moment.
    fn end(&self, moment: Timestamp) -> String {
        if is_midnight(moment) {
            let last = moment - jiff::SignedDuration::from_secs(1);
            self.formatted(last, "date-format")
        } else {
            self.formatted(moment, "time-format")
        }
    }

    fn moment(&self, moment: Timestamp) -> String {
        let format = if is_midnight(moment) {
            "date-format"
        } else {
            "time-format"
        };
        self.formatted(moment, format)
    }

    fn formatted(&self, moment: Timestamp, format: &str) -> String {
        let zoned = moment.to_zoned_datetime(TimeZone::UTC);
        zoned.strftime(&self.texts.say(format)).to_string()
    }
}

fn is_midnight(moment: Timestamp) -> bool {
    moment.as_second() % 86_400 == 0 && moment.subsec_nanosecond() == 0
}

#[cfg(test)]
mod tests {
    use licensing::{OperatingMode, SigningKey};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn terms() -> Terms {
        Terms {
            number: "2026-0001".parse().unwrap(),
            issuer: Some("Example Desk".parse().unwrap()),
            customer: "Müller & Söhne GmbH".parse().unwrap(),
            mode: OperatingMode::PresenceSync,
            seats: 50,
            issued: at("2025-12-01T00:00:00Z"),
            from: at("2026-01-01T00:00:00Z"),
            until: at("2027-01-01T00:00:00Z"),
            grace_days: 14,
            pbx: None,
        }
    }

    fn shown(terms: Option<&Terms>, refusal: Option<&Refusal>, now: &str, language: Language) -> String {
        let instances = [InstanceName("main".into()), InstanceName("north".into())];
        let warnings = ["ending", "not-replaced", "clock-set-back"].map(|code| LicenceWarning {
            code: code.to_owned(),
            message: "a warning".to_owned(),
        });
        let shown = ShownLicence {
            file: Some(Path::new("/etc/presence-sync/license.key")),
            instances: &instances,
            terms,
            used: terms.map(|_| 25),
            refusal,
            warnings: if refusal.is_none() { &warnings } else { &[] },
        };
        licence(&shown, at(now), language)
    }

    fn refusals() -> Vec<Refusal> {
        vec![
            NotALicence::Empty.into(),
            NotALicence::Algorithm("none".to_owned()).into(),
            Rejected::Signature.into(),
            Rejected::UnknownIssuer(SigningKey::from_seed(&[1; 32]).unwrap().public().id().clone()).into(),
            NotInForce::NotYetValid {
                from: at("2027-01-01T00:00:00Z"),
            }
            .into(),
            NotInForce::Expired {
                since: at("2026-01-01T00:00:00Z"),
                grace_days: 0,
            }
            .into(),
            NotCovered::WrongMode {
                licensed: OperatingMode::PresenceSync,
                needed: OperatingMode::FullIntegration,
            }
            .into(),
            NotCovered::OtherPbx {
                licensed: "a".parse().unwrap(),
                actual: "b".to_owned(),
            }
            .into(),
            NotCovered::TooFewSeats {
                needed: 51,
                licensed: 50,
            }
            .into(),
        ]
    }

    #[test]
    fn a_licence_is_shown_in_both_languages() {
        for (name, language) in [("de", Language::German), ("en", Language::English)] {
            let text = shown(Some(&terms()), None, "2026-11-23T09:00:00Z", language);
            insta::assert_snapshot!(format!("licence_{name}"), text);
        }
    }

    #[test]
    fn its_end_is_said_in_days_and_its_grace_by_date() {
        let state = |now: &str, language| {
            let text = shown(Some(&terms()), None, now, language);
            let line = text
                .lines()
                .find(|line| line.starts_with("State") || line.starts_with("Zustand"));
            line.unwrap()[17..].to_owned()
        };
        assert_eq!(
            state("2026-12-02T00:00:01Z", Language::English),
            "valid; ends in 29 days"
        );
        assert_eq!(
            state("2026-12-30T12:00:00Z", Language::German),
            "gültig; endet in 1 Tag"
        );
        assert_eq!(
            state("2026-12-31T12:00:00Z", Language::English),
            "valid; ends in less than a day"
        );
        assert_eq!(
            state("2027-01-05T12:00:00Z", Language::German),
            "abgelaufen; gilt in der Karenzzeit noch bis 14.01.2027"
        );
    }

    #[test]
    fn every_reason_is_said_in_both_languages_with_what_to_do() {
        for (name, language) in [("de", Language::German), ("en", Language::English)] {
            let texts: Vec<String> = refusals()
                .iter()
                .map(|refusal| shown(None, Some(refusal), "2026-11-23T09:00:00Z", language))
                .collect();
            insta::assert_snapshot!(format!("refusals_{name}"), texts.join("\n"));
        }
    }

    #[test]
    fn the_two_languages_have_the_same_texts() {
        let names = |source: &str| -> Vec<String> {
            let lines = source
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
            lines
                .filter_map(|line| Some(line.split_once(" =")?.0.to_owned()))
                .collect()
        };
        assert_eq!(names(GERMAN), names(ENGLISH));
        let refused = ["unreadable", "later-version", "wrong-claims"];
        let all = refusals()
            .iter()
            .map(Refusal::code)
            .chain(refused)
            .collect::<Vec<_>>();
        for language in [Language::German, Language::English] {
            let sheet = Sheet::new(language);
            for code in &all {
                for part in ["state", "hint"] {
                    assert!(sheet.texts.has(&format!("{part}-{code}")), "{part}-{code}");
                }
            }
        }
    }
}
