//! What goes into the engine and what comes out of it.

use std::sync::Arc;

use jiff::Timestamp;
use presence_mapping::Presence;

use super::refusals::{Refusal, Side};
use super::report::Report;
use crate::audit::AuditEntry;
use crate::fault::PortError;
use crate::gate::{Holding, SeatClaim, Seats};
use crate::ids::{Address, Login, PbxUserId, TeamsUserId};
use crate::ledger_row::LedgerRow;
use crate::plan::PlanId;
use crate::planner::Mode;
use crate::roster::{DirectoryUser, PbxRoster};
use crate::value::{ChatPresence, Value};

/// Joins an answer to the effect that asked for it. Ids grow with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Something that the driver has to do. Every effect with a request id is answered by exactly one event with that id.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Read the group and the users of the PBX.
    ReadRoster {
        /// To be named in the answer.
        request: RequestId,
    },
    /// Ask the directory who carries these addresses.
    LookUp {
        /// To be named in the answer.
        request: RequestId,
        /// The addresses.
        addresses: Arc<[Address]>,
    },
    /// Read the presence of one chunk: at most 650 ids, one call.
    ReadPresences {
        /// To be named in the answer.
        request: RequestId,
        /// The Teams users.
        ids: Arc<[TeamsUserId]>,
    },
    /// Read DND of one PBX user.
    ReadDnd {
        /// To be named in the answer.
        request: RequestId,
        /// The PBX user.
        user: PbxUserId,
    },
    /// Read the chat status of several PBX users in one call.
    ReadChat {
        /// To be named in the answer.
        request: RequestId,
        /// The PBX users.
        users: Arc<[PbxUserId]>,
    },
    /// Change one field of one PBX user. Its intent is durable.
    Write {
        /// To be named in the answer.
        request: RequestId,
        /// What to write.
        write: Write,
    },
    /// Make these rows durable, all or none.
    Commit {
        /// To be named in the answer.
        request: RequestId,
        /// What to store.
        commit: LedgerCommit,
    },
    /// Note whom the instance needs seats for, and count those of all instances with the same licence.
    TakeSeats {
        /// To be named in the answer.
        request: RequestId,
        /// The licence and the users.
        claim: SeatClaim,
    },
    /// Tell whoever watches. Not answered.
    Report(Report),
}

/// One change, ready to be performed: read, test the precondition, write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The PBX user.
    pub user: PbxUserId,
    /// The login that the change is meant for.
    pub login: Login,
    /// The precondition: what must stand there.
    pub from: Value,
    /// What to write.
    pub to: Value,
}

/// What became of a [`Write`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The PBX confirmed it.
    Applied {
        /// What stood there.
        before: Value,
    },
    /// The value stood there already; nothing was written.
    AlreadyEqual,
    /// Something else stood there; nothing was written.
    Conflict {
        /// What stood there.
        found: Value,
    },
}

/// One transaction of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerCommit {
    /// Rows to insert or replace.
    pub upsert: Vec<LedgerRow>,
    /// Rows to delete.
    pub remove: Vec<PbxUserId>,
    /// What the instance does from now on, where that changes.
    pub mode: Option<Mode>,
    /// When that ends by itself, where it is a pause that does.
    pub paused_until: Option<Timestamp>,
    /// Whether the instance gives its seats back, because it has no licence any more.
    pub frees_seats: bool,
    /// Writes of ours that took effect. Those of users whose rows are left out are left out, too, and one that is there
    /// already is not stored twice.
    pub audit: Vec<AuditEntry>,
    /// The refused credentials that are remembered from now on, in place of those before; `None`: as before.
    pub refusals: Option<Vec<Refusal>>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Time passed.
    Tick,
    /// Answers [`Effect::ReadRoster`].
    RosterRead {
        /// The effect.
        request: RequestId,
        /// The group and the users.
        result: Result<PbxRoster, PortError>,
    },
    /// Answers [`Effect::LookUp`].
    LookedUp {
        /// The effect.
        request: RequestId,
        /// Everybody who carries one of the addresses.
        result: Result<Vec<DirectoryUser>, PortError>,
    },
    /// Answers [`Effect::ReadPresences`].
    PresencesRead {
        /// The effect.
        request: RequestId,
        /// One presence for each id that was asked for, in that order; `None` where the answer had none.
        result: Result<Vec<Option<Presence>>, PortError>,
    },
    /// Answers [`Effect::ReadDnd`].
    DndRead {
        /// The effect.
        request: RequestId,
        /// Whether DND is on.
        result: Result<bool, PortError>,
    },
    /// Answers [`Effect::ReadChat`].
    ChatRead {
        /// The effect.
        request: RequestId,
        /// What the PBX told; users may be missing.
        result: Result<Vec<(PbxUserId, ChatPresence)>, PortError>,
    },
    /// Answers [`Effect::Write`].
    Written {
        /// The effect.
        request: RequestId,
        /// What became of it. After an error nobody knows whether it took effect, but for two: after [`Fault::State`] the
        /// driver did not start it, and after [`Fault::NotFound`] the PBX has no such user, or shows another login.
        ///
        /// [`Fault::State`]: crate::Fault::State
        /// [`Fault::NotFound`]: crate::Fault::NotFound
        result: Result<Written, PortError>,
    },
    /// Answers [`Effect::Commit`].
    Committed {
        /// The effect.
        request: RequestId,
        /// The rows that were left out because another instance claims these PBX users.
        result: Result<Vec<PbxUserId>, PortError>,
    },
    /// Answers [`Effect::TakeSeats`].
    SeatsTaken {
        /// The effect.
        request: RequestId,
        /// The count.
        result: Result<Seats, PortError>,
    },
    /// The licence was read, for the first time or again.
    Licence(Holding),
    /// Let what is held pass, if this is still its id.
    Approve(PlanId),
    /// Freeze writes, but for the release of members whose presence stays unknown.
    Pause {
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// Pause one member, in the same way.
    PauseMember {
        /// The member.
        user: PbxUserId,
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// End the pause of one member.
    ResumeMember {
        /// The member.
        user: PbxUserId,
    },
    /// The presence quota is shared out anew among the instances of one tenant and app.
    Quota {
        /// The share of this instance (0 to 1).
        share: f64,
    },
    /// Go on after a pause or a release.
    Resume,
    /// Take back everything that is ours, then stay paused.
    Release,
    /// Take back everything that is ours because the instance ends; the ledger does not remember a pause.
    Retire,
    /// Try links again at once that wait for somebody to mend something: refused credentials, a missing permission, a wrong
    /// setting. A wait that the other side asked for goes on.
    TryAgain {
        /// Whose credentials are known to be good again.
        sides: Vec<Side>,
    },
    /// Start nothing more; what is under way is finished.
    Drain,
}
