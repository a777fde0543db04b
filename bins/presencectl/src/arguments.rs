//! What the program is called with.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;
use jiff::civil::Date;
use licensing::{Name, OperatingMode};
use presence_mapping::Presence;
use sandbox::{Generation, LoginType, OAuthRules};
use sync_core::{Address, InstanceName, PlanId};
use sync_service::config::LogLevel;
use sync_service::telemetry::LONGEST_LEVEL;

use crate::commands::audit::Since;
use crate::exit::Exit;

/// Keeps Do Not Disturb and the chat status of a STARFACE PBX in line with Microsoft Teams presence.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "presencectl",
    version = env!("PRESENCE_SYNC_VERSION"),
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct Arguments {
    /// The configuration file [default: presence-sync.toml here, then /etc/presence-sync/presence-sync.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a day at the office in fast motion, with a simulated tenant and PBX
    Demo(DemoArguments),
    /// Run the simulated tenant and PBX alone, with a configuration ready for them
    Sandbox(SandboxArguments),
    /// Check the configuration file, print its schema or an example
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Try every link of the chain once, and say what to do about each failure
    Doctor(DoctorArguments),
    /// Show what would be changed now, and change nothing
    Plan(OneOrAll),
    /// Sign in for an instance, by browser or device code
    Login(LoginArguments),
    /// Print a link with which the password of the administrator's page is chosen, good for one use
    SetupLink,
    /// Bring everybody in line once
    Sync(SyncArguments),
    /// Show how the daemon, its instances and their links do
    Status(OneOrAll),
    /// Show the state of each member
    Members(One),
    /// Explain why a member is as they are
    Explain {
        /// The member's e-mail address.
        address: Address,
    },
    /// Let a plan that is held pass at once
    Approve {
        /// The id of the plan, as `plan` and `status` show it.
        plan: PlanId,
    },
    /// Try the rules, or look for patterns that can never win
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Take back everything that is ours in the PBX, and pause
    Release(One),
    /// Write nothing until `resume`, for all members or for one
    Pause(PauseArguments),
    /// Go on after `pause` or `release`, with all members or with one
    Resume(ResumeArguments),
    /// Make, look at and install licences
    #[command(subcommand)]
    License(LicenseCommand),
    /// Print our own writes in the PBX, a line of JSON for each
    Audit {
        /// Only those since then: a span such as 24h, a day such as 2026-12-31 (from 0 o'clock UTC), or a moment such as
        /// 2026-12-31T12:00:00Z [default: all that are kept, see `daemon.audit_days`]
        #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
        since: Option<Since>,
        /// Only those of this instance [default: of all]
        #[arg(value_parser = instance_name)]
        instance: Option<InstanceName>,
        /// Print who changed the settings instead, by the page or the local API
        #[arg(long, conflicts_with = "instance")]
        settings: bool,
    },
    /// Look at the log of the running daemon, or change how much is logged
    #[command(subcommand)]
    Log(LogCommand),
    /// Print what packages need
    #[command(subcommand)]
    Generate(GenerateCommand),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct One {
    /// The instance, as the configuration file names it.
    #[arg(value_parser = instance_name)]
    pub(crate) instance: InstanceName,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct OneOrAll {
    /// The instance, as the configuration file names it [default: all that are enabled]
    #[arg(value_parser = instance_name)]
    pub(crate) instance: Option<InstanceName>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    pub(crate) one: One,
    /// Print a code to enter on any device, also where the configuration says `browser`.
    #[arg(long)]
    pub(crate) device_code: bool,
    #[command(flatten)]
    pub(crate) language: InLanguage,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) which: OneOrAll,
    #[command(flatten)]
    pub(crate) language: InLanguage,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PauseArguments {
    #[command(flatten)]
    pub(crate) one: One,
    /// The e-mail address of one member [default: all members]
    pub(crate) address: Option<Address>,
    /// For how long, such as `2h` or `30m` [default: until `resume`]
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) lasts: Option<Duration>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    pub(crate) one: One,
    /// The e-mail address of one member [default: the instance]
    pub(crate) address: Option<Address>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SyncArguments {
    /// One pass. Whatever is to go on is the daemon's, presence-syncd.
    #[arg(long, required = true)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) which: OneOrAll,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArguments {
    /// How many people work at the office.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = members())]
    pub(crate) members: u32,
    /// How long the day lasts, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SandboxArguments {
    /// How many people work at the office.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = members())]
    pub(crate) members: u32,
    /// What goes wrong, such as `presence=429@7:3,phoneconfig-put=lost:1`.
    #[arg(long, value_name = "SPEC")]
    pub(crate) faults: Option<sandbox::Plan>,
    /// The version of the PBX, which decides how one signs in to it.
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = PbxVersion::Nine)]
    pub(crate) pbx: PbxVersion,
    /// Let the PBX answer nothing any more after so many wrong passwords or secrets [default: it is patient]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) block_after: Option<u64>,
    /// Where the configuration is written and kept [default: a folder that is removed at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Let a day at the office pass in so many seconds [default: everybody stays as they are]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) day_seconds: Option<u32>,
}

/// What the simulated PBX is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PbxVersion {
    /// The nonce login.
    #[value(name = "9")]
    Nine,
    /// The nonce login of a PBX that is bound to a directory.
    #[value(name = "9-directory")]
    NineWithDirectory,
    /// OAuth.
    #[value(name = "10")]
    Ten,
}

impl From<PbxVersion> for Generation {
    fn from(version: PbxVersion) -> Self {
        match version {
            PbxVersion::Nine => Self::Nine(LoginType::Internal),
            PbxVersion::NineWithDirectory => Self::Nine(LoginType::ActiveDirectory),
            PbxVersion::Ten => Self::Ten(OAuthRules::default()),
        }
    }
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say everything that is wrong with the configuration file
    Check,
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Print a configuration file to begin with
    Example,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Show what becomes of one presence
    Test {
        /// The instance whose rules are asked.
        #[arg(value_parser = instance_name)]
        instance: InstanceName,
        /// What Teams says, such as `Busy/InAMeeting`.
        presence: Presence,
    },
    /// Name the patterns of all instances that can never win
    Lint,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Change how much is logged, or show it; needs no new configuration
    Level {
        /// error, warn, info, debug or trace [default: only show what it is]
        level: Option<LogLevel>,
        /// For how long, such as `15m`, at most 24h; then the configured level is in force again [default: until the next
        /// start, or until a reload changes `daemon.log`]
        #[arg(long = "for", value_name = "TIME", value_parser = level_lasts, requires = "level")]
        lasts: Option<Duration>,
    },
    /// Print the recent lines, then each one as it comes
    Tail(TailArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TailArguments {
    /// Only lines that matter at least so much: error, warn, info, debug or trace [default: all]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: Option<LogLevel>,
    /// How many recent lines.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=5_000))]
    pub(crate) lines: u32,
    /// Only lines about this instance.
    #[arg(long, value_name = "INSTANCE", value_parser = instance_name)]
    pub(crate) instance: Option<InstanceName>,
    /// Only lines with this text, letters of both cases alike.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// End after the recent lines.
    #[arg(long)]
    pub(crate) no_follow: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum LicenseCommand {
    /// Make the keys of an issuing desk: `issuer.key`, which stays secret, and `issuer.pub`
    Keygen {
        /// The folder that they are written into.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Issue a licence
    Issue(IssueArguments),
    /// Show what a licence file says, and whether it is accepted
    Inspect {
        /// The licence.
        file: PathBuf,
        /// The public keys of the issuing desk [default: those of the program and of the configuration]
        #[arg(long, value_name = "FILE")]
        issuer_keys: Option<PathBuf>,
        #[command(flatten)]
        language: InLanguage,
    },
    /// Put a licence where the configuration wants it, and let the daemon read it
    Install {
        /// The licence.
        file: PathBuf,
        /// For this instance alone, as its `license_file` [default: as `license.key_file`]
        #[arg(long, value_name = "INSTANCE", value_parser = instance_name)]
        instance: Option<InstanceName>,
    },
    /// Show the licences that are in use, and their seats
    Show(InLanguage),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct IssueArguments {
    /// The private key of the issuing desk, `issuer.key`.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Whom the licence is for.
    #[arg(long, value_name = "NAME")]
    pub(crate) customer: Name,
    /// What it permits: `presence-sync` or `full-integration`, which includes the first.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: OperatingMode,
    /// For how many distinct PBX users, over all instances that share it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seats: u32,
    /// The first day, such as 2026-01-01 (from 0 o'clock UTC), or a moment such as 2026-01-01T08:00:00Z.
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub(crate) from: Day,
    /// The last day (until 24 o'clock UTC), or the moment at which it ends.
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub(crate) until: Day,
    /// Only for this PBX: its host name, its host and port, or its `pbx_id`.
    #[arg(long, value_name = "ID")]
    pub(crate) pbx: Option<Name>,
    /// For how many days it goes on after its end, with a warning.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) grace_days: u16,
    /// The number of the licence, which tells it from all others [default: a new one]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) number: Option<Name>,
    /// Who issues it, for people to read.
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer: Option<Name>,
    /// The file that the licence is written into; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct InLanguage {
    /// The language of the text [default: that of the environment]
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub(crate) language: Option<LanguageName>,
}

/// A language that operators read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageName {
    /// German.
    De,
    /// English.
    En,
}

/// A day, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    Whole(Date),
    Moment(Timestamp),
}

impl Day {
    fn parse(text: &str) -> Result<Self, String> {
        let whole = text.parse().map(Self::Whole);
        let moment = || text.parse().map(Self::Moment);
        // A moment would be read as a date, too, and its time forgotten.
        let read = if text.contains('T') { moment() } else { whole };
        read.map_err(|_| {
            "write a day such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z".to_owned()
        })
    }
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// Print the manual page, or write those of all commands
    Man {
        /// Write the page of each command into this folder.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the JSON Schema of the configuration file
    Schema {
        /// Print the OpenAPI description of the daemon's local API instead
        #[arg(long)]
        api: bool,
    },
}

fn instance_name(text: &str) -> Result<InstanceName, Infallible> {
    Ok(InstanceName(text.into()))
}

/// For how long a level is changed.
fn level_lasts(text: &str) -> Result<Duration, String> {
    let lasts = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lasts < Duration::from_secs(1) || lasts > LONGEST_LEVEL {
        return Err("write a time from 1s to 24h".to_owned());
    }
    Ok(lasts)
}

fn members() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=100_000)
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
    pub fn print(&self) -> std::process::ExitCode {
        // Whoever closed the stream does not want to read it.
        let _ = self.0.print();
        if self.0.use_stderr() {
            Exit::USAGE.into()
        } else {
            Exit::SUCCESS.into()
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
