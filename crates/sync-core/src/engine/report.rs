//! What the engine tells whoever watches: the log, the metrics, the page.

use std::time::Duration;

use jiff::Timestamp;
use licensing::Refusal;

use super::link_name::LinkName;
use super::steps::MemberStep;
use crate::checker::Violation;
use crate::fault::PortError;
use crate::gate::Shut;
use crate::ids::{Address, PbxUserId};
use crate::plan::Change;
use crate::value::{Field, Value};

/// One thing worth telling.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Report {
    /// A link failed, or fails for another reason than before. Not repeated while nothing changes.
    LinkDown {
        /// The link.
        link: LinkName,
        /// Why.
        error: PortError,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// A link works again.
    LinkUp {
        /// The link.
        link: LinkName,
        /// For how long it did not.
        after: Duration,
    },
    /// A roster was taken over and joined.
    Roster {
        /// Members of the group.
        members: usize,
        /// Members joined to a Teams user.
        matched: usize,
        /// How many joined the group.
        joined: usize,
        /// How many left it.
        left: usize,
    },
    /// A roster was held, because it loses too many members at once.
    RosterHeld {
        /// How many would leave.
        losing: usize,
        /// How many there are.
        of: usize,
    },
    /// The poll interval is longer than configured, so that the quota is kept.
    SweepStretched {
        /// The time from one sweep to the next.
        interval: Duration,
    },
    /// The PBX confirmed a change.
    Applied {
        /// The change.
        change: Change,
        /// From the answer that showed the change until the PBX confirmed it; `None` where the change did not come
        /// from a presence.
        latency: Option<Duration>,
    },
    /// A change failed; it stays due.
    Failed {
        /// The member.
        user: PbxUserId,
        /// The member's address.
        address: Option<Address>,
        /// The field.
        field: Field,
        /// Why.
        error: PortError,
    },
    /// The value was found to be there already when it was to be written.
    AlreadyEqual {
        /// The change that was not needed.
        change: Change,
    },
    /// Something else stood there than the plan knew; the member is planned anew.
    Conflict {
        /// The change that was not made.
        change: Change,
        /// What stood there.
        found: Value,
    },
    /// The PBX was found to differ from what was last carried out.
    Drift {
        /// The member.
        user: PbxUserId,
        /// The field.
        field: Field,
        /// What was carried out.
        expected: Value,
        /// What the PBX says.
        found: Value,
    },
    /// Changes are held by the breaker.
    Held {
        /// How many are held now.
        held: usize,
        /// How many members are matched.
        matched: usize,
    },
    /// DND of a member is not written for a while: something else kept changing it back.
    Stopped {
        /// The member.
        user: PbxUserId,
        /// The member's address.
        address: Option<Address>,
        /// For how long.
        lasts: Duration,
    },
    /// An operator let what was held pass.
    Approved {
        /// How many changes.
        changes: usize,
        /// Whether a roster was held, too.
        roster: bool,
    },
    /// A defect of ours: a change that must never have been proposed. It was not carried out.
    Violation(Violation),
    /// The licence does not cover the group: nobody is synchronised, and what is ours is taken back.
    GateShut(Shut),
    /// The licence covers the group again.
    GateOpened,
    /// A later licence file is not accepted; the licence that was verified before goes on until its own end.
    LicenceNotReplaced(Refusal),
    /// The licence ends soon. Told 30, 14, 7 and 1 days before.
    LicenceEnding {
        /// The reminder that is due.
        within_days: u16,
        /// When it ends.
        until: Timestamp,
    },
    /// The licence has expired, and goes on by its days of grace alone.
    LicenceInGrace {
        /// When it expired.
        since: Timestamp,
        /// When the grace ends.
        until: Timestamp,
    },
    /// The clock was set back by more than a day. The licence is judged by the time that it should be.
    ClockSetBack {
        /// By how much.
        by: Duration,
    },
    /// Everything that was ours has been taken back.
    Released,
    /// A step on the way of a member from a presence to a change. Only told to whoever wants to know them.
    Step(Box<MemberStep>),
}
