//! Small secrets in the state, encrypted.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

use super::cell::with;
use super::error::StateError;
use super::settings_audit::SettingsAudit;
use super::state_key::StateKey;
use super::store::Store;

/// What is kept beside the ledger, in the same state.
#[derive(Clone, Debug)]
pub struct Beside {
    store: Arc<dyn Store>,
    writes: bool,
}

impl Beside {
    pub(crate) fn new(store: Arc<dyn Store>, writes: bool) -> Self {
        Self { store, writes }
    }

    /// Secrets, sealed with this key.
    pub fn sealed(&self, key: StateKey) -> SealedStore {
        SealedStore {
            store: Arc::clone(&self.store),
            key,
            writes: self.writes,
        }
    }

    /// Who changed the settings.
    pub fn settings_audit(&self) -> SettingsAudit {
        SettingsAudit::new(Arc::clone(&self.store))
    }
}

/// Keeps secrets by name in the state of a ledger. What is stored is on the disk when the call returns, whole or not at all.
///
/// Each is encrypted with AES-256-GCM under a key that is derived from the state's key for its purpose; name and purpose are
/// bound to it, so that none can be put in another one's place.
#[derive(Clone, Debug)]
pub struct SealedStore {
    store: Arc<dyn Store>,
    key: StateKey,
    writes: bool,
}

/// A secret with the number of its last change.
#[derive(Clone, Debug)]
pub struct Unsealed {
    /// The secret.
    pub text: SecretString,
    /// Which one it is: another after each change.
    pub number: u64,
}

impl SealedStore {
    /// The key that it seals with.
    pub fn key(&self) -> &StateKey {
        &self.key
    }

    /// Whether [`SealedStore::replace`] stores anything.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// The secret of this name; `None` where there is none.
    ///
    /// # Errors
    /// When the state cannot be read, or another key sealed the secret: it stays there then.
    pub async fn open(&self, name: &str, purpose: &str) -> Result<Option<Unsealed>, StateError> {
        let found = "SELECT number, key, sealed FROM sealed WHERE name = $1";
        let mut reading = self.store.read().await?;
        let Some(row) = reading.fetch_first(found, with(name)).await? else {
            return Ok(None);
        };
        let other_key = row.text(1)? != self.key.name();
        let text = self.key.open(purpose, &about(name, purpose), row.bytes(2)?);
        let text = text.map_err(|_| {
            if other_key {
                StateError::OtherKey
            } else {
                StateError::Unsealable
            }
        })?;
        let text = std::str::from_utf8(&text).map_err(|_| StateError::Unsealable)?;
        Ok(Some(Unsealed {
            text: text.to_owned().into(),
            number: u64::try_from(row.integer(0)?).unwrap_or_default(),
        }))
    }

    /// The number of the secret of this name, whoever sealed it; `None` where there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn number(&self, name: &str) -> Result<Option<u64>, StateError> {
        let found = "SELECT number FROM sealed WHERE name = $1";
        let row = self.store.read().await?.fetch_first(found, with(name)).await?;
        let number = row.map(|row| row.integer(0)).transpose()?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    }

    /// Stores a secret in place of the one with this number (`None`: in place of nothing). `false`: somebody else stored
    /// another one meanwhile, and that stays. A store that only reads stores nothing, and says that it did.
    ///
    /// # Errors
    /// When the state cannot be written; what was there is there then.
    pub async fn replace(
        &self,
        name: &str,
        purpose: &str,
        number: Option<u64>,
        text: &SecretString,
    ) -> Result<bool, StateError> {
        if !self.writes {
            return Ok(true);
        }
        let plain = Zeroizing::new(text.expose_secret().as_bytes().to_vec());
        let sealed = self
            .key
            .seal(purpose, &about(name, purpose), &plain)
            .map_err(|_| StateError::Unsealable)?;
        let mut transaction = self.store.write().await?;
        let statement = match number {
            None => {
                "INSERT INTO sealed (name, purpose, number, key, sealed) VALUES ($1, $2, 1, $3, $4) ON CONFLICT DO NOTHING"
            }
            Some(_) => {
                "UPDATE sealed SET purpose = $2, number = number + 1, key = $3, sealed = $4 WHERE name = $1 AND number = $5"
            }
        };
        let mut cells = with(name).and(purpose).and(self.key.name()).and(sealed);
        if let Some(number) = number {
            cells = cells.and(number);
        }
        let changed = transaction.execute(statement, cells).await? > 0;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// What a secret is bound to.
fn about(name: &str, purpose: &str) -> Vec<u8> {
    format!("sealed 1\n{purpose}\n{name}").into_bytes()
}
