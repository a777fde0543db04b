//! What can be wrong with a licence, in the order in which it is found out.

use jiff::Timestamp;

use crate::key_id::KeyId;
use crate::mode::OperatingMode;
use crate::name::Name;

/// A text that is no licence at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotALicence {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is far longer than a licence.
    #[error("it is longer than the {most} bytes that a licence has at most")]
    TooLong {
        /// The most bytes that a licence has.
        most: usize,
    },
    /// It is no text.
    #[error("it is no text")]
    NotText,
    /// A key in PEM form was taken for a licence.
    #[error("it is a key, not a licence")]
    Key,
    /// It does not consist of three parts with dots between them.
    #[error(
        "it does not have the form of a licence: three parts of letters and digits with dots between them"
    )]
    Form,
    /// Its header is none of a licence.
    #[error("its header is not that of a licence")]
    Header,
    /// It is signed in another way than the one that is accepted, or not at all.
    #[error("it is signed with `{0}`, and only `EdDSA` is accepted")]
    Algorithm(String),
}

/// A licence that does not come from an accepted issuer as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The key that it names is not among those that are accepted.
    #[error("it was signed with the issuer key `{0}`, which is not accepted here")]
    UnknownIssuer(KeyId),
    /// The signature is not that of the key that it names: something was changed.
    #[error("its signature is wrong: it was altered after it was issued")]
    Signature,
    /// It is of a later version.
    #[error("it is a licence of version {found}, and this program knows version {known}")]
    Version {
        /// The version of the licence.
        found: u64,
        /// The version that is known.
        known: u64,
    },
    /// It is signed by an accepted key, and does not say what a licence has to say.
    #[error("it is signed well, but its claims are wrong: {0}")]
    Claims(String),
}

/// A licence at the wrong time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotInForce {
    /// It begins later.
    #[error("it is not valid before {from}")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// It has ended, its days of grace included.
    #[error("it expired at {since}{}", grace(.grace_days))]
    Expired {
        /// When it ended, grace not counted.
        since: Timestamp,
        /// The days of grace, which are over, too.
        grace_days: u16,
    },
}

fn grace(days: &u16) -> String {
    match days {
        0 => String::new(),
        1 => ", and its day of grace is over".to_owned(),
        days => format!(", and its {days} days of grace are over"),
    }
}

/// A licence that does not cover what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCovered {
    /// It is for a smaller operating mode.
    #[error("it is for the mode `{licensed}`, and `{needed}` is needed")]
    WrongMode {
        /// The mode that it is for.
        licensed: OperatingMode,
        /// The mode that is needed.
        needed: OperatingMode,
    },
    /// It is bound to another PBX.
    #[error("it is for the PBX `{licensed}`, and this one is `{actual}`")]
    OtherPbx {
        /// The PBX that it is bound to.
        licensed: Name,
        /// The PBX that it is used for.
        actual: String,
    },
    /// It has fewer seats than there are users.
    #[error("it has {licensed} seats, and {needed} are needed: {} more", .needed.saturating_sub(*.licensed as usize))]
    TooFewSeats {
        /// The distinct PBX users of all instances that share it.
        needed: usize,
        /// Its seats.
        licensed: u32,
    },
}

/// Why a licence does not do, whatever the stage: with a code for programs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Its file cannot be read, for this reason.
    #[error("the licence file cannot be read: {0}")]
    Unreadable(String),
    /// It is no licence.
    #[error("this is no licence: {0}")]
    NotALicence(NotALicence),
    /// It is not accepted.
    #[error("the licence is not accepted: {0}")]
    Rejected(Rejected),
    /// It is not in force.
    #[error("the licence is not in force: {0}")]
    NotInForce(NotInForce),
    /// It does not cover the need.
    #[error("the licence does not suffice: {0}")]
    NotCovered(NotCovered),
}

impl Refusal {
    /// A lasting word for the reason, such as `too-few-seats`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::NotALicence(_) => "not-a-licence",
            Self::Rejected(Rejected::UnknownIssuer(_)) => "unknown-issuer",
            Self::Rejected(Rejected::Signature) => "wrong-signature",
            Self::Rejected(Rejected::Version { .. }) => "later-version",
            Self::Rejected(Rejected::Claims(_)) => "wrong-claims",
            Self::NotInForce(NotInForce::NotYetValid { .. }) => "not-yet-valid",
            Self::NotInForce(NotInForce::Expired { .. }) => "expired",
            Self::NotCovered(NotCovered::WrongMode { .. }) => "wrong-mode",
            Self::NotCovered(NotCovered::OtherPbx { .. }) => "other-pbx",
            Self::NotCovered(NotCovered::TooFewSeats { .. }) => "too-few-seats",
        }
    }

    /// What an operator can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "make it a plain file that the daemon's user may read",
            Self::NotALicence(NotALicence::Key) => "take the licence file, not a file with a key",
            Self::NotALicence(_) => "copy the licence file anew, whole and unaltered",
            Self::Rejected(Rejected::UnknownIssuer(_)) => {
                "a licence of one's own issuing desk needs its public key as `license.issuer_keys_file`; else ask whoever \
                 issued the licence"
            }
            Self::Rejected(Rejected::Signature) => {
                "copy the licence file anew; if that does not help, ask whoever issued it"
            }
            Self::Rejected(Rejected::Version { .. }) => "update the program",
            Self::Rejected(Rejected::Claims(_)) => "ask whoever issued the licence for a new one",
            Self::NotInForce(NotInForce::NotYetValid { .. }) => {
                "install it when it begins, and check the clock of this machine"
            }
            Self::NotInForce(NotInForce::Expired { .. }) => {
                "get a new licence and install it with `presencectl license install FILE`"
            }
            Self::NotCovered(NotCovered::WrongMode { .. }) => {
                "write `mode = \"presence-sync\"` into the configuration, or get a licence for the mode"
            }
            Self::NotCovered(NotCovered::OtherPbx { .. }) => {
                "get a licence for this PBX; where only its address has changed, write the old one as `starface.pbx_id`"
            }
            Self::NotCovered(NotCovered::TooFewSeats { .. }) => {
                "get a licence with more seats, or take people out of the group in the PBX"
            }
        }
    }
}

impl From<NotALicence> for Refusal {
    fn from(error: NotALicence) -> Self {
        Self::NotALicence(error)
    }
}

impl From<Rejected> for Refusal {
    fn from(error: Rejected) -> Self {
        Self::Rejected(error)
    }
}

impl From<NotInForce> for Refusal {
    fn from(error: NotInForce) -> Self {
        Self::NotInForce(error)
    }
}

impl From<NotCovered> for Refusal {
    fn from(error: NotCovered) -> Self {
        Self::NotCovered(error)
    }
}

/// A key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is not in PEM form.
    #[error("it has no key in PEM form")]
    Pem,
    /// A private key stands where public ones belong.
    #[error("it has a private key, and public ones belong there")]
    Private,
    /// Something else stands where a private key belongs.
    #[error("it has no private key")]
    NotPrivate,
    /// It is of another kind.
    #[error("it is not an Ed25519 key")]
    Kind,
    /// A text that is no id of a key.
    #[error("it is not the id of a key")]
    Id,
}

/// Terms that no licence may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTerms {
    /// It would be for nobody.
    #[error("a licence has at least one seat")]
    NoSeats,
    /// It would end before it begins.
    #[error("a licence ends after it begins")]
    EndsBeforeItBegins,
    /// The grace is too long.
    #[error("a licence has at most {} days of grace", crate::terms::MOST_GRACE_DAYS)]
    TooMuchGrace,
    /// The key cannot sign.
    #[error("the key cannot sign")]
    Key,
}
