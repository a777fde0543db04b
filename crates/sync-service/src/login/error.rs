//! Why nobody signed in.

use std::io;

use sync_adapters::graph::SignInError;
use sync_core::{InstanceName, PortError};

/// Nobody signed in, or it could not be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The configuration does not name the instance.
    #[error("there is no instance `{0}`")]
    NoSuchInstance(InstanceName),
    /// Nobody has to sign in for the instance.
    #[error("nobody has to sign in for instance `{instance}`: its `teams.auth` is `{auth}`")]
    NotDelegated {
        /// The instance.
        instance: InstanceName,
        /// How it signs in.
        auth: &'static str,
    },
    /// The state or the way to Microsoft cannot be used.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nobody can listen for the browser.
    #[error("cannot listen on this machine for what the browser brings")]
    Listen(#[source] io::Error),
    /// Microsoft or whoever was to sign in refused.
    #[error("cannot sign in")]
    SignIn(#[from] SignInError),
    /// The browser never came back.
    #[error("nobody signed in within ten minutes")]
    NobodyCame,
}

impl LoginError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchInstance(_) => "`presencectl status` lists the instances".to_owned(),
            Self::NotDelegated { .. } => {
                "it signs in by itself; write `auth = \"browser\"` or `auth = \"device-code\"` where somebody is to sign in"
                    .to_owned()
            }
            Self::Port(error) => return error.advice.clone().map(Into::into),
            Self::Listen(_) => "use `--device-code`, which needs no browser on this machine".to_owned(),
            Self::SignIn(error) => error.advice(),
            Self::NobodyCame => {
                "open the link in a browser on this machine; where there is none, use `--device-code`".to_owned()
            }
        })
    }
}
