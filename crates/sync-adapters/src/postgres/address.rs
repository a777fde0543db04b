//! Where the database is: `postgres://user@host:port/database?sslmode=…`.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

const PORT: u16 = 5432;

/// The address of a database, without a password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresAddress {
    /// The user.
    pub user: String,
    /// The host, or the folder of a Unix socket where it begins with a slash.
    pub host: String,
    /// The port, which is a part of the socket's name, too.
    pub port: u16,
    /// The database.
    pub database: String,
    /// How the way there is guarded.
    pub tls: Tls,
    /// Certificates to trust beside the system's.
    pub root_certificates: Option<PathBuf>,
}

/// How the way to the database is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Not at all: on this machine alone.
    Off,
    /// By a certificate of a trusted authority, whatever name it is for.
    VerifyCa,
    /// By a certificate of a trusted authority for this host.
    VerifyFull,
}

/// A text is no address of a database that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresAddressError {
    /// It has a password in it.
    #[error("the address of the database has a password in it")]
    Password,
    /// It is no such address.
    #[error("this is no address of a database: {0}")]
    Malformed(&'static str),
    /// A parameter that is not known.
    #[error("the address of the database has the parameter `{0}`, which is not known")]
    Parameter(String),
    /// The way would not be guarded, or not verified.
    #[error("`sslmode={0}` would leave the way to the database unguarded")]
    Unguarded(String),
    /// A mode that is not known.
    #[error("`{0}` is no `sslmode`")]
    Mode(String),
}

impl PostgresAddressError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Password => {
                "take it out, and write it alone into a file that `state_password_file` names; change it if others may have read it"
            }
            Self::Malformed(_) => {
                "write \"postgres://USER@HOST/DATABASE\", with `:PORT` after the host where it is not 5432"
            }
            Self::Parameter(_) => "the parameters are `sslmode` and `sslrootcert`",
            Self::Unguarded(_) => {
                "only on this machine may TLS be left out; write `sslmode=verify-full`, and `sslrootcert=FILE` for a private authority"
            }
            Self::Mode(_) => "write `verify-full`, `verify-ca`, or on this machine `disable`",
        }
    }
}

impl PostgresAddress {
    /// Reads an address. Files in it are relative to `folder`.
    ///
    /// # Errors
    /// [`PostgresAddressError`], which never repeats the text: it may have a password in it.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, PostgresAddressError> {
        use PostgresAddressError::Malformed;
        let url = Url::parse(text).map_err(|_| Malformed("it cannot be read"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(Malformed("it begins with something else than `postgres:`"));
        }
        if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
            return Err(PostgresAddressError::Password);
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from)
                .map_err(|_| Malformed("it is no UTF-8 text"))
        };
        let user = decoded(url.username())?;
        let host = decoded(url.host_str().unwrap_or_default())?;
        let database = decoded(url.path().trim_start_matches('/'))?;
        if user.is_empty() {
            return Err(Malformed("it names no user"));
        }
        if host.is_empty() {
            return Err(Malformed("it names no host"));
        }
        if database.is_empty() || database.contains('/') {
            return Err(Malformed("it names no database"));
        }
        if url.fragment().is_some() {
            return Err(Malformed("it has a `#` in it"));
        }
        let near = is_near(&host);
        let (mut tls, mut root_certificates) = (if near { Tls::Off } else { Tls::VerifyFull }, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "sslmode" => tls = mode(&value, near)?,
                "sslrootcert" if !value.is_empty() => root_certificates = Some(folder.join(&*value)),
                _ => return Err(PostgresAddressError::Parameter(name.into_owned())),
            }
        }
        Ok(Self {
            user,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(PORT),
            database,
            tls,
            root_certificates,
        })
    }

    /// The folder of a Unix socket, where it is one.
    pub fn socket(&self) -> Option<&Path> {
        self.host.starts_with('/').then(|| Path::new(&self.host))
    }
}

fn mode(word: &str, near: bool) -> Result<Tls, PostgresAddressError> {
    match word {
        "verify-full" => Ok(Tls::VerifyFull),
        "verify-ca" => Ok(Tls::VerifyCa),
        "disable" if near => Ok(Tls::Off),
        "disable" | "allow" | "prefer" | "require" => Err(PostgresAddressError::Unguarded(word.to_owned())),
        _ => Err(PostgresAddressError::Mode(word.to_owned())),
    }
}

/// Whether it is on this machine.
fn is_near(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.starts_with('/') || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.host, self.port, self.database)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PostgresAddress, PostgresAddressError> {
        PostgresAddress::parse(text, Path::new("/etc/presence-sync"))
    }

    #[test]
    fn an_address_is_read_whole() {
        let address =
            parse("postgres://us%40er@db.example:6543/presence?sslmode=verify-ca&sslrootcert=ca.pem")
                .unwrap();
        assert_eq!((address.user.as_str(), address.port), ("us@er", 6543));
        assert_eq!(address.to_string(), "db.example:6543/presence");
        assert_eq!(address.tls, Tls::VerifyCa);
        assert_eq!(
            address.root_certificates,
            Some("/etc/presence-sync/ca.pem".into())
        );
        let socket = parse("postgresql://u@%2Frun%2Fpostgresql/db").unwrap();
        assert_eq!(
            (socket.socket(), socket.port),
            (Some(Path::new("/run/postgresql")), 5432)
        );
        let six = parse("postgres://u@[::1]:1/db").unwrap();
        assert_eq!((six.host.as_str(), six.tls), ("::1", Tls::Off));
    }

    #[test]
    fn beyond_this_machine_the_way_is_always_guarded_and_verified() {
        assert_eq!(parse("postgres://u@db.example/db").unwrap().tls, Tls::VerifyFull);
        for near in ["localhost", "127.0.0.1", "%2Frun"] {
            assert_eq!(parse(&format!("postgres://u@{near}/db")).unwrap().tls, Tls::Off);
        }
        for mode in ["disable", "allow", "prefer", "require"] {
            let error = parse(&format!("postgres://u@10.0.0.1/db?sslmode={mode}")).unwrap_err();
            assert_eq!(error, PostgresAddressError::Unguarded(mode.to_owned()));
        }
        assert!(parse("postgres://u@127.0.0.1/db?sslmode=prefer").is_err());
    }

    #[test]
    fn a_password_in_it_is_refused_and_never_repeated() {
        for text in [
            "postgres://u:SAMPLE@h/db",
            "postgres://u:SAMPLE@h/db?x=SAMPLE",
            "postgres://u@h/db?password=SAMPLE",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error, PostgresAddressError::Password);
            assert!(error.hint().contains("state_password_file"));
            assert!(!format!("{error:?} {error}").contains("SAMPLE"));
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        for text in [
            "postgres://h/db",
            "postgres://u@h",
            "postgres://u@h/",
            "postgres://u@/db",
            "postgres:",
            "postgres://u@h/a/b",
        ] {
            assert!(
                matches!(parse(text), Err(PostgresAddressError::Malformed(_))),
                "{text}"
            );
        }
        assert!(matches!(
            parse("postgres://u@h/db?options=-c"),
            Err(PostgresAddressError::Parameter(_))
        ));
    }
}
