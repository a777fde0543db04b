//! Why Entra gave no token.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::{
    advice,
    certificate::InvalidCertificate,
    error::{Fault, ProtocolError},
    exchange::{Answer, Trace, TransportError, clean},
    remedy::Remedy,
    remembering::RememberError,
    retry_after,
};

/// No token could be had.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No whole answer came from the sign-in host.
    #[error("no answer from the sign-in host")]
    Transport {
        /// The call.
        trace: Trace,
        /// What went wrong.
        source: TransportError,
    },
    /// Entra answered with an error.
    #[error("the sign-in was refused: {0}")]
    Refused(Box<EntraRefusal>),
    /// The answer was no token.
    #[error("the sign-in host's answer is no token")]
    Protocol {
        /// The call.
        trace: Trace,
        /// What was wrong with it.
        source: ProtocolError,
    },
    /// The certificate cannot be signed in with, and nothing was sent.
    #[error("nobody can sign in with the certificate")]
    Certificate(#[from] InvalidCertificate),
    /// Nobody has signed in for the app yet, and nothing was sent.
    #[error("nobody has signed in yet")]
    NobodySignedIn,
    /// The token of an earlier sign-in could not be read, and nothing was sent.
    #[error("the earlier sign-in cannot be read")]
    Remembering(#[from] RememberError),
    /// What the browser brought belongs to another sign-in.
    #[error("the answer belongs to another sign-in")]
    AnotherSignIn,
    /// Nobody signed in while the code was good.
    #[error("nobody signed in while the code was good")]
    CodeExpired,
}

impl SignInError {
    /// Whose fault it was.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Transport { source, .. } => source.fault(),
            Self::Refused(refusal) => refusal.fault(),
            Self::Protocol { .. } | Self::AnotherSignIn => Fault::Protocol,
            // Nothing was presented, so nothing was refused; the clock of this machine may be wrong, too.
            Self::Certificate(_) => Fault::Configuration,
            Self::NobodySignedIn => Fault::NobodySignedIn,
            Self::CodeExpired => Fault::Credentials,
            Self::Remembering(_) => Fault::Memory,
        }
    }

    /// What the operator can do about it, in English sentences.
    pub fn advice(&self) -> String {
        match self {
            Self::Refused(refusal) => advice::of_refusal(refusal),
            Self::Certificate(error) => error.advice().to_owned(),
            Self::AnotherSignIn => "Open the link that was printed last.".to_owned(),
            Self::CodeExpired => "Begin anew, and enter the code before its time is over.".to_owned(),
            Self::Remembering(error) if error.advice().is_some() => {
                error.advice().unwrap_or_default().to_owned()
            }
            other => advice::of_fault(&other.fault()).to_owned(),
        }
    }

    /// What in particular is to be done, where more than the fault is known.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Refused(refusal) => Remedy::of(refusal),
            Self::Certificate(InvalidCertificate::Expired(_)) => Some(Remedy::CertificateExpired),
            _ => None,
        }
    }

    /// Where an administrator consents to the app's permissions, where that is what is to be done.
    pub fn consent_url(&self) -> Option<&Url> {
        match self {
            Self::Refused(refusal) if self.remedy() == Some(Remedy::Consent) => refusal.consent_url.as_ref(),
            _ => None,
        }
    }

    /// The ids of the call; `None` where nothing was sent.
    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Transport { trace, .. } | Self::Protocol { trace, .. } => Some(trace),
            Self::Refused(refusal) => Some(&refusal.trace),
            _ => None,
        }
    }

    /// How long the answer stands, so that no storm of calls repeats it: as long as the service says, else what
    /// Microsoft's own library keeps (60 s for a refusal, 5 s for a service in trouble).
    pub(crate) fn stands_for(&self) -> Option<Duration> {
        match (self, self.fault()) {
            // What needed no answer to find out is found out anew.
            (
                Self::Transport { .. } | Self::Certificate(_) | Self::NobodySignedIn | Self::Remembering(_),
                _,
            ) => None,
            (
                _,
                Fault::Throttled {
                    retry_after: Some(pause),
                },
            ) => Some(pause),
            (_, Fault::Credentials | Fault::Configuration | Fault::Permission) => {
                Some(Duration::from_secs(60))
            }
            _ => Some(Duration::from_secs(5)),
        }
    }

    /// The same refusal, told again while it stands: what is left of its pause. Entra was not asked, so that it is no new
    /// refusal, and whoever had it mended meanwhile has to wait no longer than that.
    pub(crate) fn with_left(mut self, left: Duration) -> Self {
        if let Self::Refused(refusal) = &mut self {
            let lasting = matches!(
                refusal.said(),
                Fault::Credentials | Fault::Configuration | Fault::Permission
            );
            refusal.told_again |= lasting;
            if lasting || refusal.retry_after.is_some() {
                refusal.retry_after = Some(left);
            }
        }
        self
    }
}

/// Entra's error answer: the OAuth `error` classes it, the AADSTS number only chooses the advice.
///
/// Members as in Microsoft's page
/// [Handle authentication errors](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntraRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The OAuth `error`, where the body was Entra's.
    pub error: Option<String>,
    /// The first AADSTS number.
    pub aadsts: Option<u64>,
    /// The first line of Entra's own text; never to be branched on.
    pub description: Option<String>,
    /// The pause asked for, at most an hour.
    pub retry_after: Option<Duration>,
    /// Whether it is an earlier answer, told again before its pause was over: that is a pause, whatever it said.
    pub told_again: bool,
    /// Where an administrator consents to the app's permissions.
    pub consent_url: Option<Url>,
    /// The ids of the call.
    pub trace: Trace,
}

impl EntraRefusal {
    /// Reads an answer whose status is not 200. `scrub` takes secrets out of the texts that the service wrote.
    pub(crate) fn read(trace: Trace, answer: &Answer, scrub: impl Fn(&str) -> String) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            error: serde_json::Value,
            error_description: serde_json::Value,
            error_codes: serde_json::Value,
        }
        let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |value: &serde_json::Value, most| {
            let line = value.as_str()?.lines().next()?;
            Some(clean(&scrub(line), most)).filter(|line| !line.is_empty())
        };
        Self {
            status: answer.status.as_u16(),
            error: text(&body.error, 64),
            aadsts: body
                .error_codes
                .get(0)
                .and_then(serde_json::Value::as_u64)
                .or_else(|| aadsts_of(body.error_description.as_str()?)),
            description: text(&body.error_description, 300),
            // Microsoft's own library believes no longer pause than an hour.
            retry_after: retry_after::of_headers(&answer.headers)
                .map(|pause| pause.min(Duration::from_secs(3600))),
            told_again: false,
            consent_url: None,
            trace,
        }
    }

    /// Whose fault it was, by HTTP status and OAuth `error` alone; a pause where it is told again.
    pub fn fault(&self) -> Fault {
        if self.told_again {
            return Fault::Throttled {
                retry_after: self.retry_after,
            };
        }
        self.said()
    }

    /// Whose fault it was when Entra said it.
    pub(crate) fn said(&self) -> Fault {
        let throttled = Fault::Throttled {
            retry_after: self.retry_after,
        };
        match (self.status, self.error.as_deref()) {
            (429, _) => throttled,
            (500.., _) | (_, Some("temporarily_unavailable" | "server_error")) => {
                if self.retry_after.is_some() {
                    throttled
                } else {
                    Fault::Unreachable
                }
            }
            (300..=399, _) => Fault::Protocol,
            (
                _,
                Some(
                    "invalid_client"
                    | "invalid_grant"
                    | "interaction_required"
                    | "login_required"
                    | "authorization_declined"
                    | "bad_verification_code"
                    | "expired_token"
                    | "code_expired",
                ),
            ) => Fault::Credentials,
            (_, Some("consent_required" | "access_denied")) => Fault::Permission,
            (_, Some(_)) => Fault::Configuration,
            (_, None) => Fault::Protocol,
        }
    }
}

/// The number at the beginning of Entra's own text, `AADSTS65004: …`, for answers that have it nowhere else.
pub(crate) fn aadsts_of(description: &str) -> Option<u64> {
    let rest = description.trim_start().strip_prefix("AADSTS")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl std::fmt::Display for EntraRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.error, self.aadsts) {
            (Some(error), Some(number)) => write!(f, "`{error}` (AADSTS{number})"),
            (Some(error), None) => write!(f, "`{error}`"),
            (None, _) => match StatusCode::from_u16(self.status) {
                Ok(status) => write!(f, "HTTP {status}"),
                Err(_) => write!(f, "HTTP {}", self.status),
            },
        }
    }
}
