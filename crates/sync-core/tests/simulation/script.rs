//! Schedules as text: one line a setting or an operation, so that a case can be read, kept and run again.

use std::fmt;

use sync_core::{ChatPresence, Policy, Value};

use crate::op::{Fate, Kind, Op, Said, Schedule, Setup, Trouble};

const POLICIES: [(Policy, &str); 3] = [
    (Policy::LastChangeWins, "last-change-wins"),
    (Policy::TeamsLeads, "teams-leads"),
    (Policy::OwnOnly, "own-only"),
];
const CHATS: [ChatPresence; 4] = [
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
            Self::Exclude(user, out) => write!(f, "{} {user}", word(out, "exclude", "include")),
            Self::Licence(Some(seats)) => write!(f, "licence {seats}"),
            Self::Licence(None) => f.write_str("licence missing"),
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("resume"),
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
            Self::Late(seconds) => write!(f, "late {seconds}"),
            Self::Throttled(Some(seconds)) => write!(f, "throttled {seconds}"),
            Self::Throttled(None) => f.write_str("throttled"),
            Self::Server => f.write_str("server"),
            Self::NotFound => f.write_str("not-found"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// Reads a script. Empty lines and lines that begin with `#` are for people.
pub(crate) fn parse(text: &str) -> Result<Schedule, String> {
    let mut schedule = Schedule {
        setup: Setup::default(),
        ops: Vec::new(),
    };
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        let read = match words.as_slice() {
            ["set", rest @ ..] => setting(&mut schedule.setup, rest),
            words => operation(words).map(|op| schedule.ops.push(op)),
        };
        read.ok_or_else(|| format!("`{line}` is not understood"))?;
    }
    Ok(schedule)
}

fn setting(setup: &mut Setup, words: &[&str]) -> Option<()> {
    match words {
        ["people", count] => setup.people = count.parse().ok()?,
        ["policy", name] => setup.policy = POLICIES.iter().find(|(_, known)| known == name)?.0,
        ["chat", "yes"] => setup.chat = true,
        ["on-stop", "keep"] => setup.release_on_stop = false,
        ["breaker", share, least] => {
            setup.breaker = (share.strip_suffix('%')?.parse().ok()?, least.parse().ok()?);
        }
        ["confirm-for", seconds] => setup.confirm_for = seconds.parse().ok()?,
        ["dnd-off-after", seconds] => setup.dnd_off_after = seconds.parse().ok()?,
        ["unknown-release-after", seconds] => setup.unknown_release_after = seconds.parse().ok()?,
        ["poll", seconds] => setup.poll = seconds.parse().ok()?,
        ["roster", seconds] => setup.roster = seconds.parse().ok()?,
        ["readback", seconds] => setup.readback = seconds.parse().ok()?,
        ["jitter", number] => setup.jitter = number.parse().ok()?,
        ["seats", seats] => setup.seats = Some(seats.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn operation(words: &[&str]) -> Option<Op> {
    let id = |word: &str| word.parse::<i64>().ok();
    Some(match words {
        ["start", daemon] => Op::Start(daemon_id(daemon)?),
        ["stop", daemon] => Op::Stop(daemon_id(daemon)?),
        ["crash", daemon, stored, fate @ ..] => {
            let fate = match fate {
                ["lost"] => Fate::Lost,
                ["landed"] => Fate::Landed,
                ["late", seconds] => Fate::Late(seconds.parse().ok()?),
                _ => return None,
            };
            Op::Crash(daemon_id(daemon)?, fate, *stored == "stored")
        }
        ["suspend", daemon, seconds] => Op::Suspend(daemon_id(daemon)?, seconds.parse().ok()?),
        ["clock", daemon, seconds] => Op::Clock(daemon_id(daemon)?, seconds.parse().ok()?),
        ["wait", time] => match time.strip_suffix("ms") {
            Some(ms) => Op::Wait(ms.parse().ok()?),
            None => Op::Wait(time.strip_suffix('s')?.parse::<u64>().ok()? * 1_000),
        },
        ["answers", count] => Op::Answers(count.parse().ok()?),
        ["teams", person, said] => Op::Teams(
            id(person)?,
            Said::ALL.into_iter().find(|known| known.text() == *said)?,
        ),
        ["human", user, "dnd", on] => Op::Human(id(user)?, Value::Dnd(*on == "on")),
        ["human", user, "chat", status] => {
            let status = CHATS.into_iter().find(|known| known.to_string() == *status)?;
            Op::Human(id(user)?, Value::Chat(status))
        }
        ["join", user] => Op::Join(id(user)?),
        ["leave", user] => Op::Leave(id(user)?),
        ["show", user] => Op::Show(id(user)?, true),
        ["hide", user] => Op::Show(id(user)?, false),
        ["recycle", user] => Op::Recycle(id(user)?),
        ["group", "empty"] => Op::Group(false),
        ["group", "back"] => Op::Group(true),
        ["match", person] => Op::Match(id(person)?, true),
        ["unmatch", person] => Op::Match(id(person)?, false),
        ["exclude", user] => Op::Exclude(id(user)?, true),
        ["include", user] => Op::Exclude(id(user)?, false),
        ["licence", "missing"] => Op::Licence(None),
        ["licence", seats] => Op::Licence(Some(seats.parse().ok()?)),
        ["pause"] => Op::Pause,
        ["resume"] => Op::Resume,
        ["release"] => Op::Release,
        ["retire"] => Op::Retire,
        ["fault", kind, count, trouble @ ..] => {
            let kind = Kind::ALL.iter().find(|(_, name)| name == kind)?.0;
            Op::Fault(kind, trouble_of(trouble)?, count.parse().ok()?)
        }
        ["pbx", "down", seconds] => Op::Down(seconds.parse().ok()?),
        ["heal"] => Op::Heal,
        _ => return None,
    })
}

fn daemon_id(name: &str) -> Option<usize> {
    ["a", "b"].iter().position(|known| *known == name)
}

fn trouble_of(words: &[&str]) -> Option<Trouble> {
    Some(match words {
        ["lost"] => Trouble::Lost,
        ["lost-answer"] => Trouble::LostAnswer,
        ["broken-answer"] => Trouble::BrokenAnswer,
        ["slow", seconds] => Trouble::Slow(seconds.parse().ok()?),
        ["late", seconds] => Trouble::Late(seconds.parse().ok()?),
        ["throttled"] => Trouble::Throttled(None),
        ["throttled", seconds] => Trouble::Throttled(Some(seconds.parse().ok()?)),
        ["server"] => Trouble::Server,
        ["not-found"] => Trouble::NotFound,
        ["refused"] => Trouble::Refused,
        _ => return None,
    })
}
