//! Somebody signs in for an instance, by browser or device code, and the state remembers it.

mod error;
mod loopback;

use std::time::Duration;

use sync_adapters::clock::SystemClock;
use sync_adapters::graph::{
    BrowserSignIn, DeviceSignIn, Permission, SealedRefreshToken, SignInError, SignedIn, UserSignIn,
};
use sync_core::InstanceName;

use crate::assembly::Assembly;
use crate::config::{Environment, Settings};
use crate::opened::OpenState;
use crate::telemetry::Metrics;
use crate::ways::Way;
pub use error::LoginError;
use loopback::Loopback;
pub use loopback::{Page, Pages};
pub use sync_adapters::graph::Account;

/// How long a browser is waited for.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// A sign-in for one instance. Nothing is sent before somebody begins it.
#[derive(Debug)]
pub struct Login {
    user: UserSignIn,
    token: SealedRefreshToken,
}

impl Login {
    /// For an instance that signs in by browser or device code; opens the state that the sign-in is to be stored in.
    ///
    /// # Errors
    /// [`LoginError`]; above all where the instance signs in otherwise.
    pub async fn prepare(
        settings: &Settings,
        environment: &Environment,
        instance: &InstanceName,
    ) -> Result<Self, LoginError> {
        let config = settings
            .instances
            .get(instance)
            .ok_or_else(|| LoginError::NoSuchInstance(instance.clone()))?;
        if !config.teams.sign_in.is_delegated() {
            return Err(LoginError::NotDelegated {
                instance: instance.clone(),
                auth: config.teams.sign_in.as_str(),
            });
        }
        let OpenState { ledger, sign_ins, .. } = OpenState::to_work(&settings.daemon).await?;
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        let assembly = Assembly::new(
            ledger,
            std::sync::Arc::new(SystemClock::default()),
            std::sync::Arc::new(metrics),
            environment.proxies.clone(),
        );
        let Way {
            http,
            cloud,
            tenant,
            client,
        } = assembly.way(&config.teams)?;
        Ok(Self {
            token: sign_ins.of(instance, &cloud, &tenant, &client)?,
            user: UserSignIn::new(http, &cloud, &tenant, &client),
        })
    }

    /// Asks for a device code.
    ///
    /// # Errors
    /// [`LoginError::SignIn`].
    pub async fn device_code(self) -> Result<DeviceLogin, LoginError> {
        let sign_in = self.user.device_code().await?;
        Ok(DeviceLogin {
            sign_in,
            token: self.token,
        })
    }

    /// Listens on this machine for what the browser brings.
    ///
    /// # Errors
    /// [`LoginError::Listen`].
    pub async fn browser(self) -> Result<BrowserLogin, LoginError> {
        let loopback = Loopback::bind().await.map_err(LoginError::Listen)?;
        Ok(BrowserLogin {
            sign_in: self.user.browser(loopback.port()),
            loopback,
            token: self.token,
        })
    }
}

/// What came of a sign-in that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Permissions that were asked for and not granted.
    pub missing: Vec<Permission>,
    /// Who signed in, where that was told.
    pub account: Option<Account>,
}

async fn store(token: &SealedRefreshToken, signed_in: SignedIn) -> Result<Stored, LoginError> {
    let account = signed_in.account;
    token.sign_in(&signed_in.refresh_token, account.as_ref()).await?;
    Ok(Stored {
        missing: signed_in.missing,
        account,
    })
}

/// A device code that waits for somebody.
#[derive(Debug)]
pub struct DeviceLogin {
    sign_in: DeviceSignIn,
    token: SealedRefreshToken,
}

impl DeviceLogin {
    /// Where to enter the code.
    pub fn link(&self) -> &str {
        self.sign_in.link()
    }

    /// The code.
    pub fn code(&self) -> &str {
        self.sign_in.code()
    }

    /// How long it is good.
    pub fn expires_in(&self) -> Duration {
        self.sign_in.expires_in()
    }

    /// Waits until somebody has signed in with it, and stores that.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn wait(self) -> Result<Stored, LoginError> {
        let signed_in = self.sign_in.wait().await?;
        store(&self.token, signed_in).await
    }
}

/// A link that waits for somebody's browser.
#[derive(Debug)]
pub struct BrowserLogin {
    sign_in: BrowserSignIn,
    loopback: Loopback,
    token: SealedRefreshToken,
}

impl BrowserLogin {
    /// What to open in a browser on this machine.
    pub fn link(&self) -> &str {
        self.sign_in.link().as_str()
    }

    /// Waits until the browser comes back, and stores the sign-in. The browser is shown one of `pages`.
    ///
    /// # Errors
    /// [`LoginError`]; [`LoginError::NobodyCame`] after ten minutes.
    pub async fn wait(self, pages: Pages) -> Result<Stored, LoginError> {
        let Self {
            sign_in,
            loopback,
            token,
        } = self;
        let mut visits = loopback.serve(pages);
        let waiting = async {
            loop {
                let visit = visits.next().await.ok_or(LoginError::NobodyCame)?;
                let signed_in = match sign_in.finish(visit.query()).await {
                    Err(SignInError::AnotherSignIn) => {
                        visit.turn_away();
                        continue;
                    }
                    other => other.map_err(LoginError::from),
                };
                let stored = match signed_in {
                    Ok(signed_in) => store(&token, signed_in).await,
                    Err(error) => Err(error),
                };
                visit.ends(stored.is_ok());
                return stored;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, waiting).await;
        visits.close().await;
        ended.unwrap_or(Err(LoginError::NobodyCame))
    }
}
