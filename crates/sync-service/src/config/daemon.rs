//! `[daemon]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sync_adapters::postgres::PostgresAddress;

use super::fault::FaultKind;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::{Daemon, DaemonCertificate, PostgresState, State, StateKeyFile};
use super::source::Located;

pub(super) fn read(daemon: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Daemon> {
    let certificate = certificate(daemon, named);
    let behind_proxy = daemon.boolean("behind_proxy");
    let guarded = daemon.has("tls_certificate_file") || behind_proxy == Some(true);
    let listen = daemon
        .parsed("listen", listen)
        .and_then(|listen| reachable(daemon, &listen, guarded));
    let state = daemon.parsed("state", |text| state(text, named.folder));
    let key_file = daemon.file_name("state_key_file");
    let log = daemon.choice("log");
    let log_format = daemon.choice("log_format");
    let password_file = daemon.file_name("state_password_file");
    let managed = daemon.boolean("managed");
    let language = daemon.choice("language");
    let audit_days = daemon.integer("audit_days");
    let state = state?;
    let (path, lent) = match (&key_file, &state.value) {
        (Some(name), _) => named.own_key(daemon.source, name),
        (None, Place::File(path)) => {
            let beside = path.with_file_name("state.key");
            named.own_key_at(daemon.source, &daemon.place_of("state"), beside)
        }
        (None, Place::Database(_)) => {
            let here = named.folder.join("state.key");
            named.own_key_at(daemon.source, &daemon.place_of("state"), here)
        }
    };
    let state = match state.value {
        Place::File(path) => {
            if password_file.is_some() {
                let place = daemon.place_of("state_password_file");
                let what = "is for a state in PostgreSQL, and this one is in a file";
                daemon.source.warning(&place, what.to_owned());
            }
            State::Sqlite(path)
        }
        Place::Database(address) => {
            if managed == Some(false) {
                needs_managed(daemon);
                return None;
            }
            let password = match &password_file {
                Some(name) => Some(named.secret(daemon.source, name)?),
                None if daemon.has("state_password_file") => return None,
                None => None,
            };
            // A key that systemd lends lies where nothing can be written.
            let folder = path.parent().filter(|_| key_file.is_some() && !lent);
            let folder = folder.unwrap_or(named.folder).to_owned();
            State::Postgres(Box::new(PostgresState {
                address,
                password,
                folder,
            }))
        }
    };
    Some(Daemon {
        listen: listen?,
        tls: certificate.ok()?,
        behind_proxy: behind_proxy?,
        state,
        state_key: StateKeyFile { path, lent },
        log: log?.value,
        log_format: log_format?.value,
        managed: managed?,
        language: match language {
            Some(language) => Some(language.value),
            None if daemon.has("language") => return None,
            None => None,
        },
        audit_days: audit_days.and_then(|days| u16::try_from(days.value).ok())?,
    })
}

/// Several daemons have the same settings only where none of them changes its file by itself.
fn needs_managed(daemon: &Reader<'_>) {
    let what = "in PostgreSQL it is shared by daemons whose files have to say the same, and the page would change one of them";
    let hint = "write `managed = true`, and bring the same file to every daemon".to_owned();
    daemon.source.fault(
        &daemon.place_of("state"),
        FaultKind::Contradiction,
        what,
        Some(hint),
    );
}

/// What `daemon.state` names.
enum Place {
    File(PathBuf),
    Database(PostgresAddress),
}

fn listen(text: &str) -> Result<SocketAddr, (String, String)> {
    text.parse().map_err(|_| {
        let hint = "write an IP address with a port, such as \"127.0.0.1:8480\" or \"[::1]:8480\"";
        (format!("`{text}` is no address to listen on"), hint.to_owned())
    })
}

/// The daemon's own certificate, where one is named.
fn certificate(daemon: &Reader<'_>, named: &NamedFiles<'_>) -> Result<Option<DaemonCertificate>, Refused> {
    if !daemon.has("tls_certificate_file") {
        return Ok(None);
    }
    let name = daemon.file_name("tls_certificate_file").ok_or(Refused)?;
    let (path, identity) = named.tls_identity(daemon.source, &name).ok_or(Refused)?;
    let certificate = DaemonCertificate { path, identity };
    if let Some(remark) = named.now.and_then(|now| certificate.remark(now)) {
        daemon.source.warning(&name.place, remark);
    }
    Ok(Some(certificate))
}

/// It was said already what is wrong.
struct Refused;

/// Beyond loopback a password and a session would cross the network, so that something has to guard them.
fn reachable(daemon: &Reader<'_>, listen: &Located<SocketAddr>, guarded: bool) -> Option<SocketAddr> {
    if guarded || listen.value.ip().is_loopback() {
        return Some(listen.value);
    }
    let what = format!(
        "`{}` is beyond loopback, and nothing guards it there",
        listen.value
    );
    let hint = format!(
        "name a certificate with its key as `tls_certificate_file`, or write `behind_proxy = true` where a proxy ends TLS; \
         \"127.0.0.1:{}\" is for this machine alone",
        listen.value.port()
    );
    daemon
        .source
        .fault(&listen.place, FaultKind::Contradiction, what, Some(hint));
    None
}

/// Reads `sqlite:FILE` or `postgres://…`.
fn state(text: &str, folder: &Path) -> Result<Place, (String, String)> {
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        let address = PostgresAddress::parse(text, folder);
        return address
            .map(Place::Database)
            .map_err(|error| (error.to_string(), error.hint().to_owned()));
    }
    let hint = || {
        "write \"sqlite:\" and the name of a file, such as \"sqlite:state.db\", or \"postgres://USER@HOST/DATABASE\"".to_owned()
    };
    // A misspelt address may have a password in it.
    let shown = if text.contains('@') {
        "this"
    } else {
        &format!("`{text}`")
    };
    let Some(name) = text.strip_prefix("sqlite:") else {
        return Err((format!("{shown} is no place for the state"), hint()));
    };
    // With two slashes a relative name would become an absolute one, and both forms have a meaning in SQLite's own
    // addresses that is not meant here.
    if name.is_empty()
        || name.starts_with(':')
        || name.starts_with("//")
        || name.contains('?')
        || name.ends_with('/')
    {
        return Err((format!("{shown} names no file"), hint()));
    }
    Ok(Place::File(folder.join(PathBuf::from(name))))
}
