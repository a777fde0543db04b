//! The versions of the schema, and how a database comes from one to the next.

use super::store::Store;
use crate::state::{Cells, Connection, StateError, Transaction, with};

/// Each version's step from the one before it. A step that was published is never changed.
const STEPS: &[&str] = &[include_str!("../../migrations/postgres/0001_state.sql")];

fn latest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings the tables to our version, in one transaction. Of several who begin at once, one does it.
pub(super) async fn migrate(store: &Store) -> Result<(), StateError> {
    let mut transaction = store.for_leases().await?;
    transaction.lock("schema").await?;
    let done = match found(&mut *transaction, &store.schema).await? {
        Some(found) if found == latest() => return Ok(()),
        Some(found) => found,
        None => {
            // Whoever may not make schemas can be given one.
            let there = "SELECT CAST(oid AS BIGINT) FROM pg_namespace WHERE nspname = $1";
            if transaction
                .fetch_first(there, with(&store.schema))
                .await?
                .is_none()
            {
                transaction.run(format!("CREATE SCHEMA {}", store.schema)).await?;
            }
            0
        }
    };
    advance(&mut transaction, done).await?;
    transaction.commit().await
}

/// Makes the tables where they vanish with the only connection.
pub(super) async fn pass(store: &Store) -> Result<(), StateError> {
    let mut transaction = store.for_leases().await?;
    advance(&mut transaction, 0).await?;
    transaction.commit().await
}

async fn advance(
    transaction: &mut super::transaction::PostgresTransaction,
    done: i64,
) -> Result<(), StateError> {
    for step in &STEPS[usize::try_from(done).unwrap_or_default()..] {
        transaction.run((*step).to_owned()).await?;
    }
    transaction.execute("DELETE FROM state", Cells::default()).await?;
    let mark = "INSERT INTO state (version) VALUES ($1)";
    transaction.execute(mark, with(latest())).await?;
    Ok(())
}

/// Whether the tables are there. They are of our version then.
pub(super) async fn look(store: &Store) -> Result<bool, StateError> {
    let known = latest();
    let mut transaction = store.for_leases().await?;
    match found(&mut *transaction, &store.schema).await? {
        None => Ok(false),
        Some(found) if found < known => Err(StateError::Older { found, known }),
        Some(_) => Ok(true),
    }
}

/// The version of the tables; `None` where there are none.
///
/// # Errors
/// When they are of a later version.
async fn found(connection: &mut dyn Connection, schema: &str) -> Result<Option<i64>, StateError> {
    let there =
        "SELECT CAST(count(*) AS BIGINT) FROM pg_tables WHERE schemaname = $1 AND tablename = 'state'";
    let there = connection.fetch_first(there, with(schema)).await?;
    if there.ok_or(StateError::Column(0))?.integer(0)? == 0 {
        return Ok(None);
    }
    let version = connection.fetch_first("SELECT version FROM state", Cells::default());
    let found = version.await?.ok_or(StateError::Column(0))?.integer(0)?;
    let known = latest();
    if found > known {
        return Err(StateError::Newer { found, known });
    }
    Ok(Some(found))
}
