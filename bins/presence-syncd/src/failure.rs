//! Why the daemon ends, said so that an operator can mend it.

use std::io::Write;
use std::process::ExitCode;

use sync_service::config::ConfigErrors;
use sync_service::daemon::StartError;

/// The exit code of whatever has none of its own.
const FAILED: u8 = 1;
/// The exit code of a configuration that is not good.
const INVALID: u8 = 2;

/// An error with what to do about it, and the exit code.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    status: u8,
}

impl Failure {
    /// A failure without a hint; the exit code is 1.
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            status: FAILED,
        }
    }

    /// Prints the error, each of its causes, and the hint on standard error.
    pub fn print(&self) -> ExitCode {
        let mut stderr = anstream::stderr().lock();
        // Whoever closed the stream does not want to read it.
        let _ = writeln!(stderr, "error: {}", self.error);
        for cause in self.error.chain().skip(1) {
            let _ = writeln!(stderr, "  caused by: {cause}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "  hint: {hint}");
        }
        ExitCode::from(self.status)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        let file = errors.file().display();
        if errors.is_absent() {
            let error = anyhow::anyhow!("there is no configuration file `{file}`");
            let hint = "`presencectl config example` prints one to begin with, and `presencectl config check` says what is wrong with it";
            return Self {
                error,
                hint: Some(hint.to_owned()),
                status: INVALID,
            };
        }
        let error = anyhow::anyhow!("the configuration is not good\n{errors}");
        Self {
            error,
            hint: None,
            status: INVALID,
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let hint = error.hint();
        Self {
            hint,
            ..Self::new(error)
        }
    }
}
