//! How to sign in to a PBX, remembered in the state.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use starface_api::{KnownSignIn, Login, PbxUrl, SignInMemory, VolatileMemory};

use crate::state::{SealedStore, StateError};

const PURPOSE: &str = "known sign-in";

/// What was found out about the sign-in to one PBX, in the state; a [`SignInMemory`].
///
/// It is no secret, and is sealed only because small texts of that kind have one place. Where the state cannot be read or
/// written, it is remembered as long as the process lives.
#[derive(Debug)]
pub struct SealedSignIn {
    store: SealedStore,
    name: String,
    here: VolatileMemory,
}

impl SealedSignIn {
    /// The memory of this login at this PBX, by this OAuth client where there is one: another client may have to show its
    /// secret in another way.
    pub fn new(store: SealedStore, pbx: &PbxUrl, login: &Login, client: Option<&str>) -> Self {
        let client = client.unwrap_or_default();
        Self {
            store,
            name: format!("{pbx} {login} {client}"),
            here: VolatileMemory::default(),
        }
    }

    async fn stored(&self) -> Result<Option<KnownSignIn>, StateError> {
        let found = self.store.open(&self.name, PURPOSE).await?;
        // What another version wrote down is found out anew.
        Ok(found.and_then(|found| serde_json::from_str(found.text.expose_secret()).ok()))
    }

    async fn put(&self, known: Option<&KnownSignIn>) -> Result<(), StateError> {
        let number = self.store.number(&self.name).await?;
        if number.is_none() && known.is_none() {
            return Ok(());
        }
        let text = serde_json::to_string(&known).unwrap_or_default();
        // Whoever stored something at the same time found out the same.
        self.store
            .replace(&self.name, PURPOSE, number, &text.into())
            .await?;
        Ok(())
    }
}

#[async_trait]
impl SignInMemory for SealedSignIn {
    async fn load(&self) -> Option<KnownSignIn> {
        if let Some(known) = self.here.load().await {
            return Some(known);
        }
        match self.stored().await {
            Ok(known) => known,
            Err(error) => {
                tracing::debug!(%error, "it is not known how the PBX signed in before");
                None
            }
        }
    }

    async fn store(&self, known: Option<&KnownSignIn>) {
        self.here.store(known).await;
        if let Err(error) = self.put(known).await {
            tracing::debug!(%error, "how the PBX signs in cannot be stored");
        }
    }
}
