//! What all requests share.

use std::sync::Arc;

use sync_core::{InstanceName, LinkName};
use sync_service::api::{Api, InstanceStatus};
use sync_service::language::Language;

use crate::azure::{self, Dialogues};
use crate::door::{Attempts, PasswordFile, Sessions};
use crate::guide::Drafts;
use crate::language::Tongue;
use crate::settings::{Pending, Seen};

/// The page of one daemon.
#[derive(Clone, Debug)]
pub(crate) struct Page(Arc<Parts>);

/// What a page is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) api: Api,
    pub(crate) password: PasswordFile,
    pub(crate) sessions: Sessions,
    pub(crate) attempts: Attempts,
    /// Settings that wait for a confirmation.
    pub(crate) pending: Pending,
    pub(crate) seen: Seen,
    /// Sign-ins to Microsoft that were begun here.
    pub(crate) dialogues: Dialogues,
    /// The set-up that is under way.
    pub(crate) drafts: Drafts,
}

impl std::ops::Deref for Page {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Page {
    pub(crate) fn new(api: Api) -> Self {
        Self(Arc::new(Parts {
            password: PasswordFile::beside(&api.state),
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            pending: Pending::default(),
            seen: Seen::default(),
            dialogues: Dialogues::default(),
            drafts: Drafts::beside(&api.state),
            api,
        }))
    }

    /// The language that the configuration says, where it says one.
    pub(crate) fn setting(&self) -> Option<Language> {
        self.api.files.daemon().language
    }

    /// Whether cookies may be sent over TLS alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.api.url.starts_with("https:") || self.api.files.daemon().behind_proxy
    }

    /// The port that the daemon listens on.
    pub(crate) fn port(&self) -> u16 {
        let url = url::Url::parse(&self.api.url).ok();
        url.and_then(|url| url.port_or_known_default())
            .unwrap_or_default()
    }

    /// Whether a one-time link with this secret is good.
    pub(crate) fn link_is_good(&self, secret: &str) -> bool {
        self.api.links.as_ref().is_some_and(|links| links.is_good(secret))
    }

    /// Uses a one-time link up.
    pub(crate) fn redeem_link(&self, secret: &str) -> bool {
        self.api.links.as_ref().is_some_and(|links| links.redeem(secret))
    }

    /// Whether Microsoft lets an instance in; `None` where that is not known.
    pub(crate) async fn signed_in(&self, instance: &str) -> Option<bool> {
        let view = self.instance(instance).await?.view?;
        // Before the directory was read, nobody's presence is asked for.
        let links = view.links.iter();
        let teams = links.filter(|link| matches!(link.link, LinkName::Presence | LinkName::Directory));
        teams.fold(None, |known, link| {
            match (link.state.as_str(), link.fault.as_deref()) {
                (_, Some("nobody-signed-in" | "credentials" | "configuration")) => Some(false),
                ("up", _) => known.or(Some(true)),
                _ => known,
            }
        })
    }

    /// How an instance signs in to Microsoft and as whom, in a sentence.
    pub(crate) async fn sign_in(&self, tongue: Tongue, instance: &str) -> Option<String> {
        let status = self.instance(instance).await?;
        azure::says(tongue, &status.sign_in?)
    }

    /// All instances, by name.
    pub(crate) async fn instances(&self) -> Vec<InstanceStatus> {
        self.api.supervisor.statuses().await
    }

    /// One instance.
    pub(crate) async fn instance(&self, name: &str) -> Option<InstanceStatus> {
        self.api.supervisor.status(&InstanceName(name.into())).await.ok()
    }
}
