//! The ledgers that the suite is run against.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use sync_adapters::memory::MemoryLedger;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::LedgerPort;
use tempfile::TempDir;

/// A place that keeps rows, empty at first.
#[async_trait]
pub(crate) trait Store: Default + Send + Sync {
    /// Opens what is kept there, as another process would.
    async fn open(&self) -> Arc<dyn LedgerPort>;
}

#[derive(Default)]
pub(crate) struct Memory(Arc<MemoryLedger>);

#[async_trait]
impl Store for Memory {
    async fn open(&self) -> Arc<dyn LedgerPort> {
        self.0.clone()
    }
}

pub(crate) struct Sqlite(TempDir);

impl Default for Sqlite {
    fn default() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Sqlite {
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("state.db")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn open(&self) -> Arc<dyn LedgerPort> {
        Arc::new(SqliteLedger::open(self.path()).await.unwrap())
    }
}
