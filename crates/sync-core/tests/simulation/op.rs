//! A schedule: the settings of an instance, and what happens to it, one operation after the other.

use sync_core::{ChatPresence, Policy, Value};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) setup: Setup,
    pub(crate) ops: Vec<Op>,
}

/// Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setup {
    /// People 1 to this are members; 9 is a user of the PBX in no group.
    pub(crate) people: i64,
    pub(crate) policy: Policy,
    pub(crate) chat: bool,
    pub(crate) release_on_stop: bool,
    /// The share in percent and the least number.
    pub(crate) breaker: (u32, usize),
    pub(crate) confirm_for: u64,
    pub(crate) dnd_off_after: u64,
    pub(crate) unknown_release_after: u64,
    pub(crate) poll: u64,
    pub(crate) roster: u64,
    pub(crate) readback: u64,
    /// How often the chat status is read and set again; zero: never.
    pub(crate) reassert: u64,
    /// How many presences are read in one call.
    pub(crate) chunk: usize,
    /// Seats of the licence at the start; `None`: there is no seat gate.
    pub(crate) seats: Option<u32>,
    /// What the latencies follow from.
    pub(crate) jitter: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            people: 2,
            policy: Policy::LastChangeWins,
            chat: false,
            release_on_stop: true,
            breaker: (50, 1_000),
            confirm_for: 60,
            dnd_off_after: 0,
            unknown_release_after: 60,
            poll: 2,
            roster: 20,
            readback: 60,
            reassert: 60,
            chunk: sync_core::CHUNK,
            seats: None,
            jitter: 0,
        }
    }
}

/// One of the two daemons that share the ledger.
pub(crate) type DaemonId = usize;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Start(DaemonId),
    /// SIGTERM.
    Stop(DaemonId),
    /// SIGKILL: what becomes of writes that were on their way to the PBX, and whether a transaction that was under
    /// way is stored.
    Crash(DaemonId, Fate, bool),
    /// The machine sleeps for so many seconds.
    Suspend(DaemonId, u64),
    /// The clock of the machine jumps.
    Clock(DaemonId, i64),
    /// Milliseconds pass.
    Wait(u64),
    /// So many answers reach the daemons, or ten seconds pass.
    Answers(u64),
    Teams(i64, Said),
    Human(i64, Value),
    Join(i64),
    Leave(i64),
    /// The PBX's list of users shows the user, or not.
    Show(i64, bool),
    /// The id goes to somebody else with another login and address.
    Recycle(i64),
    /// The PBX says that the group is empty, or tells it rightly again.
    Group(bool),
    /// The directory knows the person, or not.
    Match(i64, bool),
    /// A second enabled user of the tenant carries the person's address, too, or does not any more.
    Double(i64, bool),
    /// Takes effect with the next start.
    Exclude(i64, bool),
    /// The instance only observes, or works again. Takes effect with the next start.
    Observe(bool),
    /// Another product changes back what we set next of somebody's DND, so often.
    Rival(i64, u32),
    Licence(Paper),
    /// Of the instance, for so many seconds or until it is ended.
    Pause(Option<u64>),
    Resume,
    /// Of one member.
    PauseMember(i64, Option<u64>),
    ResumeMember(i64),
    /// The operator reads the plan that is held.
    Plan,
    /// The operator approves the plan that was read last.
    Approve,
    Release,
    Retire,
    /// What becomes of the next requests of a kind.
    Fault(Kind, Trouble, u32),
    /// The PBX does not answer for so many seconds, and forgets what was under way.
    Down(u64),
    Heal,
}

/// The licence file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paper {
    Missing,
    /// It is no licence.
    Unusable,
    Seats(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    Lost,
    Landed,
    /// It takes effect after so many seconds.
    Late(u64),
}

/// What Teams says of a person, in the order of [`Said::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Available,
    InACall,
    Presenting,
    Busy,
    Away,
    Unknown,
    /// The answer leaves the person out.
    Silent,
}

impl Said {
    pub(crate) const ALL: [Self; 7] = [
        Self::Available,
        Self::InACall,
        Self::Presenting,
        Self::Busy,
        Self::Away,
        Self::Unknown,
        Self::Silent,
    ];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Available => "Available/Available",
            Self::InACall => "Busy/InACall",
            Self::Presenting => "DoNotDisturb/Presenting",
            Self::Busy => "Busy/Busy",
            Self::Away => "Away/Away",
            Self::Unknown => "PresenceUnknown/PresenceUnknown",
            Self::Silent => "silent",
        }
    }

    /// What documentation and design promise for it: DND and chat status. Written down here a second time, so that the
    /// judge does not ask the judged.
    pub(crate) const fn outcome(self) -> Option<(bool, ChatPresence)> {
        match self {
            Self::Available => Some((false, ChatPresence::Available)),
            Self::InACall | Self::Presenting => Some((true, ChatPresence::DoNotDisturb)),
            Self::Busy => Some((false, ChatPresence::DoNotDisturb)),
            Self::Away => Some((false, ChatPresence::Away)),
            Self::Unknown | Self::Silent => None,
        }
    }
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Presence,
    Directory,
    Roster,
    ReadDnd,
    WriteDnd,
    ReadChat,
    WriteChat,
    Ledger,
}

impl Kind {
    pub(crate) const ALL: [(Self, &'static str); 8] = [
        (Self::Presence, "presence"),
        (Self::Directory, "directory"),
        (Self::Roster, "roster"),
        (Self::ReadDnd, "read-dnd"),
        (Self::WriteDnd, "write-dnd"),
        (Self::ReadChat, "read-chat"),
        (Self::WriteChat, "write-chat"),
        (Self::Ledger, "ledger"),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The request never arrives.
    Lost,
    /// It takes effect, and the answer never arrives.
    LostAnswer,
    /// It takes effect, and the answer is that of a broken server.
    BrokenAnswer,
    /// It is answered after so many seconds.
    Slow(u64),
    /// It is answered with what is true now, and the answer arrives after so many seconds.
    Stale(u64),
    /// It takes effect so many seconds after its time-out was reported.
    Late(u64),
    /// Asked to slow down, for so many seconds where it says so.
    Throttled(Option<u64>),
    Server,
    NotFound,
    Refused,
}
