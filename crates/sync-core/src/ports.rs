//! The ports: what the engine needs of the outside, as traits.
//!
//! An implementation of [`PbxPort`] is all that it takes to keep another telephone system in line. Every method must
//! end by itself (a time-out of its own) and must be safe to drop half-way: the engine takes a write without an
//! answer for one whose fate is unknown.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use presence_mapping::Presence;

use crate::audit::{AuditRange, AuditRecord};
use crate::engine::{LedgerCommit, Memory, Write, Written};
use crate::fault::PortError;
use crate::gate::{SeatClaim, Seats};
use crate::ids::{Address, InstanceName, PbxName, PbxUserId, TeamsUserId};
use crate::roster::{DirectoryUser, PbxRoster};
use crate::value::ChatPresence;

/// Presence of Teams users.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PresencePort: Send + Sync {
    /// The presence of each of `ids` (at most 650, one call), in that order; `None` where the answer had none.
    ///
    /// # Errors
    /// When the answer as a whole cannot be used. `Throttled` carries the `Retry-After`.
    async fn presences(&self, ids: &[TeamsUserId]) -> Result<Vec<Option<Presence>>, PortError>;

    /// Allows credentials that were refused to be presented once more, where the port keeps them back by itself.
    fn forget_refusal(&self) {}
}

/// The directory of the tenant.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DirectoryPort: Send + Sync {
    /// Everybody who carries one of `addresses`, in whatever role.
    ///
    /// # Errors
    /// When any of the addresses could not be asked for: half an answer would make people ambiguous or unmatched.
    async fn users_by_address(&self, addresses: &[Address]) -> Result<Vec<DirectoryUser>, PortError>;
}

/// Users, group and phones of the PBX.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PbxPort: Send + Sync {
    /// The members of the group, and all users.
    ///
    /// # Errors
    /// `Configuration` where the group does not exist.
    async fn roster(&self) -> Result<PbxRoster, PortError>;

    /// Whether DND of `user` is on.
    ///
    /// # Errors
    /// `NotFound` where the PBX has no such user.
    async fn dnd(&self, user: PbxUserId) -> Result<bool, PortError>;

    /// Reads DND, tests the precondition, and changes it.
    ///
    /// # Errors
    /// After an error nobody knows whether the change took effect.
    async fn set_dnd(&self, write: &Write) -> Result<Written, PortError>;

    /// Allows credentials that were refused to be presented once more, where the port keeps them back by itself.
    fn forget_refusal(&self) {}

    /// Signs out, as far as that is possible.
    async fn close(&self);
}

/// The chat status of PBX users.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ChatPort: Send + Sync {
    /// The chat status of `users`. Users may be missing in the answer.
    ///
    /// # Errors
    /// When nothing could be read.
    async fn chat(&self, users: &[PbxUserId]) -> Result<Vec<(PbxUserId, ChatPresence)>, PortError>;

    /// Changes the chat status.
    ///
    /// # Errors
    /// After an error nobody knows whether the change took effect.
    async fn set_chat(&self, write: &Write) -> Result<Written, PortError>;
}

/// Who wants to own an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The instance.
    pub instance: InstanceName,
    /// The PBX that its rows belong to.
    pub pbx: PbxName,
    /// Who asks: a text for people to read, such as a host and a process id.
    pub holder: String,
    /// A name for the settings that the instance would run with; `None` where that does not matter.
    pub settings: Option<String>,
}

/// The right to write for an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is for, and whose it is.
    pub claim: Claim,
    /// Grows with each owner. A transaction under an older number is refused.
    pub fence: i64,
    /// How long it holds without being renewed; `None` where it ends with the process by itself.
    pub lasts: Option<Duration>,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours.
    Granted(Lease),
    /// Somebody else has it.
    HeldBy {
        /// Who.
        holder: String,
        /// When it may be taken over unless it is renewed before; `None` where that is not known.
        until: Option<Timestamp>,
    },
    /// Whoever has it, or had it last, runs the instance with other settings than the claim's.
    OtherSettings {
        /// Who.
        holder: String,
    },
}

/// An instance that the ledger has rows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The instance.
    pub instance: InstanceName,
    /// The PBX.
    pub pbx: PbxName,
    /// How many of its rows hold a value of ours, or may.
    pub holding: usize,
}

/// The ledger: durable, transactional, shared by all instances.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LedgerPort: Send + Sync {
    /// Asks for the lease of an instance.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    async fn acquire(&self, claim: &Claim, now: Timestamp) -> Result<Acquired, PortError>;

    /// Prolongs a lease. `false`: somebody else has it now.
    ///
    /// # Errors
    /// When the state cannot be written.
    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<bool, PortError>;

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the state cannot be written.
    async fn surrender(&self, lease: &Lease) -> Result<(), PortError>;

    /// Everything that is known of an instance.
    ///
    /// # Errors
    /// When the state cannot be read.
    async fn load(&self, claim: &Claim) -> Result<Memory, PortError>;

    /// Stores one transaction, all or nothing, durable when it returns. Rows of PBX users that another instance
    /// claims are left out and returned.
    ///
    /// # Errors
    /// When it cannot be stored, or the lease is not ours any more; then nothing was stored.
    ///
    /// An error may also mean that the answer was lost. So entries of the audit are told apart by their numbers under the
    /// lease: one that is there already is not stored again.
    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError>;

    /// Notes whom the instance of `lease` needs seats of a licence for, in place of what was noted before; keeps the
    /// licence's text for [`LedgerPort::load`], and the latest time at which the licence was looked at; and counts the
    /// distinct PBX users of all instances that share it.
    ///
    /// # Errors
    /// When it cannot be stored, or the lease is not ours any more; then nothing was stored.
    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError>;

    /// Answers what [`LedgerPort::take_seats`] would, and notes nothing.
    ///
    /// # Errors
    /// When the state cannot be read.
    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError>;

    /// Gives back the seats of all instances but these, which run.
    ///
    /// # Errors
    /// When the state cannot be written.
    async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError>;

    /// All instances that the ledger has rows of.
    ///
    /// # Errors
    /// When the state cannot be read.
    async fn remembered(&self) -> Result<Vec<Remembered>, PortError>;

    /// One page of the audit: at most `limit` records of a range, oldest first. The next page is the same range after the
    /// [`AuditRecord::position`] of the last one.
    ///
    /// # Errors
    /// When the state cannot be read.
    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError>;

    /// Deletes entries of the audit from before `before`, of all instances: the oldest, and at most
    /// [`AUDIT_BATCH`](crate::AUDIT_BATCH) of them, so that nobody waits for long. Returns how many they were.
    ///
    /// # Errors
    /// When the state cannot be written.
    async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError>;
}

/// An app in a tenant, whose presence quota all daemons share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantApp {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The app registration.
    pub app: Arc<str>,
}

/// Who else draws on the same presence quotas.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DaemonsPort: Send + Sync {
    /// Says that `daemon` lives and draws on the quotas of these, in place of those that it said before, and tells for each
    /// how many living daemons draw on it, this one included. Whoever says nothing for half a minute counts as dead.
    ///
    /// # Errors
    /// When the state cannot be written.
    async fn announce(&self, daemon: &str, serves: &[TenantApp]) -> Result<Vec<usize>, PortError>;
}
