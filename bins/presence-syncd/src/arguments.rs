//! What the daemon is called with.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// The exit code of a wrong call (`EX_USAGE` of sysexits).
const USAGE: u8 = 64;

/// Keeps a STARFACE PBX in line with Microsoft Teams presence.
///
/// Runs in the foreground until SIGTERM. SIGHUP reads the configuration again.
#[derive(Clone, Debug, Parser)]
#[command(name = "presence-syncd", version = env!("PRESENCE_SYNC_VERSION"))]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Only say whether the configuration is good (exit code 0) or not (2).
    #[arg(long)]
    pub check: bool,
}

impl Arguments {
    /// Reads the arguments, the program's name first.
    ///
    /// # Errors
    /// When they are wrong, or ask for the help text or the version.
    pub fn parse<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> Result<Self, Refused> {
        Self::try_parse_from(arguments).map_err(Refused)
    }
}

/// The program ends before it begins: a wrong call, or a question that is answered at once.
#[derive(Debug)]
pub struct Refused(clap::Error);

impl Refused {
    /// Prints it: an answer on standard output with exit code 0, a fault on standard error with 64.
    pub fn print(&self) -> ExitCode {
        // Whoever closed the stream does not want to read it.
        let _ = self.0.print();
        if self.0.use_stderr() {
            ExitCode::from(USAGE)
        } else {
            ExitCode::SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }
}
