//! A ready configuration of the product for a running sandbox.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::sandbox::{
    CLIENT, CLIENT_SECRET, GROUP_NAME, LOGIN, MODULE, MODULE_SECRET, OAUTH_SECRET, PASSWORD, Sandbox,
};

/// A licence as two texts; the sandbox does not know what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// The licence.
    pub key: String,
    /// The public keys of those who may issue it.
    pub issuer_keys: String,
}

/// How the product signs in to the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// With the app's secret.
    ClientSecret,
    /// With a certificate and its key in PEM form, and further lines of `[instances.main.teams]`. The certificate has to be
    /// uploaded, too.
    ClientCertificate {
        /// Certificate and key.
        pem: String,
        /// Further lines.
        lines: String,
    },
    /// As whoever signs in by browser.
    Browser,
    /// As whoever signs in by device code.
    DeviceCode,
}

impl Auth {
    /// The lines of `[instances.main.teams]`.
    fn lines(&self) -> String {
        match self {
            Self::ClientSecret => "client_secret_file = \"graph.secret\"".to_owned(),
            Self::ClientCertificate { lines, .. } => {
                format!("auth = \"client-certificate\"\nclient_certificate_file = \"graph.pem\"\n{lines}")
            }
            Self::Browser => "auth = \"browser\"".to_owned(),
            Self::DeviceCode => "auth = \"device-code\"".to_owned(),
        }
    }
}

/// What differs from configuration to configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `daemon.listen`.
    pub listen: String,
    /// `sync.poll_interval`.
    pub poll_interval: String,
    /// `sync.roster_interval`.
    pub roster_interval: String,
    /// `sync.readback_interval`.
    pub readback_interval: String,
    /// `sync.chat_reassert`.
    pub chat_reassert: String,
    /// `sync.policy`.
    pub policy: String,
    /// Whether the companion module is configured.
    pub chat: bool,
    /// Another address of the PBX, such as that of a proxy in front of it.
    pub pbx_url: Option<String>,
    /// Further lines of `[instances.main.sync]`.
    pub sync: String,
    /// How the product signs in to the tenant.
    pub auth: Auth,
    /// The licence of `[license]`; `None` leaves the table out.
    pub license: Option<License>,
}

impl Default for Options {
    /// Any free port, a sweep each second, no reading in rotation, the chat status too.
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            poll_interval: "1s".to_owned(),
            roster_interval: "60s".to_owned(),
            readback_interval: "0s".to_owned(),
            chat_reassert: "0s".to_owned(),
            policy: "last-change-wins".to_owned(),
            chat: true,
            pbx_url: None,
            sync: String::new(),
            auth: Auth::ClientSecret,
            license: None,
        }
    }
}

const OAUTH: &str = "oauth_client_secret_file = \"pbx-oauth.secret\"\n";
const LICENSE: &str = "\n[license]\nkey_file = \"license.key\"\nissuer_keys_file = \"issuer.pub\"\n";

impl Sandbox {
    /// The text of `presence-sync.toml` for this sandbox. Its secrets are in files beside it.
    pub fn configuration(&self, options: &Options) -> String {
        format!(
            r#"# A configuration for the sandbox: a simulated tenant and PBX on this machine.
version = 1

[daemon]
listen = "{listen}"
state = "sqlite:state.db"
{license}
{instance}"#,
            listen = options.listen,
            license = options.license.as_ref().map_or("", |_| LICENSE),
            instance = self.instance("main", options),
        )
    }

    /// The tables of one instance for this sandbox, for a configuration with several.
    pub fn instance(&self, name: &str, options: &Options) -> String {
        let tenant = self.tenant_url();
        let pbx = options.pbx_url.clone().unwrap_or_else(|| self.pbx_url());
        let chat = format!(
            "\n[instances.{name}.starface.chat]\nmodule = \"{MODULE}\"\nshared_secret_file = \"chat.secret\"\n"
        );
        format!(
            r#"[instances.{name}.teams]
cloud = "custom"
login_url = "{tenant}"
graph_url = "{tenant}"
tenant_id = "{tenant_id}"
client_id = "{CLIENT}"
{auth}

[instances.{name}.starface]
url = "{pbx}"
group = "{GROUP_NAME}"
login = "{LOGIN}"
password_file = "pbx.password"
{oauth}{chat}
[instances.{name}.sync]
poll_interval = "{poll}"
roster_interval = "{roster}"
readback_interval = "{readback}"
chat_reassert = "{reassert}"
policy = "{policy}"
{sync}
"#,
            tenant_id = self.tenant_id(),
            auth = options.auth.lines(),
            oauth = if self.wants_oauth() { OAUTH } else { "" },
            chat = if options.chat { chat.as_str() } else { "" },
            poll = options.poll_interval,
            roster = options.roster_interval,
            readback = options.readback_interval,
            reassert = options.chat_reassert,
            policy = options.policy,
            sync = options.sync,
        )
    }

    /// Writes the configuration and its secrets into a folder that exists, and tells the path of the configuration.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_configuration(&self, folder: &Path, options: &Options) -> io::Result<PathBuf> {
        let path = folder.join("presence-sync.toml");
        write(&path, &self.configuration(options))?;
        write(&folder.join("graph.secret"), CLIENT_SECRET)?;
        write(&folder.join("pbx.password"), PASSWORD)?;
        write(&folder.join("chat.secret"), MODULE_SECRET)?;
        if self.wants_oauth() {
            write(&folder.join("pbx-oauth.secret"), OAUTH_SECRET)?;
        }
        if let Auth::ClientCertificate { pem, .. } = &options.auth {
            write(&folder.join("graph.pem"), pem)?;
        }
        if let Some(license) = &options.license {
            write(&folder.join("license.key"), &license.key)?;
            write(&folder.join("issuer.pub"), &license.issuer_keys)?;
        }
        Ok(path)
    }
}

/// Writes a file for its owner alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
