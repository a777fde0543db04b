//! Why a command failed, said so that an operator can mend it.

use std::io::Write;

use sync_service::api::{ClientError, EndpointError};
use sync_service::config::ConfigErrors;
use sync_service::daemon::StartError;
use sync_service::login::LoginError;
use sync_service::standalone::StandaloneError;

use crate::exit::Exit;

/// An error with what to do about it, and the exit code.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    exit: Exit,
    silent: bool,
}

impl Failure {
    /// A failure without a hint, with the exit code 1.
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            exit: Exit::FAILED,
            silent: false,
        }
    }

    /// A failure that is nothing but a message.
    pub(crate) fn message(message: impl Into<String>) -> Self {
        Self::new(anyhow::Error::msg(message.into()))
    }

    /// The reader of the results has gone, so that there is nobody to tell anything.
    pub(crate) fn nobody_reads() -> Self {
        Self {
            silent: true,
            ..Self::message("nobody reads the results").with_exit(Exit::SUCCESS)
        }
    }

    /// The same failure, with what to do about it.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same failure, with another exit code.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same failure, as the cause of `message`.
    pub(crate) fn while_doing(self, message: impl Into<String>) -> Self {
        Self {
            error: self.error.context(message.into()),
            ..self
        }
    }

    /// Prints the error, each of its causes and the hint on standard error, and answers with the exit code.
    pub fn print(&self) -> Exit {
        if self.silent {
            return self.exit;
        }
        let mut stderr = anstream::stderr().lock();
        // Whoever closed the stream does not want to read it.
        let _ = writeln!(stderr, "error: {}", self.error);
        for cause in self.error.chain().skip(1) {
            let _ = writeln!(stderr, "  caused by: {cause}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "  hint: {hint}");
        }
        self.exit
    }
}

/// The error alone, without causes and hint.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        if errors.is_absent() {
            return Self::message(format!(
                "there is no configuration file `{}`",
                errors.file().display()
            ))
            .with_hint("`presencectl config example` prints one to begin with");
        }
        Self::message(format!("the configuration is not good\n{errors}"))
    }
}

impl From<StandaloneError> for Failure {
    fn from(error: StandaloneError) -> Self {
        let hint = error.hint();
        Self {
            hint,
            ..Self::new(error)
        }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        let hint = error.hint();
        Self {
            hint,
            ..Self::new(error)
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

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::new(error).with_hint("run the command as the user that the daemon runs as")
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let hint = match &error {
            ClientError::Refused { hint, .. } => hint.clone(),
            ClientError::NotChanged(refusal) => refusal.hint.clone(),
            _ => None,
        };
        Self {
            hint,
            ..Self::new(error)
        }
    }
}
