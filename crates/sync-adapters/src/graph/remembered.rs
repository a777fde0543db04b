//! The token of a sign-in, sealed in the state.

use async_trait::async_trait;
use graph_presence::{Account, ClientId, Cloud, RefreshTokens, RememberError, Remembered, TenantId};
use secrecy::{ExposeSecret, SecretString};
use sync_core::{Fault, InstanceName, PortError};

use crate::state::{SealedStore, StateError};

const PURPOSE: &str = "refresh token";

/// A new sign-in wins over whoever renews the old one at the same time; more than one renewal is not to be expected.
const ATTEMPTS: usize = 10;

/// The refresh token of one instance in the state; a [`RefreshTokens`].
///
/// It belongs to the instance, the cloud's sign-in host, the tenant and the app: where one of them changes, somebody has to
/// sign in anew, and no token is sent to where it does not come from.
#[derive(Clone, Debug)]
pub struct SealedRefreshToken {
    store: SealedStore,
    name: String,
}

/// A sign-in that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSignIn {
    /// Who signed in; `None` where that was not told.
    pub account: Option<Account>,
}

/// The token with whoever it belongs to, as one secret, so that no crash parts them: the account is in a second line, where it
/// is known.
struct Kept {
    token: SecretString,
    account: Option<Account>,
}

impl Kept {
    fn read(text: &SecretString) -> Self {
        let text = text.expose_secret();
        let (token, account) = text.split_once('\n').unwrap_or((text, ""));
        Self {
            token: token.to_owned().into(),
            account: Account::new(account),
        }
    }

    fn text(token: &SecretString, account: Option<&Account>) -> SecretString {
        match account {
            Some(account) => format!("{}\n{account}", token.expose_secret()).into(),
            None => token.clone(),
        }
    }
}

impl SealedRefreshToken {
    /// The token of this instance.
    pub fn new(
        store: SealedStore,
        instance: &InstanceName,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
    ) -> Self {
        let name = format!("{instance} {} {tenant} {client}", cloud.login_base());
        Self { store, name }
    }

    /// The number of the token, which is another one after each change; `None` where there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn number(&self) -> Result<Option<u64>, PortError> {
        let number = self.store.number(&self.name).await;
        number.map_err(|error| error.during("look at the sign-in"))
    }

    /// The sign-in that is stored; `None` where there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn signed_in(&self) -> Result<Option<StoredSignIn>, PortError> {
        let found = self.store.open(&self.name, PURPOSE).await;
        let found = found.map_err(|error| error.during("look at the sign-in"))?;
        Ok(found.map(|found| StoredSignIn {
            account: Kept::read(&found.text).account,
        }))
    }

    /// Stores the token of a new sign-in and who signed in, whatever was there before.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn sign_in(&self, token: &SecretString, account: Option<&Account>) -> Result<(), PortError> {
        let doing = "store the sign-in";
        let kept = Kept::text(token, account);
        for _ in 0..ATTEMPTS {
            let number = self
                .store
                .number(&self.name)
                .await
                .map_err(|error| error.during(doing))?;
            let stored = self.store.replace(&self.name, PURPOSE, number, &kept).await;
            if stored.map_err(|error| error.during(doing))? {
                return Ok(());
            }
        }
        Err(PortError::new(Fault::State, doing)
            .with_advice("Another process stores its own again and again. Try again."))
    }
}

#[async_trait]
impl RefreshTokens for SealedRefreshToken {
    async fn current(&self) -> Result<Option<Remembered>, RememberError> {
        let found = self.store.open(&self.name, PURPOSE).await.map_err(refused)?;
        Ok(found.map(|found| Remembered {
            token: Kept::read(&found.text).token,
            number: found.number,
        }))
    }

    async fn replace(&self, number: Option<u64>, token: &SecretString) -> Result<bool, RememberError> {
        // Whoever signed in is the same. The number sees to it that nobody else did meanwhile.
        let known = match number {
            Some(_) => self.store.open(&self.name, PURPOSE).await.map_err(refused)?,
            None => None,
        };
        let account = known.and_then(|known| Kept::read(&known.text).account);
        let kept = Kept::text(token, account.as_ref());
        let replaced = self.store.replace(&self.name, PURPOSE, number, &kept).await;
        replaced.map_err(refused)
    }
}

fn refused(error: StateError) -> RememberError {
    let advice = error.advice().into_owned();
    RememberError::new(error, Some(advice))
}
