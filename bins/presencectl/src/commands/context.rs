//! What every command is given: the configuration, the way out, the clock.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use sync_service::config::Environment;
use sync_service::language::Language;

use crate::arguments::{Format, InLanguage, LanguageName};
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::show::Now;
use crate::surroundings::Surroundings;

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// The configuration file that was named.
    pub(crate) file: Option<PathBuf>,
    /// How results are printed.
    pub(crate) format: Format,
    surroundings: Surroundings,
}

impl Context {
    pub(crate) fn new(file: Option<PathBuf>, format: Format, surroundings: Surroundings) -> Self {
        Self {
            file,
            format,
            surroundings,
        }
    }

    /// The configuration.
    pub(crate) fn configuration(&self) -> Result<Configuration, Failure> {
        Configuration::load(self.file.as_deref(), self.environment().clone())
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.surroundings.environment
    }

    /// The time.
    pub(crate) fn timestamp(&self) -> Timestamp {
        (self.surroundings.now)()
    }

    /// So many random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        (self.surroundings.random)(&mut bytes)
            .map_err(|error| Failure::new(error).while_doing("cannot get randomness from the system"))?;
        Ok(bytes)
    }

    /// The language that was asked for, or else that of the environment.
    pub(crate) fn language(&self, asked: InLanguage) -> Language {
        match asked.language {
            Some(LanguageName::De) => Language::German,
            Some(LanguageName::En) => Language::English,
            None => self.surroundings.language,
        }
    }

    /// The time, here.
    pub(crate) fn now(&self) -> Now {
        Now::new(self.timestamp(), TimeZone::system())
    }

    /// Prints a result: `value` for programs, or else what `text` makes for people.
    pub(crate) fn print(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => print_json(value),
            Format::Text => print_text(&text()),
        }
    }
}

/// Prints one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print_text(&serde_json::to_string(value).map_err(Failure::new)?)
}

/// Prints a text, with a line break at its end.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    forgiving(write!(stdout, "{text}{end}").and_then(|()| stdout.flush()))
}

/// Says something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    // Whoever closed the stream does not want to read it.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// A reader that has seen enough, such as `head`, ends the command, and is no failure to talk about.
fn forgiving(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::nobody_reads()),
        Err(error) => Err(Failure::new(error).while_doing("cannot print the result")),
        Ok(()) => Ok(()),
    }
}
