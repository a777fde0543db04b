//! What can be wrong with the state.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use sync_core::{Fault, InstanceName, PbxUserId, PortError};

/// The state cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The folder that the file belongs into does not exist.
    #[error("there is no folder `{0}`")]
    NoFolder(PathBuf),
    /// The file or its lock cannot be made or opened.
    #[error("`{path}` cannot be opened")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder of the file cannot be written, such as on a disk that is mounted read-only.
    #[error("`{path}` cannot be written")]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file belongs to some other program.
    #[error("`{0}` is no state of this program")]
    Foreign(PathBuf),
    /// The file was written by a later version.
    #[error("its format is version {found}, and this program knows versions up to {known}")]
    Newer {
        /// The version of the file.
        found: i64,
        /// The latest version that is known.
        known: i64,
    },
    /// The file was written by an earlier version, and is only to be read.
    #[error("its format is version {found}, which has to be brought to version {known} first")]
    Older {
        /// The version of the file.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// A row does not say what it should.
    #[error("the row of PBX user {user} cannot be read")]
    Row {
        /// Whose row.
        user: PbxUserId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A change of the settings does not say what it should.
    #[error("change {number} of the settings cannot be read")]
    Change {
        /// Its number.
        number: i64,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row cannot be written down.
    #[error("the row of PBX user {user} cannot be written")]
    Unwritable {
        /// Whose row.
        user: PbxUserId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The place of the file does not allow a write-ahead log.
    #[error("no write-ahead log is possible there, the journal's mode stays `{0}`")]
    NoWriteAheadLog(String),
    /// The lease belongs to somebody else, or to nobody.
    #[error("the lease of instance `{0}` is not ours any more")]
    LeaseLost(InstanceName),
    /// A secret was sealed with another key.
    #[error("it was sealed with another key than that of `daemon.state_key_file`")]
    OtherKey,
    /// A secret is damaged, or was put in another one's place.
    #[error("it is damaged")]
    Unsealable,
    /// The state's secrets are sealed with another key than ours.
    #[error("`daemon.state_key_file` is another key here than the one that the other daemons use")]
    KeyOfAnother,
    /// A column does not hold what it should.
    #[error("column {0} of an answer is not what it should be")]
    Column(usize),
    /// SQLite reports an error.
    #[error("SQLite says: {message} ({code})")]
    Sqlite {
        /// The extended [result code](https://www.sqlite.org/rescode.html).
        code: i64,
        /// SQLite's message.
        message: String,
    },
    /// PostgreSQL reports an error.
    #[error("PostgreSQL says: {message} ({code})")]
    Postgres {
        /// The [SQLSTATE](https://www.postgresql.org/docs/current/errcodes-appendix.html).
        code: String,
        /// PostgreSQL's message.
        message: String,
    },
    /// PostgreSQL cannot be reached.
    #[error("no connection to PostgreSQL at {at}")]
    NoConnection {
        /// Its address, without a user.
        at: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// PostgreSQL does not answer, or all connections to it are busy.
    #[error("PostgreSQL at {0} does not answer in time")]
    NoAnswer(String),
    /// Everything else on the way to the database.
    #[error(transparent)]
    Other(sqlx::Error),
}

impl StateError {
    /// What the operator can do about it.
    pub fn advice(&self) -> Cow<'static, str> {
        let fixed = match self {
            Self::NoFolder(folder) => {
                return format!(
                    "Make the folder `{}`, writable for the daemon's user.",
                    folder.display()
                )
                .into();
            }
            Self::File { .. } => PERMISSIONS,
            Self::NotWritable { .. } => {
                "The folder of the state must be writable for the daemon's user, and its disk not mounted read-only."
            }
            Self::Foreign(_) => "Name another file as `daemon.state`. It was left as it is.",
            Self::Newer { .. } => {
                "Run the version of the program that wrote it, or a later one. It was left as it is."
            }
            Self::Older { .. } => "Start the daemon of this version once: it brings the state up to date.",
            Self::Row { .. } | Self::Change { .. } => DAMAGED,
            Self::NoWriteAheadLog(_) => {
                "Keep the state on a local disk: network drives do not offer what SQLite needs."
            }
            Self::LeaseLost(_) => "Nothing to do: another process has taken the instance over.",
            Self::OtherKey => {
                "Put the old key file back, or sign in again with `presencectl login INSTANCE`. Nothing was changed."
            }
            Self::Unsealable => "Sign in again with `presencectl login INSTANCE`.",
            Self::KeyOfAnother => {
                "Copy the key file of another daemon here, with the same rights. Where it is lost on all of them, delete the row in \
                 the table `state_key` and sign in again: what was sealed with it stays unreadable."
            }
            Self::Sqlite { code, .. } => of_code(*code),
            Self::Postgres { code, .. } => of_sqlstate(code),
            Self::NoConnection { .. } => {
                "Check that PostgreSQL runs, that `daemon.state` names its host and port, and that this machine may connect; with \
                 TLS, that its certificate is signed for this name (`sslrootcert` names a private authority)."
            }
            Self::NoAnswer(_) => {
                "Check PostgreSQL and the network to it. What could not be stored is tried again by itself."
            }
            Self::Other(sqlx::Error::PoolTimedOut) => BUSY,
            Self::Unwritable { .. } | Self::Column(_) | Self::Other(_) => {
                "Report this message: it is a fault of the program."
            }
        };
        fixed.into()
    }

    /// Whether another process or connection has the file locked.
    #[cfg(feature = "sqlite")]
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite { code, .. } if code & 0xff == 5)
    }

    /// The failure of a port that was to do `doing`.
    pub(crate) fn during(self, doing: &'static str) -> PortError {
        let advice = self.advice();
        PortError::new(Fault::State, doing)
            .with_advice(advice)
            .caused_by(self)
    }
}

impl From<sqlx::Error> for StateError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's own message is taken out, because the library's text would repeat it.
        match error.as_database_error() {
            Some(said) => Self::Sqlite {
                code: said.code().and_then(|code| code.parse().ok()).unwrap_or_default(),
                message: said.message().to_owned(),
            },
            None => Self::Other(error),
        }
    }
}

const PERMISSIONS: &str = "Give the daemon's user the right to read and write the state file and its folder; run a command that reads it as \
     that user.";
const BUSY: &str = "Another process keeps the state locked. Find out which program has the file open, and keep it off network drives.";
const DAMAGED: &str = "The state is damaged. Stop the daemon, put the file away and start anew: DND that was ours counts as the users' own then.";

fn of_code(code: i64) -> &'static str {
    // The lower byte is the kind of error, the rest its detail.
    match code & 0xff {
        5 | 6 => BUSY,
        3 | 8 | 14 | 23 => PERMISSIONS,
        13 => "The disk is full. Make room; what could not be stored is tried again by itself.",
        10 => "The disk reports errors. Check it, and the system's log.",
        11 | 26 => DAMAGED,
        _ => "Report this message: it is a fault of the program.",
    }
}

fn of_sqlstate(code: &str) -> &'static str {
    if code == "42501" {
        return "Make the user of `daemon.state` the owner of the database, or at least of the schema `presence_sync`.";
    }
    match code.get(..2) {
        Some("28") => {
            "Check the user in `daemon.state`, the password in `daemon.state_password_file`, and the server's `pg_hba.conf`."
        }
        Some("3D") => "Make the database: `createdb --owner=USER NAME`.",
        Some("22" | "42") => "Report this message: it is a fault of the program.",
        Some("53") => {
            "PostgreSQL has no room left: for connections (`max_connections`), on the disk, or in memory."
        }
        Some("57" | "08") => {
            "PostgreSQL is being stopped or started, or ended the connection. What could not be stored is tried again by itself."
        }
        Some("25") => "The server only reads: name the primary one in `daemon.state`.",
        _ => "Look into PostgreSQL's log. What could not be stored is tried again by itself.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_of_the_disk_has_its_own_advice() {
        let extended_busy = 5 | (2 << 8);
        for (code, word) in [
            (13, "full"),
            (8, "right to read and write"),
            (5, "locked"),
            (extended_busy, "locked"),
            (11, "damaged"),
            (26, "damaged"),
            (10, "disk"),
        ] {
            let error = StateError::Sqlite {
                code,
                message: "sample".to_owned(),
            }
            .during("store");
            assert_eq!(error.fault, Fault::State);
            assert!(error.advice.as_deref().unwrap().contains(word), "{code}");
            assert_eq!(
                error.chain(),
                format!("cannot store: SQLite says: sample ({code})")
            );
        }
    }
}
