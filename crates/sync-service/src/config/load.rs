//! From a file to settings.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sync_adapters::http::Proxies;
use toml::de::DeTable;

use super::daemon;
use super::fault::{ConfigErrors, Fault, FaultKind, Warning};
use super::instance;
use super::licence;
use super::overlap;
use super::reader::Reader;
use super::secret_files::{Disk, NamedFiles, SecretFiles};
use super::settings::Settings;
use super::source::{Place, Source};

/// What the configuration takes from the environment of the process, read by the program's `main`.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `CREDENTIALS_DIRECTORY`: the folder in which systemd puts the credentials of a service.
    ///
    /// <https://systemd.io/CREDENTIALS/>
    pub credentials_directory: Option<PathBuf>,
    /// The proxies of the environment, for the way to Microsoft.
    pub proxies: Proxies,
    /// The clock; without one it is not judged whether certificates are still good.
    pub now: Option<fn() -> Timestamp>,
}

impl Environment {
    /// Reads the environment through `variable`, such as `|name| std::env::var(name).ok()`.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            credentials_directory: variable("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            proxies: Proxies::from_environment(variable),
            now: None,
        }
    }

    /// The same, with the clock.
    #[must_use]
    pub fn with_clock(self, now: fn() -> Timestamp) -> Self {
        Self {
            now: Some(now),
            ..self
        }
    }
}

/// A good file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What is legal and probably not meant, in the order of the file.
    pub warnings: Vec<Warning>,
}

/// Reads and checks a file and all the secret files that it names.
///
/// # Errors
/// All the faults of the file at once. A file that does not exist is told apart by [`ConfigErrors::is_absent`].
pub fn load(path: &Path, environment: &Environment) -> Result<Loaded, ConfigErrors> {
    parse(&read_text(path, std::fs::read(path))?, path, environment, &Disk)
}

/// The text of a file, from what was read of it.
///
/// # Errors
/// Why there is none.
pub(super) fn read_text(path: &Path, read: io::Result<Vec<u8>>) -> Result<String, ConfigErrors> {
    let refuse = |kind, what: String, hint: &str| {
        let fault = Fault {
            position: None,
            key: None,
            kind,
            what,
            hint: Some(hint.to_owned()),
        };
        ConfigErrors::new(path, vec![fault])
    };
    let bytes = read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let hint = "`presencectl config example` prints one to begin with";
            refuse(FaultKind::FileAbsent, "there is no such file".to_owned(), hint)
        }
        _ => {
            let hint = "check that it is a file and that the daemon's user may read it";
            refuse(
                FaultKind::FileUnreadable,
                format!("cannot be read: {error}"),
                hint,
            )
        }
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        let what = format!("is no UTF-8 text: line {line} has another encoding");
        refuse(FaultKind::FileUnreadable, what, "save it as UTF-8")
    })
}

/// Everything that is wrong with the syntax of a text; `message` and `span` where only another parser refuses it.
pub(super) fn refuse_syntax(
    text: &str,
    path: &Path,
    message: &str,
    span: Option<std::ops::Range<usize>>,
) -> ConfigErrors {
    let (_, syntax) = DeTable::parse_recoverable(text);
    let mut faults = with_syntax(text, &syntax, Vec::new());
    if faults.is_empty() {
        let source = Source::new(text);
        faults.push(Fault {
            position: span.map(|span| source.position(span.start)),
            key: None,
            kind: FaultKind::Syntax,
            what: lower_first(message),
            hint: None,
        });
    }
    ConfigErrors::new(path, faults)
}

/// What a daemon runs with before there is a file: every default, and no instance.
///
/// # Errors
/// When even that is not good, for instance because others may read the key beside the state.
pub fn unconfigured(path: &Path, environment: &Environment) -> Result<Loaded, ConfigErrors> {
    parse("version = 1\n", path, environment, &Disk)
}

/// Checks the text of a file. `path` names it in messages, and its folder is where relative names begin.
///
/// # Errors
/// All the faults of the text at once. After a fault of the syntax nothing below it is certain, and so only what
/// stands above it is judged.
pub fn parse(
    text: &str,
    path: &Path,
    environment: &Environment,
    files: &dyn SecretFiles,
) -> Result<Loaded, ConfigErrors> {
    let source = Source::new(text);
    let (table, syntax) = DeTable::parse_recoverable(text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let named = NamedFiles {
        files,
        folder,
        credentials: environment.credentials_directory.as_deref(),
        now: environment.now.map(|now| now()),
    };
    let settings = read(&Reader::file(&source, table.get_ref()), &named);
    let (mut faults, warnings) = source.into_findings();
    if !syntax.is_empty() {
        faults = with_syntax(text, &syntax, faults);
    }
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded { settings, warnings }),
        _ => Err(ConfigErrors::new(path, faults)),
    }
}

fn read(file: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Settings> {
    file.integer("version");
    let license = licence::read(file, named);
    let daemon = daemon::read(&file.table("daemon"), named);
    let instances = instance::read_all(file, named);
    overlap::check(file.source, &instances);
    if instances.is_empty() {
        let place = Place {
            at: None,
            path: "instances".to_owned(),
        };
        file.source
            .warning(&place, "there is no instance, and so nothing is synchronised");
    }
    let licences = license.of_instances(file, named, &instances);
    let instances = instances
        .into_iter()
        .map(|read| read.instance.map(|instance| (read.name.value, instance)))
        .collect::<Option<_>>()?;
    Some(Settings {
        daemon: daemon?,
        instances,
        license_file: license.path(named),
        issuers: license.issuers(),
        licences,
    })
}

/// Joins the faults of the syntax with those that stand above the first of them.
fn with_syntax(text: &str, syntax: &[toml::de::Error], others: Vec<Fault>) -> Vec<Fault> {
    let source = Source::new(text);
    for error in syntax {
        let at = error.span().map_or(text.len(), |span| span.start);
        let line = text.lines().nth(source.position(at).line - 1).unwrap_or_default();
        let place = Place {
            at: Some(at),
            path: String::new(),
        };
        source.fault(
            &place,
            FaultKind::Syntax,
            lower_first(error.message()),
            syntax_hint(error.message(), line),
        );
    }
    let (mut faults, _) = source.into_findings();
    let line = |fault: &Fault| fault.position.map_or(0, |position| position.line);
    // One mistake makes the parser stumble more than once in the same line.
    faults.dedup_by_key(|fault| line(fault));
    let first = faults.first().map_or(0, line);
    let certain = |fault: &Fault| !matches!(fault.kind, FaultKind::Missing | FaultKind::Contradiction);
    let mut all: Vec<Fault> = others
        .into_iter()
        .filter(|fault| certain(fault) && (1..first).contains(&line(fault)))
        .collect();
    all.extend(faults);
    all
}

fn syntax_hint(message: &str, line: &str) -> Option<String> {
    if line.contains(['\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        return Some("write plain quotation marks: \"".to_owned());
    }
    let unquoted = message.contains("leading zero") || message.contains("must be quoted");
    unquoted.then(|| "put texts in quotation marks, also those of digits: login = \"0001\"".to_owned())
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}
