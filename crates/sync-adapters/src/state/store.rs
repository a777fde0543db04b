//! The seam between the statements and a database.

use std::fmt::Debug;

use async_trait::async_trait;
use sync_core::{InstanceName, PbxName};

use super::cell::{Cells, Row};
use super::error::StateError;

/// What several writers must not do at once, beside what rows guard by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alone<'a> {
    /// Change the rows of a PBX, whose users instances claim from each other.
    Members(
        #[cfg_attr(
            not(feature = "postgres"),
            expect(dead_code, reason = "SQLite's one writer is alone anyway")
        )]
        &'a PbxName,
    ),
    /// Note or count seats, which instances share.
    Seats,
}

/// A place for tables.
#[async_trait]
pub(crate) trait Store: Debug + Send + Sync {
    /// A transaction that reads: all its queries see the same state.
    async fn read(&self) -> Result<Box<dyn Transaction>, StateError>;

    /// A transaction that writes.
    async fn write(&self) -> Result<Box<dyn Transaction>, StateError>;
}

/// What statements are sent by. Their parameters are `$1`, `$2`, ….
#[async_trait]
pub(crate) trait Connection: Send {
    /// Changes something, and tells how many rows that were.
    async fn execute(&mut self, statement: &'static str, cells: Cells) -> Result<u64, StateError>;

    /// Reads rows.
    async fn fetch(&mut self, statement: &'static str, cells: Cells) -> Result<Vec<Row>, StateError>;

    /// The number of an instance's lease, which nobody changes before the transaction ends, if it writes.
    async fn fence(&mut self, instance: &InstanceName) -> Result<Option<i64>, StateError>;

    /// Waits until nobody else does this, and keeps others from it until the transaction ends.
    async fn alone(&mut self, with: Alone<'_>) -> Result<(), StateError>;

    /// Reads the first row, if there is one.
    async fn fetch_first(
        &mut self,
        statement: &'static str,
        cells: Cells,
    ) -> Result<Option<Row>, StateError> {
        Ok(self.fetch(statement, cells).await?.into_iter().next())
    }
}

/// Statements that take effect together, or not at all: dropped, it leaves nothing behind.
#[async_trait]
pub(crate) trait Transaction: Connection {
    /// Makes everything last.
    async fn commit(self: Box<Self>) -> Result<(), StateError>;
}
