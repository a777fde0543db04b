//! Whose fault an error was.

use std::time::Duration;

use crate::error::Error;
use crate::failure::Failure;

/// Whose fault an error was: what a caller decides upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Our settings: address, group, module.
    Configuration,
    /// Login or password. Do not try again by yourself: the PBX blacklists addresses that do.
    Credentials,
    /// The signed-in user lacks a right.
    Permission,
    /// The user or group that was named does not exist. Says nothing about the PBX as a whole.
    NotFound,
    /// The PBX wants to be asked less.
    Throttled {
        /// How long to wait, where the PBX said so.
        retry_after: Option<Duration>,
    },
    /// The PBX, or the way to it, is down.
    Unreachable,
    /// The PBX answered, with an error of its own. For a single user it may concern that user alone.
    Server,
    /// The PBX answered something that its interface does not allow.
    Protocol,
}

impl Error {
    /// Whose fault it was.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.failure().map_or(Fault::Configuration, Failure::fault)
    }
}

impl Failure {
    /// Whose fault it was.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreachable(_) | Self::TimedOut { .. } | Self::Interrupted => Fault::Unreachable,
            Self::CredentialsRefused { .. } | Self::TokenRefused { .. } => Fault::Credentials,
            Self::StillUnauthorized => Fault::Permission,
            Self::Redirected
            | Self::Untrusted(_)
            | Self::NoOAuth
            | Self::NoOAuthClient
            | Self::SignInElsewhere { .. } => Fault::Configuration,
            Self::RpcFault { .. } | Self::ModuleRefused { .. } => Fault::Configuration,
            Self::NotTheSuccess { .. }
            | Self::TooLarge { .. }
            | Self::Json { .. }
            | Self::Senseless { .. }
            | Self::XmlRpc { .. } => Fault::Protocol,
            Self::Status {
                status, retry_after, ..
            } => match status {
                401 | 403 => Fault::Permission,
                404 | 410 => Fault::NotFound,
                429 => Fault::Throttled {
                    retry_after: *retry_after,
                },
                503 if retry_after.is_some() => Fault::Throttled {
                    retry_after: *retry_after,
                },
                // What stands in front of the PBX says that nothing stands behind it.
                502..=504 => Fault::Unreachable,
                500..=599 => Fault::Server,
                _ => Fault::Protocol,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> Fault {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure::Status {
            status,
            text: crate::ServerText::default(),
            retry_after,
        }
        .fault()
    }

    #[test]
    fn a_status_tells_whose_fault_it_was() {
        let ten = Some(Duration::from_secs(10));
        for (code, retry_after, expected) in [
            (400, None, Fault::Protocol),
            (401, None, Fault::Permission),
            (403, None, Fault::Permission),
            (404, None, Fault::NotFound),
            (429, Some(10), Fault::Throttled { retry_after: ten }),
            (429, None, Fault::Throttled { retry_after: None }),
            (500, None, Fault::Server),
            (500, Some(10), Fault::Server),
            (502, None, Fault::Unreachable),
            (503, None, Fault::Unreachable),
            (503, Some(10), Fault::Throttled { retry_after: ten }),
            (504, None, Fault::Unreachable),
            (507, None, Fault::Server),
        ] {
            assert_eq!(status(code, retry_after), expected, "{code}");
        }
    }
}
