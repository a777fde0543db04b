//! What went wrong at a port, seen by the engine: whose fault it is and when it may be tried again.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::Side;

/// Whose fault a failure is. The engine decides by this alone, never by a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// Something that the operator configured does not exist or does not fit.
    Configuration,
    /// The other side refused our credentials; trying again soon may get our address blocked.
    Credentials,
    /// Nobody has signed in yet where a person has to. Nothing was presented, and looking again asks nobody outside.
    NobodySignedIn,
    /// Signed in, but not allowed.
    Permission,
    /// Asked to slow down, for so long where the other side said so.
    Throttled {
        /// The `Retry-After` of the answer.
        retry_after: Option<Duration>,
    },
    /// No answer: connection refused, reset or timed out, or a gateway in between failed.
    Unreachable,
    /// The one person that was asked for does not exist there (any more).
    NotFound,
    /// The other side failed while it worked on this request.
    Server,
    /// An answer that makes no sense.
    Protocol,
    /// Our own state could not be read or written.
    State,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "configuration",
            Self::Credentials => "credentials",
            Self::NobodySignedIn => "nobody-signed-in",
            Self::Permission => "permission",
            Self::Throttled { .. } => "throttled",
            Self::Unreachable => "unreachable",
            Self::NotFound => "not-found",
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::State => "state",
        })
    }
}

/// What in particular is to be done about a failure, for whoever says it in another language than English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// A lasting word for it.
    pub word: &'static str,
    /// What its text is filled with, by name: an address to open, for example.
    pub arguments: Vec<(&'static str, String)>,
}

/// A failure of a port: what was tried, whose fault it is, what to do, and the cause.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {doing}")]
pub struct PortError {
    /// Whose fault it is.
    pub fault: Fault,
    /// What was tried, fit for "cannot …".
    pub doing: Cow<'static, str>,
    /// What the operator should do, where that is known.
    pub advice: Option<Cow<'static, str>>,
    /// The same as a word, where more is known than the fault tells.
    pub remedy: Option<Box<Remedy>>,
    /// Whose credentials were refused, where those are not the link's own: the companion module is reached by a sign-in to
    /// the PBX.
    pub refused_by: Option<Side>,
    #[source]
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl PortError {
    /// A failure without a deeper cause.
    pub fn new(fault: Fault, doing: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fault,
            doing: doing.into(),
            advice: None,
            remedy: None,
            refused_by: None,
            cause: None,
        }
    }

    /// The same failure, caused by `cause`.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same failure, with what the operator should do.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same failure, with a word for what the operator should do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Option<Remedy>) -> Self {
        self.remedy = remedy.map(Box::new);
        self
    }

    /// The same failure, whose credentials are those of `side`.
    #[must_use]
    pub fn refused_by(mut self, side: Side) -> Self {
        self.refused_by = Some(side);
        self
    }

    /// The whole chain in one line: what was tried, then each cause.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_each_cause_once() {
        let error = PortError::new(Fault::Unreachable, "read the roster")
            .caused_by(PortError::new(Fault::Unreachable, "connect"));
        assert_eq!(error.to_string(), "cannot read the roster");
        assert_eq!(error.chain(), "cannot read the roster: cannot connect");
    }
}
