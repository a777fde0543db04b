//! The tokens of people who signed in, kept in the state.

use sync_adapters::graph::{ClientId, Cloud, SealedRefreshToken, TenantId};
use sync_adapters::starface::{Login, PbxUrl, SealedSignIn};
use sync_adapters::state::{Beside, SealedStore, StateKey, StateKeyError};
use sync_core::{Fault, InstanceName, PortError};

use crate::api::SignInStatus;
use crate::assembly::Assembly;
use crate::config::{self, TeamsSignIn};
use crate::fingerprint::FingerprintKey;
use crate::ways::app;

const DOING: &str = "read the key of the stored sign-ins";

/// Where the tokens of people who signed in are kept. What is wrong with that concerns only the instances that need one.
#[derive(Clone, Debug)]
pub struct SignIns(Result<SealedStore, PortError>);

impl SignIns {
    /// Those of a state that is worked on.
    pub(crate) fn kept_in(state: &Beside, key: Result<StateKey, StateKeyError>) -> Self {
        Self(key.map(|key| state.sealed(key)).map_err(refused))
    }

    /// Those of a state that is only looked at: no new token is stored, and Entra goes on accepting the old one.
    pub(crate) fn read_from(state: &Beside, key: Result<StateKey, StateKeyError>) -> Self {
        match key {
            Ok(key) => Self(Ok(state.sealed(key))),
            Err(error) if error.is_absent() => Self::none(),
            Err(error) => Self(Err(refused(error))),
        }
    }

    /// No place at all: nobody has signed in.
    pub fn none() -> Self {
        let error = PortError::new(
            Fault::NobodySignedIn,
            "sign in to Microsoft: nobody has signed in yet",
        );
        Self(Err(
            error.with_advice("Sign in once with `presencectl login INSTANCE`.")
        ))
    }

    /// The key by which credentials are named; `None` where there is no key in the state.
    pub(crate) fn fingerprint_key(&self) -> Option<FingerprintKey> {
        let store = self.0.as_ref().ok()?;
        Some(FingerprintKey::new(&store.key().derive("fingerprints")))
    }

    /// What is wrong with the place, where something is.
    pub fn error(&self) -> Option<&PortError> {
        self.0.as_ref().err()
    }

    /// What was found out about the sign-in to a PBX; `None` where the state has no place for it.
    pub(crate) fn at_pbx(&self, pbx: &PbxUrl, login: &Login, client: Option<&str>) -> Option<SealedSignIn> {
        let store = self.0.clone().ok()?;
        Some(SealedSignIn::new(store, pbx, login, client))
    }

    /// The token of one instance.
    ///
    /// # Errors
    /// When there is no place to keep it.
    pub(crate) fn of(
        &self,
        instance: &InstanceName,
        cloud: &Cloud,
        tenant: &TenantId,
        client: &ClientId,
    ) -> Result<SealedRefreshToken, PortError> {
        let store = self.0.clone()?;
        Ok(SealedRefreshToken::new(store, instance, cloud, tenant, client))
    }
}

impl Assembly {
    /// How an instance signs in to Microsoft, and as whom, as far as that can be told without asking anybody.
    pub(crate) async fn sign_in(&self, instance: &InstanceName, teams: &config::Teams) -> SignInStatus {
        let mut status = SignInStatus {
            auth: teams.sign_in.as_str().to_owned(),
            client_id: teams.client_id.clone(),
            valid_until: None,
            signed_in: None,
            account: None,
        };
        if let TeamsSignIn::ClientCertificate(own) = &teams.sign_in {
            status.valid_until = Some(own.certificate.valid_until());
        }
        if teams.sign_in.is_delegated()
            && let Ok((cloud, tenant, client)) = app(teams)
            && let Ok(token) = self.sign_ins.of(instance, &cloud, &tenant, &client)
            && let Ok(stored) = token.signed_in().await
        {
            status.signed_in = Some(stored.is_some());
            let account = stored.and_then(|stored| stored.account);
            status.account = account.map(|account| account.to_string());
        }
        status
    }
}

fn refused(error: StateKeyError) -> PortError {
    let advice = error.advice();
    PortError::new(Fault::State, DOING)
        .with_advice(advice)
        .caused_by(error)
}
