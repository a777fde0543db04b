//! Schedules as text: one line a setting or an operation, so that a case can be read and kept.

use std::fmt;

use sync_core::{ChatPresence, Policy};

use crate::op::{Fate, Kind, Op, Paper, Schedule, Setup, Trouble};

pub(crate) const POLICIES: [(Policy, &str); 3] = [
    (Policy::LastChangeWins, "last-change-wins"),
    (Policy::TeamsLeads, "teams-leads"),
    (Policy::OwnOnly, "own-only"),
];
pub(crate) const CHATS: [ChatPresence; 4] = [
    ChatPresence::Available,
    ChatPresence::Away,
    ChatPresence::DoNotDisturb,
    ChatPresence::Unavailable,
];

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setup, usual) = (&self.setup, Setup::default());
        let policy = POLICIES.iter().find(|(policy, _)| *policy == setup.policy);
        let mut set = |differs: bool, name: &str, value: String| {
            if differs {
                writeln!(f, "set {name} {value}")
            } else {
                Ok(())
            }
        };
        set(true, "people", setup.people.to_string())?;
        set(true, "policy", policy.map_or("", |(_, name)| *name).to_owned())?;
        set(setup.chat, "chat", "yes".to_owned())?;
        set(!setup.release_on_stop, "on-stop", "keep".to_owned())?;
        let (share, least) = setup.breaker;
        set(
            setup.breaker != usual.breaker,
            "breaker",
            format!("{share}% {least}"),
        )?;
        for (name, value, usual) in [
            ("confirm-for", setup.confirm_for, usual.confirm_for),
            ("dnd-off-after", setup.dnd_off_after, usual.dnd_off_after),
            (
                "unknown-release-after",
                setup.unknown_release_after,
                usual.unknown_release_after,
            ),
            ("poll", setup.poll, usual.poll),
            ("roster", setup.roster, usual.roster),
            ("readback", setup.readback, usual.readback),
            ("chat-reassert", setup.reassert, usual.reassert),
            ("chunk", setup.chunk as u64, usual.chunk as u64),
            ("jitter", setup.jitter, usual.jitter),
        ] {
            set(value != usual, name, value.to_string())?;
        }
        if let Some(seats) = setup.seats {
            set(true, "seats", seats.to_string())?;
        }
        self.ops.iter().try_for_each(|op| writeln!(f, "{op}"))
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |daemon: &usize| if *daemon == 0 { "a" } else { "b" };
        let word = |yes: &bool, one: &'static str, other: &'static str| if *yes { one } else { other };
        match self {
            Self::Start(daemon) => write!(f, "start {}", name(daemon)),
            Self::Stop(daemon) => write!(f, "stop {}", name(daemon)),
            Self::Crash(daemon, fate, stored) => {
                let stored = word(stored, "stored", "unstored");
                match fate {
                    Fate::Lost => write!(f, "crash {} {stored} lost", name(daemon)),
                    Fate::Landed => write!(f, "crash {} {stored} landed", name(daemon)),
                    Fate::Late(seconds) => write!(f, "crash {} {stored} late {seconds}", name(daemon)),
                }
            }
            Self::Suspend(daemon, seconds) => write!(f, "suspend {} {seconds}", name(daemon)),
            Self::Clock(daemon, seconds) => write!(f, "clock {} {seconds}", name(daemon)),
            Self::Wait(ms) if ms % 1_000 == 0 => write!(f, "wait {}s", ms / 1_000),
            Self::Wait(ms) => write!(f, "wait {ms}ms"),
            Self::Answers(count) => write!(f, "answers {count}"),
            Self::Teams(person, said) => write!(f, "teams {person} {}", said.text()),
            Self::Human(user, value) => write!(f, "human {user} {} {value}", value.field()),
            Self::Join(user) => write!(f, "join {user}"),
            Self::Leave(user) => write!(f, "leave {user}"),
            Self::Show(user, shown) => write!(f, "{} {user}", word(shown, "show", "hide")),
            Self::Recycle(user) => write!(f, "recycle {user}"),
            Self::Group(told) => write!(f, "group {}", word(told, "back", "empty")),
            Self::Match(person, known) => write!(f, "{} {person}", word(known, "match", "unmatch")),
            Self::Double(person, twice) => write!(f, "{} {person}", word(twice, "double", "undouble")),
            Self::Exclude(user, out) => write!(f, "{} {user}", word(out, "exclude", "include")),
            Self::Observe(only) => write!(f, "observe {}", word(only, "yes", "no")),
            Self::Rival(user, times) => write!(f, "rival {user} {times}"),
            Self::Licence(Paper::Seats(seats)) => write!(f, "licence {seats}"),
            Self::Licence(Paper::Missing) => f.write_str("licence missing"),
            Self::Licence(Paper::Unusable) => f.write_str("licence unusable"),
            Self::Pause(None) => f.write_str("pause"),
            Self::Pause(Some(seconds)) => write!(f, "pause for {seconds}"),
            Self::Resume => f.write_str("resume"),
            Self::PauseMember(user, None) => write!(f, "pause {user}"),
            Self::PauseMember(user, Some(seconds)) => write!(f, "pause {user} for {seconds}"),
            Self::ResumeMember(user) => write!(f, "resume {user}"),
            Self::Plan => f.write_str("plan"),
            Self::Approve => f.write_str("approve"),
            Self::Release => f.write_str("release"),
            Self::Retire => f.write_str("retire"),
            Self::Fault(kind, trouble, count) => {
                let kind = Kind::ALL
                    .iter()
                    .find(|(known, _)| known == kind)
                    .map_or("", |(_, name)| *name);
                write!(f, "fault {kind} {count} {trouble}")
            }
            Self::Down(seconds) => write!(f, "pbx down {seconds}"),
            Self::Heal => f.write_str("heal"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::LostAnswer => f.write_str("lost-answer"),
            Self::BrokenAnswer => f.write_str("broken-answer"),
            Self::Slow(seconds) => write!(f, "slow {seconds}"),
            Self::Stale(seconds) => write!(f, "stale {seconds}"),
            Self::Late(seconds) => write!(f, "late {seconds}"),
            Self::Throttled(Some(seconds)) => write!(f, "throttled {seconds}"),
            Self::Throttled(None) => f.write_str("throttled"),
            Self::Server => f.write_str("server"),
            Self::NotFound => f.write_str("not-found"),
            Self::Refused => f.write_str("refused"),
        }
    }
}
