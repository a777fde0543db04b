//! The file itself: how it is opened, and what its transactions guarantee.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::{Access, access};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, Executor, Row, SqlitePool};

use super::schema::{self, Format};
use super::transaction::SqliteTransaction;
use crate::state::{self, StateError, Transaction};

/// How long another process's transaction is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// How long a connection of our own is waited for.
const TURN: Duration = Duration::from_secs(10);

/// Readers beside the writer; they never wait for each other, nor for it.
const READERS: u32 = 2;

/// How long another process that makes the same file is waited for, step by step.
const MODE_PAUSES: [Duration; 5] = [
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(2),
];

/// One writer, and readers that see the last committed state.
#[derive(Clone, Debug)]
pub(super) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the file, makes it where it does not exist, and brings it to our version.
    pub(super) async fn open(path: &Path) -> Result<Self, StateError> {
        let folder = folder(path)?;
        // SQLite itself does not tell why it cannot make the files that belong to the state.
        access(folder, Access::WRITE_OK).map_err(|errno| StateError::NotWritable {
            path: folder.to_owned(),
            source: errno.into(),
        })?;
        make(path)?;
        // What a commit has reported as stored is on the disk: intents must survive a loss of power.
        let options = options(path)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let writer = pool(1).connect_with(options.clone()).await?;
        schema::format(&mut *writer.begin().await?, path).await?;
        write_ahead(&writer).await?;
        schema::migrate(&writer, path).await?;
        let readers = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { writer, readers })
    }

    /// Opens the file for reading. One that does not exist, or has nothing in it, is read as an empty ledger and not made.
    pub(super) async fn open_read_only(path: &Path) -> Result<Self, StateError> {
        folder(path)?;
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::empty(path).await,
            _ => {}
        }
        let readers = pool(READERS).connect_with(options(path).read_only(true)).await?;
        let format = schema::format(&mut *readers.begin().await?, path).await?;
        match format {
            Format::Current => Ok(Self {
                writer: readers.clone(),
                readers,
            }),
            Format::Empty => Self::empty(path).await,
            Format::Older(found) => Err(StateError::Older {
                found,
                known: schema::latest(),
            }),
        }
    }

    async fn empty(path: &Path) -> Result<Self, StateError> {
        // Each connection to memory is a database of its own, so there is but one, and it is kept.
        let memory = SqliteConnectOptions::new()
            .in_memory(true)
            .disable_statement_logging();
        let readers = pool(1).connect_with(memory).await?;
        schema::migrate(&readers, path).await?;
        Ok(Self {
            writer: readers.clone(),
            readers,
        })
    }
}

#[async_trait]
impl state::Store for Store {
    /// It has the file's lock from its beginning, so it never fails half-way for want of it.
    async fn write(&self) -> Result<Box<dyn Transaction>, StateError> {
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Box::new(SqliteTransaction(begun)))
    }

    async fn read(&self) -> Result<Box<dyn Transaction>, StateError> {
        Ok(Box::new(SqliteTransaction(self.readers.begin().await?)))
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(TURN)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // A full disk makes SQLite roll back by itself, after which a connection would count as busy with that transaction for ever.
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

fn folder(path: &Path) -> Result<&Path, StateError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(StateError::NoFolder(folder.to_owned()))
    }
}

/// Makes the file for its owner alone; SQLite gives the files beside it the same rights. One that exists keeps its own.
///
/// It is never opened here where it exists: closing a file drops all locks that this process has on it, SQLite's too.
fn make(path: &Path) -> Result<(), StateError> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => Err(StateError::File {
            path: PathBuf::from(path),
            source,
        }),
        _ => Ok(()),
    }
}

/// With a write-ahead log, readers and the writer do not wait for each other. The file remembers the mode.
///
/// SQLite does not wait when it changes the mode while another process does the same to a new file, so this waits instead.
async fn write_ahead(pool: &SqlitePool) -> Result<(), StateError> {
    let mut pauses = MODE_PAUSES.iter();
    loop {
        let answer = pool.fetch_one("PRAGMA journal_mode = WAL").await;
        match (answer.map_err(StateError::from), pauses.next()) {
            (Err(error), Some(pause)) if error.is_busy() => tokio::time::sleep(*pause).await,
            (Err(error), _) => return Err(error),
            (Ok(row), _) => {
                let mode: String = row.try_get(0)?;
                let changed = mode.eq_ignore_ascii_case("wal");
                return if changed {
                    Ok(())
                } else {
                    Err(StateError::NoWriteAheadLog(mode))
                };
            }
        }
    }
}
