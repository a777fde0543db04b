//! Statements in a transaction of PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow, PgValueRef};
use sqlx::{Arguments, Executor, Postgres, Row as _, TypeInfo, ValueRef};
use sync_core::InstanceName;

use super::sessions::Sessions;
use crate::state::{Alone, Cell, Cells, Connection, Row, StateError, Transaction};

pub(super) struct PostgresTransaction {
    inner: sqlx::Transaction<'static, Postgres>,
    sessions: Sessions,
    /// What tells our locks from those of others in the same database.
    schema: String,
}

impl PostgresTransaction {
    pub(super) fn new(inner: sqlx::Transaction<'static, Postgres>, sessions: Sessions, schema: &str) -> Self {
        Self {
            inner,
            sessions,
            schema: schema.to_owned(),
        }
    }

    /// Waits for a lock that has a name and ends with the transaction.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), StateError> {
        let name = format!("presence-sync {} {name}", self.schema);
        let lock = sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(name);
        self.sessions
            .within((&mut *self.inner).execute(lock))
            .await
            .map(drop)
    }

    /// Several statements without values.
    pub(super) async fn run(&mut self, statements: String) -> Result<(), StateError> {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
        self.sessions
            .within((&mut *self.inner).execute(statements))
            .await
            .map(drop)
    }
}

#[async_trait]
impl Connection for PostgresTransaction {
    async fn execute(&mut self, statement: &'static str, cells: Cells) -> Result<u64, StateError> {
        let query = sqlx::query_with(statement, bound(cells)?);
        let done = self.sessions.within((&mut *self.inner).execute(query)).await?;
        Ok(done.rows_affected())
    }

    async fn fetch(&mut self, statement: &'static str, cells: Cells) -> Result<Vec<Row>, StateError> {
        let query = sqlx::query_with(statement, bound(cells)?);
        let rows = self.sessions.within((&mut *self.inner).fetch_all(query)).await?;
        rows.iter().map(row).collect()
    }

    /// The row is locked, so that whoever takes the lease over waits for the end of this transaction. Renewals do not wait.
    async fn fence(&mut self, instance: &InstanceName) -> Result<Option<i64>, StateError> {
        let query = sqlx::query("SELECT fence FROM leases WHERE instance = $1 FOR KEY SHARE");
        let query = query.bind(&*instance.0);
        let row = self
            .sessions
            .within((&mut *self.inner).fetch_optional(query))
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn alone(&mut self, with: Alone<'_>) -> Result<(), StateError> {
        match with {
            Alone::Members(pbx) => self.lock(&format!("members of {pbx}")).await,
            Alone::Seats => self.lock("seats").await,
        }
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn commit(self: Box<Self>) -> Result<(), StateError> {
        self.sessions.within(self.inner.commit()).await
    }
}

fn bound(cells: Cells) -> Result<PgArguments, StateError> {
    let mut arguments = PgArguments::default();
    for cell in cells.0 {
        let added = match cell {
            Cell::Null => arguments.add(None::<String>),
            Cell::Integer(number) => arguments.add(number),
            // PostgreSQL has no such character. A login with one in it is nobody's anyway.
            Cell::Text(text) if text.contains('\0') => arguments.add(text.replace('\0', "\u{fffd}")),
            Cell::Text(text) => arguments.add(text),
            Cell::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(|error| StateError::Other(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

pub(super) fn row(row: &PgRow) -> Result<Row, StateError> {
    let cells = (0..row.len()).map(|column| cell(row, column));
    Ok(Row(cells.collect::<Result<_, _>>()?))
}

fn cell(row: &PgRow, column: usize) -> Result<Cell, StateError> {
    let value: PgValueRef<'_> = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "INT8" => Cell::Integer(row.try_get(column)?),
        "TEXT" => Cell::Text(row.try_get(column)?),
        "BYTEA" => Cell::Bytes(row.try_get(column)?),
        _ => return Err(StateError::Column(column)),
    })
}
