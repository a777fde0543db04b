//! The versions of the schema, and how a file comes from one to the next.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, Row, SqliteConnection, SqlitePool};

use crate::state::StateError;

/// Each version's step from the one before it. A step that was published is never changed.
const STEPS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_ledger.sql"),
    include_str!("../../migrations/sqlite/0002_licences.sql"),
    include_str!("../../migrations/sqlite/0003_pauses.sql"),
    include_str!("../../migrations/sqlite/0004_audit.sql"),
    include_str!("../../migrations/sqlite/0005_refusals.sql"),
    include_str!("../../migrations/sqlite/0006_sealed.sql"),
    include_str!("../../migrations/sqlite/0007_settings.sql"),
];

/// Marks the file as ours (`TPS1`), so that no other program's file is touched.
const APPLICATION: i64 = 0x5450_5331;

/// What a file is, by its header alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// It has nothing in it yet.
    Empty,
    /// It is of an earlier version.
    Older(i64),
    /// It is of our version.
    Current,
}

/// Looks at a file without changing it, in a transaction, so that what it sees belongs together.
///
/// # Errors
/// When it belongs to another program or to a later version.
pub(super) async fn format(connection: &mut SqliteConnection, path: &Path) -> Result<Format, StateError> {
    let application = number(connection, "PRAGMA application_id").await?;
    let version = number(connection, "PRAGMA user_version").await?;
    let known = latest();
    if application == 0
        && version == 0
        && number(connection, "SELECT count(*) FROM sqlite_schema").await? == 0
    {
        return Ok(Format::Empty);
    }
    match version {
        _ if application != APPLICATION => Err(StateError::Foreign(path.to_owned())),
        found if found > known => Err(StateError::Newer { found, known }),
        found if found < known => Ok(Format::Older(found)),
        _ => Ok(Format::Current),
    }
}

/// Brings a file to our version, in one transaction.
pub(super) async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), StateError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    // Looked at again under the lock: another process may have been quicker.
    let done = match format(&mut transaction, path).await? {
        Format::Current => return Ok(()),
        Format::Empty => 0,
        Format::Older(version) => version,
    };
    let skipped = usize::try_from(done).unwrap_or_default();
    for &step in &STEPS[skipped..] {
        transaction.execute(sqlx::raw_sql(step)).await?;
    }
    // SQLite takes no parameters here.
    let mark = format!(
        "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {}",
        latest()
    );
    transaction.execute(sqlx::raw_sql(AssertSqlSafe(mark))).await?;
    Ok(transaction.commit().await?)
}

pub(super) fn latest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

async fn number(connection: &mut SqliteConnection, query: &'static str) -> Result<i64, StateError> {
    let row = connection.fetch_one(sqlx::query(query)).await?;
    Ok(row.try_get(0)?)
}
