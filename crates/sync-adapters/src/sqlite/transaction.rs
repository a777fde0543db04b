//! Statements in a transaction of SQLite.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{Arguments, Executor, Row as _, Sqlite, TypeInfo, ValueRef};
use sync_core::InstanceName;

use crate::state::{Alone, Cell, Cells, Connection, Row, StateError, Transaction};

pub(super) struct SqliteTransaction(pub(super) sqlx::Transaction<'static, Sqlite>);

#[async_trait]
impl Connection for SqliteTransaction {
    async fn execute(&mut self, statement: &'static str, cells: Cells) -> Result<u64, StateError> {
        let query = sqlx::query_with(statement, bound(cells)?);
        Ok((&mut *self.0).execute(query).await?.rows_affected())
    }

    async fn fetch(&mut self, statement: &'static str, cells: Cells) -> Result<Vec<Row>, StateError> {
        let query = sqlx::query_with(statement, bound(cells)?);
        (&mut *self.0).fetch_all(query).await?.iter().map(row).collect()
    }

    /// Whoever writes has the whole file for itself.
    async fn fence(&mut self, instance: &InstanceName) -> Result<Option<i64>, StateError> {
        let query = sqlx::query("SELECT fence FROM leases WHERE instance = ?").bind(&*instance.0);
        let row = (&mut *self.0).fetch_optional(query).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Whoever writes is alone anyway.
    async fn alone(&mut self, _: Alone<'_>) -> Result<(), StateError> {
        Ok(())
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn commit(self: Box<Self>) -> Result<(), StateError> {
        Ok(self.0.commit().await?)
    }
}

fn bound(cells: Cells) -> Result<SqliteArguments, StateError> {
    let mut arguments = SqliteArguments::default();
    for cell in cells.0 {
        let added = match cell {
            Cell::Null => arguments.add(None::<String>),
            Cell::Integer(number) => arguments.add(number),
            Cell::Text(text) => arguments.add(text),
            Cell::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(|error| StateError::Other(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

fn row(row: &SqliteRow) -> Result<Row, StateError> {
    let cells = (0..row.len()).map(|column| cell(row, column));
    Ok(Row(cells.collect::<Result<_, _>>()?))
}

fn cell(row: &SqliteRow, column: usize) -> Result<Cell, StateError> {
    let value: SqliteValueRef<'_> = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "INTEGER" => Cell::Integer(row.try_get(column)?),
        "TEXT" => Cell::Text(row.try_get(column)?),
        "BLOB" => Cell::Bytes(row.try_get(column)?),
        _ => return Err(StateError::Column(column)),
    })
}
