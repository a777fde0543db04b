//! The running daemon, where there is one.

use std::time::Duration;

use sync_core::{InstanceName, InstanceView};
use sync_service::api::{
    Client, ClientError, Endpoint, InstanceState, InstanceStatus, StatusAnswer, endpoint_file,
};

use crate::configuration::Configuration;
use crate::failure::Failure;

/// How often a daemon is asked whether something has happened.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is asked before a command goes on with what there is: ten seconds in all.
const LOOKS: u32 = 100;

/// A daemon that answered.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) client: Client,
    pub(crate) status: StatusAnswer,
}

impl Daemon {
    /// Finds the daemon that works on the state of this configuration; `None` where none runs.
    ///
    /// # Errors
    /// When the file that names the daemon cannot be read, or something answers that makes no sense. Whoever works
    /// without the daemon in spite of that is still stopped by the lease.
    pub(crate) async fn find(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        Self::asked(configuration, settled_status).await
    }

    /// The same for whoever asks for nothing that instances do, and so need not wait for them.
    pub(crate) async fn reached(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        Self::asked(configuration, async |client| client.status().await).await
    }

    async fn asked(
        configuration: &Configuration,
        ask: impl AsyncFnOnce(&Client) -> Result<StatusAnswer, ClientError>,
    ) -> Result<Option<Self>, Failure> {
        let file = endpoint_file(&configuration.settings.daemon.state.local());
        let Some(endpoint) = Endpoint::find(&file)? else {
            return Ok(None);
        };
        let client = Client::connect(endpoint).map_err(Failure::new)?;
        match ask(&client).await {
            Ok(status) => Ok(Some(Self { client, status })),
            Err(ClientError::NotRunning(_)) => Ok(None),
            Err(error) => {
                let hint = format!("if no daemon runs any more, remove `{}`", file.display());
                Err(Failure::new(error).with_hint(hint))
            }
        }
    }

    /// How one instance does.
    pub(crate) fn instance(&self, name: &InstanceName) -> Option<&InstanceStatus> {
        self.status
            .instances
            .iter()
            .find(|status| status.instance == *name)
    }

    /// Whether the daemon works on this instance, and so can be asked about it.
    pub(crate) fn runs(&self, name: &InstanceName) -> bool {
        self.instance(name)
            .is_some_and(|status| status.state == InstanceState::Running)
    }

    /// The daemon's view of an instance, as soon as `done` says that it is the one waited for, or after ten seconds.
    pub(crate) async fn view_when(
        &self,
        name: &InstanceName,
        mut done: impl FnMut(&InstanceView) -> bool,
    ) -> Result<Option<InstanceView>, Failure> {
        let mut looks = 0;
        loop {
            let status = self.client.status().await?;
            let view = status
                .instances
                .into_iter()
                .find(|status| status.instance == *name)
                .and_then(|status| status.view);
            looks += 1;
            if looks >= LOOKS || view.as_ref().is_none_or(&mut done) {
                return Ok(view);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The daemon's view of an instance after its first sweep, so that a daemon that was just started is not taken for
    /// one that knows nothing.
    pub(crate) async fn view_after_first_sweep(
        &self,
        name: &InstanceName,
    ) -> Result<Option<InstanceView>, Failure> {
        self.view_when(name, |view| view.sweep_age_seconds.is_some() || has_failed(view))
            .await
    }

    /// Waits for the first sweep of an instance, and says why its members are not even known, where that is so.
    pub(crate) async fn knows_members(&self, name: &InstanceName) -> Result<(), Failure> {
        match self.view_after_first_sweep(name).await? {
            Some(view) if view.roster_age_seconds.is_none() => {
                Err(not_ready("cannot read the group of", &view))
            }
            _ => Ok(()),
        }
    }
}

/// What the daemon says of itself, as soon as all its instances are through with starting, or after ten seconds.
async fn settled_status(client: &Client) -> Result<StatusAnswer, ClientError> {
    let mut looks = 0;
    loop {
        let status = client.status().await?;
        looks += 1;
        if looks >= LOOKS
            || status
                .instances
                .iter()
                .all(|status| status.state != InstanceState::Starting)
        {
            return Ok(status);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Why a daemon cannot answer for an instance.
pub(crate) fn not_ready(what: &str, view: &InstanceView) -> Failure {
    let InstanceView {
        instance, readiness, ..
    } = view;
    let reasons = readiness.reasons.join("; ");
    Failure::message(format!("the daemon {what} instance `{instance}` now: {reasons}"))
        .with_hint(format!("`presencectl status {instance}` shows each link"))
}

/// Whether a link is down, so that waiting may be in vain.
pub(crate) fn has_failed(view: &InstanceView) -> bool {
    view.links.iter().any(|link| link.error.is_some())
}
