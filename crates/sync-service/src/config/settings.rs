//! The settings as the rest of the program takes them: every value a good one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use jiff::Timestamp;
use licensing::{Issuers, OperatingMode};
use presence_mapping::Rules;
use sync_adapters::graph::{AppCertificate, AssertionAlgorithm};
use sync_adapters::http::Fingerprint;
use sync_adapters::postgres::PostgresAddress;
use sync_core::{Address, Holding, InstanceName, Login, PbxName};

use super::choices::{LogFormat, LogLevel, OnStop, Policy, StarfaceAuth};
use super::secret::Secret;
use crate::language::Language;
use crate::tls::TlsIdentity;

/// Everything that a configuration file says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The daemon itself.
    pub daemon: Daemon,
    /// The instances by name, those that are turned off among them.
    pub instances: BTreeMap<InstanceName, Instance>,
    /// The file that `license.key_file` names, whether it is there or not.
    pub license_file: Option<PathBuf>,
    /// The issuers whose licences are accepted: those that were compiled in, and those of `license.issuer_keys_file`.
    pub issuers: Arc<Issuers>,
    /// The licence of each instance. It is no part of the instance, because another one needs no new start.
    pub licences: BTreeMap<InstanceName, Licence>,
}

impl Settings {
    /// The instances that are enabled.
    pub fn running(&self) -> Vec<InstanceName> {
        let enabled = self.instances.iter().filter(|(_, instance)| instance.enabled);
        enabled.map(|(name, _)| name.clone()).collect()
    }
}

/// The licence of an instance: `license_file`, or else `license.key_file`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Licence {
    /// The file that it belongs into; `None` where the configuration names none.
    pub path: Option<PathBuf>,
    /// What was found there.
    pub holding: Holding,
    /// The issuers whose licences are accepted.
    pub issuers: Arc<Issuers>,
}

impl Licence {
    /// What an engine is told at its start: first the licence that the ledger remembers, then the file's. So one that is not
    /// accepted, or begins later, leaves the one before in force, as it would have without the restart. A file that was
    /// taken away leaves nothing.
    pub fn at_start(&self, remembered: Option<&str>) -> Vec<Holding> {
        let mut told = Vec::new();
        if let (Holding::Unusable(_) | Holding::Verified(_), Some(text)) = (&self.holding, remembered) {
            let before = licensing::Licence::verified(text.as_bytes(), &self.issuers);
            told.extend(before.ok().map(|licence| Holding::Verified(Arc::new(licence))));
        }
        told.push(self.holding.clone());
        told
    }
}

/// `[daemon]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Daemon {
    /// Where the local API listens: beyond loopback only by TLS or behind a proxy; port 0 means any free one.
    pub listen: SocketAddr,
    /// What it speaks TLS with; `None`: plain HTTP.
    pub tls: Option<DaemonCertificate>,
    /// Whether a proxy in front of it ends TLS.
    pub behind_proxy: bool,
    /// Where the ledger is kept.
    pub state: State,
    /// The key that seals stored sign-ins.
    pub state_key: StateKeyFile,
    /// How much is logged.
    pub log: LogLevel,
    /// The shape of the log.
    pub log_format: LogFormat,
    /// Whether the file comes from elsewhere, and is only to be looked at.
    pub managed: bool,
    /// The language of the administrator's page; `None`: that of the browser.
    pub language: Option<Language>,
    /// How many days own writes stay in the audit, from 1 to 3650.
    pub audit_days: u16,
}

/// The daemon's own certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonCertificate {
    /// The file that it comes from.
    pub path: PathBuf,
    /// Certificate, chain and key.
    pub identity: TlsIdentity,
}

impl DaemonCertificate {
    /// What an operator has to know of its time; `None` where it is good for longer than a month.
    pub fn remark(&self, now: Timestamp) -> Option<String> {
        let shown = self.path.display();
        let (from, until) = (self.identity.valid_from(), self.identity.valid_until());
        let renew = "put a new one into the file with its key, and let the daemon read it: `systemctl reload presence-syncd`";
        if now >= until {
            return Some(format!(
                "the daemon's own certificate in `{shown}` expired at {until}, and browsers refuse it; {renew}"
            ));
        }
        if now < from {
            return Some(format!(
                "the daemon's own certificate in `{shown}` is good from {from} on; check the clock of this machine"
            ));
        }
        let soon = now.checked_add(SOON).is_ok_and(|then| then >= until);
        soon.then(|| format!("the daemon's own certificate in `{shown}` ends at {until}; {renew}"))
    }
}

/// Where the ledger is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// In an SQLite file; the path already begins with the configuration file's folder.
    Sqlite(PathBuf),
    /// In PostgreSQL, together with other daemons.
    Postgres(Box<PostgresState>),
}

impl State {
    /// Whether other daemons may have the same one.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// A state in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresState {
    /// Where the database is.
    pub address: PostgresAddress,
    /// The password of its user, where one is named.
    pub password: Option<Secret>,
    /// The folder for what belongs to this machine alone, such as the address of the running daemon.
    pub folder: PathBuf,
}

impl State {
    /// The file beside which lies what belongs to this machine alone. With PostgreSQL it is a name and no file.
    pub fn local(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.clone(),
            Self::Postgres(postgres) => postgres.folder.join("state"),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(postgres) => write!(f, "postgres://{}", postgres.address),
        }
    }
}

/// Where the key is that seals stored sign-ins; it need not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateKeyFile {
    /// The file, with the configuration file's folder already before it.
    pub path: PathBuf,
    /// Whether systemd lends it as a credential.
    pub lent: bool,
}

/// `[instances.X]`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Instance {
    /// What the instance does.
    pub mode: OperatingMode,
    /// Whether it runs.
    pub enabled: bool,
    /// Whether it only plans and reports.
    pub observe: bool,
    /// The Teams tenant.
    pub teams: Teams,
    /// The PBX.
    pub starface: Starface,
    /// Which presence becomes what.
    pub rules: Rules,
    /// Times and policy.
    pub sync: Sync,
}

impl PartialEq for Instance {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            mode,
            enabled,
            observe,
            teams,
            starface,
            rules,
            sync,
        } = self;
        *mode == other.mode
            && *enabled == other.enabled
            && *observe == other.observe
            && *teams == other.teams
            && *starface == other.starface
            && rules.table() == other.rules.table()
            && *sync == other.sync
    }
}

/// `[instances.X.teams]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Teams {
    /// The cloud of the tenant.
    pub cloud: Cloud,
    /// The tenant: its id, or one of its domains.
    pub tenant_id: String,
    /// The id of the app registration.
    pub client_id: String,
    /// How the daemon signs in.
    pub sign_in: TeamsSignIn,
    /// How much of the presence quota of tenant and app is used, from 0.001 to 1.
    pub quota_share: f64,
    /// The way there.
    pub proxy: Proxy,
}

/// The way to one side of an instance. Loopback is always reached directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Through the proxy of the environment, where there is one.
    Environment,
    /// Directly, whatever the environment says.
    Direct,
    /// Through this proxy.
    At(Url),
}

/// The cloud of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cloud {
    /// The worldwide cloud.
    Global,
    /// US Government, GCC High.
    UsGovHigh,
    /// US Government, Department of Defense.
    UsGovDod,
    /// The cloud that 21Vianet runs; it has no presence interface.
    China,
    /// The closed cloud of T-Systems.
    Germany,
    /// Addresses of one's own.
    Custom(Box<CustomCloud>),
}

/// The addresses of a cloud of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomCloud {
    /// Where to sign in: https, or http on this machine.
    pub login_url: Url,
    /// Where Graph answers: https, or http on this machine.
    pub graph_url: Url,
    /// The certificates to trust beside the system's.
    pub ca: Option<Certificates>,
}

/// How the daemon signs in to the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TeamsSignIn {
    /// With the app's secret.
    ClientSecret(Secret),
    /// With the app's certificate.
    ClientCertificate(Box<ClientCertificate>),
    /// As whoever signed in by browser, with `presencectl login`.
    Browser,
    /// As whoever signed in by device code, with `presencectl login`.
    DeviceCode,
}

impl TeamsSignIn {
    /// Whether somebody has to sign in for the app.
    pub fn is_delegated(&self) -> bool {
        matches!(self, Self::Browser | Self::DeviceCode)
    }

    /// The word for it, `teams.auth`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ClientSecret(_) => "client-secret",
            Self::ClientCertificate(_) => "client-certificate",
            Self::Browser => "browser",
            Self::DeviceCode => "device-code",
        }
    }
}

/// The certificate of an app registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The file that it comes from.
    pub path: PathBuf,
    /// Certificate and key.
    pub certificate: AppCertificate,
    /// How it signs.
    pub algorithm: AssertionAlgorithm,
}

impl ClientCertificate {
    /// What an operator has to know of its time; `None` where it is good for longer than a month.
    pub fn remark(&self, now: Timestamp) -> Option<String> {
        let shown = self.path.display();
        let (from, until) = (self.certificate.valid_from(), self.certificate.valid_until());
        let renew = "make a new one, upload it to the app registration and put it into the file with its key";
        if now >= until {
            let what = "the certificate in";
            return Some(format!(
                "{what} `{shown}` expired at {until}, and nobody can sign in with it; {renew}"
            ));
        }
        if now < from {
            return Some(format!(
                "the certificate in `{shown}` is good from {from} on; check the clock of this machine"
            ));
        }
        let soon = now.checked_add(SOON).is_ok_and(|then| then >= until);
        soon.then(|| format!("the certificate in `{shown}` ends at {until}; {renew}"))
    }
}

/// How long before its end a certificate is warned about.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Certificates in PEM form.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificates {
    /// The file that they come from.
    pub path: PathBuf,
    /// Its contents, with at least one certificate.
    pub pem: Vec<u8>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").field(&self.path).finish()
    }
}

/// `[instances.X.starface]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Starface {
    /// The address of the PBX, without a path: https, or http on this machine.
    pub url: Url,
    /// The PBX that rows of the ledger belong to: `pbx_id`, else the host and port of `url`.
    pub pbx: PbxName,
    /// The group whose members are synchronised.
    pub group: Group,
    /// The login of the daemon's PBX user.
    pub login: Login,
    /// That user's password.
    pub password: Secret,
    /// How the daemon signs in.
    pub auth: StarfaceAuth,
    /// The OAuth client of a PBX of version 10; always there with [`StarfaceAuth::OAuth`].
    pub oauth_client: Option<OAuthClient>,
    /// The OAuth scope to ask for; `None`: it is found out.
    pub oauth_scope: Option<String>,
    /// The certificates to trust beside the system's.
    pub ca: Option<Certificates>,
    /// The one certificate to trust; never together with `ca`.
    pub certificate_sha256: Option<Fingerprint>,
    /// The way there.
    pub proxy: Proxy,
    /// The companion module; `None` leaves the chat status as it is.
    pub chat: Option<Chat>,
}

/// An OAuth client of the PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthClient {
    /// Its id.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<Secret>,
}

/// A group of the PBX.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The one group of this name.
    Name(String),
    /// The group with this id, a positive number.
    Id(i64),
}

/// `[instances.X.starface.chat]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chat {
    /// The instance name of the companion module.
    pub module: String,
    /// The secret that the module knows too.
    pub shared_secret: Secret,
}

/// `[instances.X.sync]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sync {
    /// How often presence is asked for; not zero.
    pub poll_interval: Duration,
    /// How often the group is read; not zero.
    pub roster_interval: Duration,
    /// Every member's state in the PBX is read once in this time; zero: never.
    pub readback_interval: Duration,
    /// Requests to the PBX at once, at least one.
    pub pbx_concurrency: usize,
    /// Who wins when a human and Teams disagree.
    pub policy: Policy,
    /// What becomes of own values when the instance is turned off.
    pub on_stop: OnStop,
    /// How long DND stays on after its reason has gone; zero: not at all.
    pub dnd_off_after: Duration,
    /// Every member's chat status is read once in this time, and set again where it was overwritten; zero: never.
    pub chat_reassert: Duration,
    /// Own DND is released when presence has been unknown for this time; zero: never.
    pub unknown_release_after: Duration,
    /// The members who are never touched.
    pub exclude: BTreeSet<Address>,
    /// What holds back a plan that silences many at once.
    pub breaker: Breaker,
}

/// `sync.breaker`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Breaker {
    /// More than this share of the matched members, from 0.001 to 1.
    pub share: f64,
    /// And at least so many members, 1 or more.
    pub at_least: usize,
    /// Held until the same outcome has been seen for this time; not zero.
    pub confirm_for: Duration,
}
