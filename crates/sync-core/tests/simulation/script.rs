//! Scripts are read: what is kept as text can be run again.

use sync_core::Value;

use crate::op::{Fate, Kind, Op, Paper, Said, Schedule, Setup, Trouble};
use crate::text::{CHATS, POLICIES};

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
        ["chat-reassert", seconds] => setup.reassert = seconds.parse().ok()?,
        ["chunk", ids] => setup.chunk = ids.parse().ok()?,
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
        ["double", person] => Op::Double(id(person)?, true),
        ["undouble", person] => Op::Double(id(person)?, false),
        ["observe", "yes"] => Op::Observe(true),
        ["observe", "no"] => Op::Observe(false),
        ["rival", user, times] => Op::Rival(id(user)?, times.parse().ok()?),
        ["licence", "missing"] => Op::Licence(Paper::Missing),
        ["licence", "unusable"] => Op::Licence(Paper::Unusable),
        ["licence", seats] => Op::Licence(Paper::Seats(seats.parse().ok()?)),
        ["pause"] => Op::Pause(None),
        ["pause", "for", seconds] => Op::Pause(Some(seconds.parse().ok()?)),
        ["resume"] => Op::Resume,
        ["pause", user] => Op::PauseMember(id(user)?, None),
        ["pause", user, "for", seconds] => Op::PauseMember(id(user)?, Some(seconds.parse().ok()?)),
        ["resume", user] => Op::ResumeMember(id(user)?),
        ["plan"] => Op::Plan,
        ["approve"] => Op::Approve,
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
        ["stale", seconds] => Trouble::Stale(seconds.parse().ok()?),
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
