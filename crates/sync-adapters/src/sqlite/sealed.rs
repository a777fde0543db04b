//! Small secrets in the state, encrypted.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Executor, Row};

use super::error::StateError;
use super::state_key::StateKey;
use super::store::Store;

/// Keeps secrets by name in the state of a ledger. What is stored is on the disk when the call returns, whole or not at all.
///
/// Each is encrypted with AES-256-GCM under a key that is derived from the state's key for its purpose; name and purpose are
/// bound to it, so that none can be put in another one's place.
#[derive(Clone, Debug)]
pub struct SealedStore {
    store: Store,
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
    pub(super) fn new(store: Store, key: StateKey, writes: bool) -> Self {
        Self { store, key, writes }
    }

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
        let query = sqlx::query("SELECT number, key, sealed FROM sealed WHERE name = ?").bind(name);
        let Some(row) = self.store.read().await?.fetch_optional(query).await? else {
            return Ok(None);
        };
        let (number, key, sealed): (i64, String, Vec<u8>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let other_key = key != self.key.name();
        let text = self.key.open(purpose, &about(name, purpose), &sealed);
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
            number: u64::try_from(number).unwrap_or_default(),
        }))
    }

    /// The number of the secret of this name, whoever sealed it; `None` where there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn number(&self, name: &str) -> Result<Option<u64>, StateError> {
        let query = sqlx::query("SELECT number FROM sealed WHERE name = ?").bind(name);
        let row = self.store.read().await?.fetch_optional(query).await?;
        let number: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
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
        let query = match number {
            None => sqlx::query(
                "INSERT INTO sealed (name, purpose, number, key, sealed) VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING",
            ),
            Some(_) => sqlx::query(
                "UPDATE sealed SET purpose = ?2, number = number + 1, key = ?3, sealed = ?4 \
                 WHERE name = ?1 AND number = ?5",
            ),
        };
        let mut query = query.bind(name).bind(purpose).bind(self.key.name()).bind(sealed);
        if let Some(number) = number {
            query = query.bind(i64::try_from(number).unwrap_or(i64::MAX));
        }
        let changed = transaction.execute(query).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// What a secret is bound to.
fn about(name: &str, purpose: &str) -> Vec<u8> {
    format!("sealed 1\n{purpose}\n{name}").into_bytes()
}
