//! What can fail, and whose fault it was.

use std::{error, fmt, time::Duration};

use crate::{
    advice,
    exchange::{Trace, TransportError},
    graph_error::Refusal,
    sign_in::SignInError,
};

/// An operation of [`GraphClient`](crate::GraphClient) that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Presence could not be read.
    #[error("the presence of {users} user(s) could not be read")]
    Presences {
        /// How many users were asked for.
        users: usize,
        /// The call that failed.
        source: CallError,
    },
    /// More users were asked for than one call may name; nothing was sent.
    #[error("{0} users are too many for one presence call")]
    TooManyIds(usize),
    /// Users could not be looked up by address.
    #[error("{addresses} address(es) could not be looked up")]
    Users {
        /// How many addresses were asked for.
        addresses: usize,
        /// The call that failed.
        source: CallError,
    },
    /// There was no token to look at.
    #[error("there is no token")]
    NoToken(#[source] CallError),
}

impl Error {
    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        self.call()
            .map_or(Fault::Configuration, |call| call.cause().fault())
    }

    /// What the operator can do about it, in English sentences.
    pub fn advice(&self) -> String {
        match self.call() {
            Some(call) => call.cause().advice(),
            None => format!("Ask for at most {} users at once.", crate::presence::MAX_IDS),
        }
    }

    /// The sign-in that failed, where there was no token to call with.
    pub fn sign_in(&self) -> Option<&SignInError> {
        match self.call()?.cause() {
            Cause::SignIn(error) => Some(error),
            _ => None,
        }
    }

    /// The ids of the call that failed; `None` where nothing was sent.
    pub fn trace(&self) -> Option<&Trace> {
        self.call().and_then(CallError::trace)
    }

    /// The id that Microsoft's support asks for; `None` where Graph never answered.
    pub fn request_id(&self) -> Option<&str> {
        self.trace()?.request_id.as_deref()
    }

    fn call(&self) -> Option<&CallError> {
        match self {
            Self::Presences { source, .. } | Self::Users { source, .. } | Self::NoToken(source) => {
                Some(source)
            }
            Self::TooManyIds(_) => None,
        }
    }
}

/// Whose fault a failure was: what a caller branches on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Tenant, app or cloud are set wrongly. Pause long.
    Configuration,
    /// The secret or the token is not accepted. Pause long, or the account is locked out.
    Credentials,
    /// Nobody has signed in yet for an app that reads as a person. Nothing was presented; look again soon.
    NobodySignedIn,
    /// The app lacks a permission or the consent for it. Pause long.
    Permission,
    /// Microsoft asks for a pause.
    Throttled {
        /// At least this long; `None` means to back off exponentially.
        retry_after: Option<Duration>,
    },
    /// No answer, or a service in trouble. Try again.
    Unreachable,
    /// The answer is not what Microsoft documents.
    Protocol,
    /// What is remembered of a sign-in could not be read: neither Microsoft's fault nor the credentials'.
    Memory,
}

/// One call that failed.
#[derive(Debug)]
pub struct CallError(Box<Failed>);

#[derive(Debug)]
struct Failed {
    trace: Option<Trace>,
    cause: Cause,
}

impl CallError {
    pub(crate) fn new(trace: Trace, cause: impl Into<Cause>) -> Self {
        Self(Box::new(Failed {
            trace: Some(trace),
            cause: cause.into(),
        }))
    }

    /// The ids of the call, those of the sign-in where that failed.
    pub fn trace(&self) -> Option<&Trace> {
        match &self.0.cause {
            Cause::SignIn(error) => error.trace(),
            _ => self.0.trace.as_ref(),
        }
    }

    /// Why it failed.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }
}

impl From<SignInError> for CallError {
    fn from(error: SignInError) -> Self {
        Self(Box::new(Failed {
            trace: None,
            cause: error.into(),
        }))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)?;
        match &self.0.trace {
            Some(trace) => write!(f, " ({trace})"),
            None => Ok(()),
        }
    }
}

impl error::Error for CallError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.cause.source()
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// There was no token to make it with.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// No whole answer came.
    #[error("no answer from Graph")]
    Transport(#[from] TransportError),
    /// Graph answered with an error.
    #[error("Graph answered {0}")]
    Refused(Box<Refusal>),
    /// The answer is not what Microsoft documents.
    #[error("Graph's answer cannot be used")]
    Protocol(#[from] ProtocolError),
}

impl Cause {
    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        match self {
            Self::SignIn(error) => error.fault(),
            Self::Transport(error) => error.fault(),
            Self::Refused(refusal) => refusal.fault(),
            Self::Protocol(_) => Fault::Protocol,
        }
    }

    fn advice(&self) -> String {
        match (self, self.fault()) {
            (Self::SignIn(error), _) => error.advice(),
            (Self::Refused(refusal), Fault::Permission) => advice::of_permission(refusal.permission),
            (_, fault) => advice::of_fault(&fault).to_owned(),
        }
    }
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl TransportError {
    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLarge(_) => Fault::Protocol,
            Self::TimedOut(_) | Self::Connect(_) | Self::Broken(_) => Fault::Unreachable,
        }
    }
}

/// In what way an answer is not what Microsoft documents. None of its text is kept, it could be anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// It is a redirect, and the token is sent nowhere else.
    #[error("it is a redirect (HTTP {0}), which is never followed")]
    Redirect(u16),
    /// It is no JSON.
    #[error("it is no JSON document")]
    NotJson,
    /// It is JSON that breaks off or is mistyped.
    #[error("it is no such JSON document, at line {line}, column {column}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A member is missing or not of its type.
    #[error("its member `{0}` is missing or unusable")]
    Member(String),
    /// A batch was answered without one of its requests.
    #[error("it lacks the answer to request {0} of the batch")]
    MissingAnswer(usize),
    /// A link to the next page leads to another host, and the token is not sent there.
    #[error("its next page lies on another host")]
    ForeignLink,
    /// The pages do not end.
    #[error("its pages do not end")]
    EndlessPages,
}

impl From<serde_json::Error> for ProtocolError {
    fn from(error: serde_json::Error) -> Self {
        // Only the place is kept: the error's own text can quote people's data.
        match error.line() {
            0 => Self::NotJson,
            line => Self::Malformed {
                line,
                column: error.column(),
            },
        }
    }
}
