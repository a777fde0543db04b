//! Counting calls from outside.

use std::fmt;

/// Which interface a call went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// Entra's token endpoint.
    Token,
    /// `getPresencesByUserId`.
    Presence,
    /// `$batch` of user look-ups.
    Batch,
    /// Further pages of a user look-up.
    Users,
}

impl Api {
    /// A short lower-case word, fit for a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Presence => "presence",
            Self::Batch => "batch",
            Self::Users => "users",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Is told of every HTTP call that ended, repetitions included; called inline, so it must be quick.
pub trait CallObserver: Send + Sync {
    /// A call ended with this HTTP status; `None` where no whole answer came.
    fn ended(&self, api: Api, status: Option<u16>);
}

/// The observer of those who do not count.
pub(crate) struct Nobody;

impl CallObserver for Nobody {
    fn ended(&self, _: Api, _: Option<u16>) {}
}
