//! `[daemon]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::fault::FaultKind;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::{Daemon, State, StateKeyFile};
use super::source::Located;

pub(super) fn read(daemon: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Daemon> {
    let listen = daemon
        .parsed("listen", listen)
        .and_then(|listen| loopback(daemon, &listen));
    let state = daemon.parsed("state", |text| state(text, named.folder));
    let key_file = daemon.file_name("state_key_file");
    let log = daemon.choice("log");
    let log_format = daemon.choice("log_format");
    for name in ["state_password_file", "tls_certificate_file"] {
        daemon.file_name(name);
    }
    daemon.boolean("behind_proxy");
    let managed = daemon.boolean("managed");
    let language = daemon.choice("language");
    let audit_days = daemon.integer("audit_days");
    let state = state?.value?;
    let (path, lent) = match &key_file {
        Some(name) => named.own_key(daemon.source, name),
        None => named.own_key_at(daemon.source, &daemon.place_of("state"), beside(&state)),
    };
    Some(Daemon {
        listen: listen?,
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

/// The key is `state.key` beside the state where nothing else is said.
fn beside(state: &State) -> PathBuf {
    let State::Sqlite(state) = state;
    state.with_file_name("state.key")
}

fn listen(text: &str) -> Result<SocketAddr, (String, String)> {
    text.parse().map_err(|_| {
        let hint = "write an IP address with a port, such as \"127.0.0.1:8480\" or \"[::1]:8480\"";
        (format!("`{text}` is no address to listen on"), hint.to_owned())
    })
}

fn loopback(daemon: &Reader<'_>, listen: &Located<SocketAddr>) -> Option<SocketAddr> {
    if listen.value.ip().is_loopback() {
        return Some(listen.value);
    }
    let what = format!(
        "`{}` is beyond loopback, and TLS and proxies come with a later version",
        listen.value
    );
    let hint = format!("write \"127.0.0.1:{}\" for now", listen.value.port());
    daemon
        .source
        .fault(&listen.place, FaultKind::NotYet, what, Some(hint));
    None
}

/// Reads `sqlite:FILE`; `None` stands for PostgreSQL, which is refused with its own reason.
fn state(text: &str, folder: &Path) -> Result<Option<State>, (String, String)> {
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        return Ok(None);
    }
    let hint = || "write \"sqlite:\" and the name of a file, such as \"sqlite:state.db\"".to_owned();
    let Some(name) = text.strip_prefix("sqlite:") else {
        return Err((format!("`{text}` is no place for the state"), hint()));
    };
    // With two slashes a relative name would become an absolute one, and both forms have a meaning in SQLite's own
    // addresses that is not meant here.
    if name.is_empty()
        || name.starts_with(':')
        || name.starts_with("//")
        || name.contains('?')
        || name.ends_with('/')
    {
        return Err((format!("`{text}` names no file"), hint()));
    }
    Ok(Some(State::Sqlite(folder.join(PathBuf::from(name)))))
}
