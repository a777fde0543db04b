//! The configuration file `presence-sync.toml`: read strictly, every fault of a file reported at once.
//!
//! [`load`] reads and checks a file with all the secret files that it names; [`parse`] does the same for a text, with the
//! files behind [`SecretFiles`]. Both answer with [`Settings`], in which every value is a good one.
//!
//! The keys stand in one list (`keys`), from which the reader takes types, ranges and defaults, and [`schema`] its text.

mod choices;
mod daemon;
pub mod edit;
mod example;
mod fault;
mod hint;
mod instance;
mod key;
mod keys;
mod licence;
mod load;
mod oauth;
mod overlap;
mod reader;
mod rules;
mod schema;
mod secret;
mod secret_files;
mod settings;
mod source;
mod starface;
mod sync;
mod tables;
mod teams;
mod url;
mod values;
mod wording;

pub use licensing::OperatingMode;

pub use choices::{LogFormat, LogLevel, NotALevel, OnStop, Policy, StarfaceAuth};
pub use example::EXAMPLE;
pub use fault::{ConfigErrors, Fault, FaultKind, Position, Warning};
pub use load::{Environment, Loaded, load, parse, unconfigured};
pub use rules::MOST_PATTERNS;
pub use schema::schema;
pub use secret::Secret;
pub use secret_files::{Disk, SecretFiles, StoredFile};
pub use settings::{
    Breaker, Certificates, Chat, ClientCertificate, Cloud, CustomCloud, Daemon, DaemonCertificate, Group,
    Instance, Licence, OAuthClient, PostgresState, Proxy, Settings, Starface, State, StateKeyFile, Sync,
    Teams, TeamsSignIn,
};
pub(crate) use starface::host_and_port;
