//! The connections of one process, shared by all its instances.

use async_trait::async_trait;
use sqlx::postgres::PgPool;

use super::sessions::Sessions;
use super::transaction::PostgresTransaction;
use crate::state::{self, StateError, Transaction};

/// Commits and readings of all instances.
const WORK: u32 = 8;
/// Leases have connections of their own, so that no rush of commits keeps a lease from being renewed.
const LEASES: u32 = 2;

#[derive(Clone)]
pub(super) struct Store {
    pub(super) sessions: Sessions,
    work: PgPool,
    pub(super) leases: PgPool,
    pub(super) schema: String,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("sessions", &self.sessions)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Store {
    pub(super) fn new(sessions: Sessions, schema: &str) -> Self {
        Self {
            work: sessions.pool(WORK, schema),
            leases: sessions.pool(LEASES, schema),
            sessions,
            schema: schema.to_owned(),
        }
    }

    /// The same with one connection, whose tables vanish with it.
    pub(super) fn passing(sessions: Sessions) -> Self {
        let only = sessions.pool(1, "pg_temp");
        Self {
            work: only.clone(),
            leases: only,
            sessions,
            schema: "pg_temp".to_owned(),
        }
    }

    /// A transaction on the connections for leases.
    pub(super) async fn for_leases(&self) -> Result<Box<PostgresTransaction>, StateError> {
        self.begin(&self.leases, "BEGIN").await
    }

    async fn begin(&self, pool: &PgPool, how: &'static str) -> Result<Box<PostgresTransaction>, StateError> {
        let begun = self.sessions.within(pool.begin_with(how)).await?;
        Ok(Box::new(PostgresTransaction::new(
            begun,
            self.sessions.clone(),
            &self.schema,
        )))
    }
}

#[async_trait]
impl state::Store for Store {
    async fn read(&self) -> Result<Box<dyn Transaction>, StateError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(self.begin(&self.work, begin).await?)
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StateError> {
        Ok(self.begin(&self.work, "BEGIN").await?)
    }
}
