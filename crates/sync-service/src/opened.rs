//! The state, opened for whoever works with it, in a file or in PostgreSQL.

use std::sync::Arc;

use sync_adapters::clock::SystemClock;
use sync_adapters::postgres::{PostgresLedger, PostgresOptions};
use sync_adapters::sqlite::SqliteLedger;
use sync_adapters::state::{Beside, StateKey};
use sync_core::{DaemonsPort, Fault, LedgerPort, PortError};

use crate::config::{Daemon, PostgresState, State, StateKeyFile};
use crate::sign_ins::SignIns;

/// An open state.
pub(crate) struct OpenState {
    pub(crate) ledger: Arc<dyn LedgerPort>,
    /// Secrets, and who changed the settings.
    pub(crate) beside: Beside,
    /// The sign-ins that are kept in it.
    pub(crate) sign_ins: SignIns,
    /// The other daemons, where there may be any.
    pub(crate) daemons: Option<Arc<dyn DaemonsPort>>,
}

impl OpenState {
    /// Opens the state to work on it. It is made where there is none, and so is its key.
    ///
    /// # Errors
    /// When it cannot be used; also when other daemons have another key.
    pub(crate) async fn to_work(daemon: &Daemon) -> Result<Self, PortError> {
        let key = &daemon.state_key;
        match &daemon.state {
            State::Sqlite(path) => {
                let ledger = SqliteLedger::open(path).await?;
                let beside = ledger.beside();
                Ok(Self {
                    ledger: Arc::new(ledger),
                    sign_ins: SignIns::kept_in(&beside, StateKey::read_or_make(&key.path, key.lent)),
                    beside,
                    daemons: None,
                })
            }
            State::Postgres(postgres) => Box::pin(Self::shared(postgres, key)).await,
        }
    }

    /// Opens a state that other daemons may have open, too, with the key that all of them have.
    async fn shared(postgres: &PostgresState, key: &StateKeyFile) -> Result<Self, PortError> {
        let clock = Arc::new(SystemClock::default());
        let ledger = Arc::new(PostgresLedger::open(options(postgres), clock).await?);
        // A second daemon must not make a key of its own.
        let read = match ledger.has_key().await? {
            true => StateKey::read(&key.path, key.lent),
            false => StateKey::read_or_make(&key.path, key.lent),
        };
        match &read {
            Ok(key) => ledger.agree_on_key(key).await?,
            Err(error) if error.is_absent() => return Err(keyless(key)),
            // It is said by whoever needs the key.
            Err(_) => {}
        }
        let beside = ledger.beside();
        Ok(Self {
            ledger: Arc::clone(&ledger) as _,
            sign_ins: SignIns::kept_in(&beside, read),
            beside,
            daemons: Some(ledger),
        })
    }

    /// Opens the state to look at it. Nothing is made.
    ///
    /// # Errors
    /// When it cannot be read. One that does not exist is an empty one.
    pub(crate) async fn to_look(daemon: &Daemon) -> Result<Self, PortError> {
        let (ledger, beside): (Arc<dyn LedgerPort>, Beside) = match &daemon.state {
            State::Sqlite(path) => {
                let ledger = SqliteLedger::open_read_only(path).await?;
                let beside = ledger.beside();
                (Arc::new(ledger), beside)
            }
            State::Postgres(postgres) => {
                let clock = Arc::new(SystemClock::default());
                let opening = PostgresLedger::open_read_only(options(postgres), clock);
                let ledger = Box::pin(opening).await?;
                let beside = ledger.beside();
                (Arc::new(ledger), beside)
            }
        };
        let key = &daemon.state_key;
        Ok(Self {
            ledger,
            sign_ins: SignIns::read_from(&beside, StateKey::read(&key.path, key.lent)),
            beside,
            daemons: None,
        })
    }
}

fn keyless(key: &StateKeyFile) -> PortError {
    let doing = format!("use the state without its key `{}`", key.path.display());
    PortError::new(Fault::State, doing).with_advice(
        "Copy the key file of another daemon here, with the same rights: what is sealed in the state can be read with that one \
         alone.",
    )
}

fn options(postgres: &PostgresState) -> PostgresOptions {
    let password = postgres
        .password
        .as_ref()
        .map(|password| password.as_secret().clone());
    PostgresOptions::new(postgres.address.clone(), password)
}
