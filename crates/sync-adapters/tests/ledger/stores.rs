//! The ledgers that the suite is run against.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sync_adapters::clock::SystemClock;
use sync_adapters::memory::MemoryLedger;
use sync_adapters::postgres::{PostgresAddress, PostgresLedger, PostgresOptions};
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{Clock, LedgerPort};
use tempfile::TempDir;

use crate::server;

/// A place that keeps rows, empty at first.
#[async_trait]
pub(crate) trait Store: Default + Send + Sync {
    /// Whether this machine has what it takes.
    fn is_there() -> bool {
        true
    }

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

/// A schema of its own in a server that all tests share.
pub(crate) struct Postgres(pub(crate) String);

impl Default for Postgres {
    fn default() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self(format!("state_{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Postgres {
    /// What it is opened with by a daemon that always looks at the leases of others.
    pub(crate) fn options(&self) -> PostgresOptions {
        let server = server::shared().expect("a server");
        let mut options = PostgresOptions::new(address(&server.url_of_socket()), None);
        options.schema.clone_from(&self.0);
        options.fresh = Duration::ZERO;
        options
    }

    pub(crate) async fn ledger(&self, clock: Arc<dyn Clock>) -> PostgresLedger {
        PostgresLedger::open(self.options(), clock).await.unwrap()
    }

    /// Changes something behind the ledger's back.
    pub(crate) async fn change(&self, statements: &str) {
        let changed = server::shared()
            .unwrap()
            .psql(&format!("SET search_path TO {}; {statements}", self.0));
        assert!(changed.0, "{}", changed.1);
    }
}

pub(crate) fn address(url: &str) -> PostgresAddress {
    PostgresAddress::parse(url, "/".as_ref()).unwrap()
}

#[async_trait]
impl Store for Postgres {
    fn is_there() -> bool {
        server::shared().is_some()
    }

    async fn open(&self) -> Arc<dyn LedgerPort> {
        Arc::new(self.ledger(Arc::new(SystemClock::default())).await)
    }
}
