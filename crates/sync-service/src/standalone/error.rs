//! Why a command could not be carried out.

use sync_core::{InstanceName, LinkName, PortError};

/// A command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandaloneError {
    /// The configuration has no such instance.
    #[error("there is no instance `{0}`")]
    NoSuchInstance(InstanceName),
    /// The configuration turns the instance off.
    #[error("instance `{0}` is turned off in the configuration")]
    Disabled(InstanceName),
    /// The configuration lets the instance only observe.
    #[error("instance `{0}` only observes, as the configuration says")]
    Observes(InstanceName),
    /// Somebody else owns the instance, usually a daemon.
    #[error("instance `{instance}` is held by {holder}")]
    HeldBy {
        /// The instance.
        instance: InstanceName,
        /// Who has it.
        holder: String,
    },
    /// Another daemon runs the instance, or ran it last, with other settings.
    #[error("{holder} runs instance `{instance}` with other settings, or did last")]
    OtherSettings {
        /// The instance.
        instance: InstanceName,
        /// Who.
        holder: String,
    },
    /// A port failed.
    #[error("cannot work on instance `{instance}`")]
    Port {
        /// The instance.
        instance: InstanceName,
        /// Why.
        #[source]
        source: PortError,
    },
    /// A link of the chain does not work.
    #[error("the link `{link}` of instance `{instance}` does not work: {error}")]
    Link {
        /// The instance.
        instance: InstanceName,
        /// The link.
        link: LinkName,
        /// What it said.
        error: String,
        /// What to do.
        advice: Option<String>,
    },
    /// Nothing went on for a minute.
    #[error("instance `{instance}` made no progress for {seconds} s")]
    Stuck {
        /// The instance.
        instance: InstanceName,
        /// For how long.
        seconds: u64,
    },
}

impl StandaloneError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuchInstance(_) => Some("`presencectl config check` lists the instances".to_owned()),
            Self::Disabled(_) => Some("set `enabled = true` to have it synchronised".to_owned()),
            Self::Observes(_) => Some(
                "`presencectl plan` shows what would be changed; set `observe = false` to have it done"
                    .to_owned(),
            ),
            Self::HeldBy { .. } => Some(
                "stop the other process, or let `presencectl` find the daemon: same configuration, same user"
                    .to_owned(),
            ),
            Self::OtherSettings { instance, .. } => Some(format!(
                "bring the same file to all daemons; after a crash of the other, `presencectl release {instance}` frees the \
                 instance for this file"
            )),
            Self::Port { source, .. } => source.advice.clone().map(Into::into),
            Self::Link { advice, .. } => advice.clone(),
            Self::Stuck { .. } => {
                Some("set `daemon.log` to \"debug\" and try again to see what it waits for".to_owned())
            }
        }
    }
}
