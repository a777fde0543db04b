//! The port for the ledger.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use sync_core::{
    Acquired, AuditRange, AuditRecord, Claim, Clock, InstanceName, Lease, LedgerCommit, LedgerPort, Memory,
    PbxUserId, PortError, Remembered, SeatClaim, Seats,
};

use super::address::PostgresAddress;
use super::leases::Leases;
use super::schema;
use super::sessions::Sessions;
use super::store::Store;
use crate::read_only::ReadOnlyLedger;
use crate::state::{Beside, StateError, StateKey, Store as _, Tables, with};

/// What a ledger in PostgreSQL is opened with.
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// Where the database is.
    pub address: PostgresAddress,
    /// The user's password, where the server asks for one.
    pub password: Option<SecretString>,
    /// The schema that has the tables: lower-case letters, digits and underscores. Several states fit into one database.
    pub schema: String,
    /// The name of this machine, for people, and to know its leases again after a crash.
    pub node: String,
    /// How old what is known of the leases of others may be; one statement reads them all.
    pub fresh: Duration,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("address", &self.address)
            .field("schema", &self.schema)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// The tables in the schema `presence_sync`, for a daemon on this machine.
    pub fn new(address: PostgresAddress, password: Option<SecretString>) -> Self {
        Self {
            address,
            password,
            schema: "presence_sync".to_owned(),
            node: crate::clock::node(),
            fresh: Duration::from_secs(1),
        }
    }
}

/// The ledger in PostgreSQL; a [`LedgerPort`].
///
/// A lease is a row with a number. It holds for twelve seconds without a sign of life; whoever waits for it counts these, and
/// ten more for a request that may still be under way, by a clock of its own. A transaction under an older number is refused.
pub struct PostgresLedger {
    store: Store,
    tables: Tables,
    leases: Leases,
}

impl std::fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLedger")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl PostgresLedger {
    /// Opens the state, makes its tables where there are none, and brings them to this version's format.
    ///
    /// # Errors
    /// When the database cannot be reached or used. Tables of a later version are left as they are.
    pub async fn open(options: PostgresOptions, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        let open = async {
            let store = Self::connect(&options).await?;
            schema::migrate(&store).await?;
            Ok(Self::over(store, options, clock))
        };
        open.await
            .map_err(|error: StateError| error.during("open the state"))
    }

    /// Opens the state to look at it. One without tables is read as an empty one, and none are made.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`]; also for an earlier format, because it would have to be changed.
    pub async fn open_read_only(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<ReadOnlyLedger<Self>, PortError> {
        let open = async {
            let mut store = Self::connect(&options).await?;
            if !schema::look(&store).await? {
                store = Store::passing(store.sessions);
                schema::pass(&store).await?;
            }
            Ok(ReadOnlyLedger::new(Self::over(store, options, clock)))
        };
        open.await
            .map_err(|error: StateError| error.during("read the state"))
    }

    async fn connect(options: &PostgresOptions) -> Result<Store, StateError> {
        let sessions = Sessions::new(&options.address, options.password.as_ref(), &options.node)?;
        sessions.probe().await?;
        Ok(Store::new(sessions, &options.schema))
    }

    fn over(store: Store, options: PostgresOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            tables: Tables(Arc::new(store.clone())),
            leases: Leases::new(store.clone(), clock, options.node, options.fresh),
            store,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// What is kept beside the ledger, in the same state.
    pub fn beside(&self) -> Beside {
        Beside::new(Arc::clone(&self.tables.0), true)
    }

    /// Whether some daemon has agreed on a key already.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn has_key(&self) -> Result<bool, PortError> {
        let name = self.key_name().await;
        Ok(name
            .map_err(|error| error.during("read which key the state has"))?
            .is_some())
    }

    /// Agrees with all other daemons on the key that secrets are sealed with: whoever is first sets it.
    ///
    /// # Errors
    /// When they have another one, or the state cannot be written.
    pub async fn agree_on_key(&self, key: &StateKey) -> Result<(), PortError> {
        let agree = async {
            let mut transaction = self.store.write().await?;
            let first = "INSERT INTO state_key (place, name) VALUES ('here', $1) ON CONFLICT DO NOTHING";
            transaction.execute(first, with(key.name())).await?;
            transaction.commit().await?;
            match self.key_name().await? {
                Some(name) if name == key.name() => Ok(()),
                _ => Err(StateError::KeyOfAnother),
            }
        };
        agree
            .await
            .map_err(|error| error.during("use the key of the state"))
    }

    async fn key_name(&self) -> Result<Option<String>, StateError> {
        let mut reading = self.store.read().await?;
        let row = reading
            .fetch_first("SELECT name FROM state_key WHERE place = $1", with("here"))
            .await?;
        row.map(|row| row.text(0).map(str::to_owned)).transpose()
    }
}

impl ReadOnlyLedger<PostgresLedger> {
    /// What is kept beside the ledger, in the same state; only to be read.
    pub fn beside(&self) -> Beside {
        Beside::new(Arc::clone(&self.inside().tables.0), false)
    }
}

#[async_trait]
impl LedgerPort for PostgresLedger {
    async fn acquire(&self, claim: &Claim, _: Timestamp) -> Result<Acquired, PortError> {
        self.leases
            .acquire(claim)
            .await
            .map_err(|error| error.during("acquire the lease of an instance"))
    }

    async fn renew(&self, lease: &Lease, _: Timestamp) -> Result<bool, PortError> {
        self.leases
            .renew(lease)
            .await
            .map_err(|error| error.during("renew the lease of an instance"))
    }

    async fn surrender(&self, lease: &Lease) -> Result<(), PortError> {
        self.leases
            .give_back(lease)
            .await
            .map_err(|error| error.during("give the lease of an instance back"))
    }

    async fn load(&self, claim: &Claim) -> Result<Memory, PortError> {
        self.tables.load(claim).await
    }

    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError> {
        self.tables.commit(lease, commit).await
    }

    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.tables.take_seats(lease, claim).await
    }

    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.tables.count_seats(owner, claim).await
    }

    async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError> {
        self.tables.keep_seats_of(instances).await
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        self.tables.remembered().await
    }

    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError> {
        self.tables.audit(range, limit).await
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError> {
        self.tables.forget_audit(before).await
    }
}
