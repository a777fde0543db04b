//! A schedule from a seed.

use sync_core::{CHUNK, ChatPresence, Policy, Value};

use crate::op::{Fate, Kind, Op, Paper, Said, Schedule, Setup, Trouble};
use crate::random::Random;

pub(crate) fn schedule(seed: u64) -> Schedule {
    let mut random = Random::new(seed);
    let setup = setup(&mut random);
    let mut ops = vec![Op::Start(0)];
    if random.chance(70) {
        ops.push(Op::Wait(5_000));
    }
    let length = 4 + random.below(28);
    for _ in 0..length {
        if random.chance(4) {
            story(&mut random, &setup, &mut ops);
        } else {
            ops.push(operation(&mut random, &setup));
        }
        if random.chance(65) {
            ops.push(pause(&mut random));
        }
    }
    Schedule { setup, ops }
}

fn setup(random: &mut Random) -> Setup {
    let people = i64::try_from(1 + random.below(6)).unwrap();
    Setup {
        people,
        policy: random.pick(&[
            Policy::LastChangeWins,
            Policy::TeamsLeads,
            Policy::OwnOnly,
            Policy::OwnOnly,
        ]),
        chat: random.chance(40),
        release_on_stop: random.chance(80),
        breaker: random.pick(&[(50, 1_000), (50, 2), (30, 3)]),
        confirm_for: random.pick(&[20, 60, 60]),
        dnd_off_after: random.pick(&[0, 0, 0, 5, 20]),
        unknown_release_after: random.pick(&[30, 60, 90]),
        poll: random.pick(&[2, 2, 5]),
        roster: random.pick(&[15, 30]),
        readback: random.pick(&[30, 60, 120]),
        reassert: random.pick(&[0, 20, 60]),
        chunk: random.pick(&[1, 2, CHUNK, CHUNK, CHUNK, CHUNK]),
        seats: random.chance(30).then(|| u32::try_from(people).unwrap() + 1),
        jitter: random.next() >> 1,
    }
}

fn pause(random: &mut Random) -> Op {
    match random.below(10) {
        0..=3 => Op::Answers(1 + random.below(8)),
        4 => Op::Wait(1 + random.below(90)),
        5..=6 => Op::Wait(500 + random.below(6_000)),
        7..=8 => Op::Wait(5_000 + random.below(20_000)),
        _ => Op::Wait(20_000 + random.below(70_000)),
    }
}

fn member(random: &mut Random, setup: &Setup) -> i64 {
    1 + i64::try_from(random.below(u64::try_from(setup.people).unwrap())).unwrap()
}

/// Several operations that mean something together, and would hardly ever meet by chance.
fn story(random: &mut Random, setup: &Setup, ops: &mut Vec<Op>) {
    let user = member(random, setup);
    match random.below(5) {
        0 => {
            // Another product fights for a value.
            ops.push(Op::Rival(user, 2 + u32::try_from(random.below(4)).unwrap()));
            for _ in 0..3 + random.below(2) {
                ops.extend([Op::Teams(user, Said::InACall), Op::Wait(12_000)]);
                ops.extend([Op::Teams(user, Said::Available), Op::Wait(12_000)]);
            }
            ops.push(Op::Teams(user, Said::InACall));
        }
        1 => {
            // Everybody goes into a call at once, and an operator believes it.
            ops.extend((1..=setup.people).map(|person| Op::Teams(person, Said::InACall)));
            ops.extend([Op::Wait(3_000 + random.below(8_000)), Op::Plan]);
            if random.chance(40) {
                ops.push(operation(random, setup));
                ops.push(Op::Wait(1 + random.below(8_000)));
            }
            ops.push(Op::Approve);
        }
        2 => {
            // A collapsing group that an operator believes, or not.
            ops.push(Op::Group(false));
            ops.push(Op::Wait(1_000 * (setup.roster + random.below(5))));
            ops.push(Op::Plan);
            if random.chance(40) {
                ops.push(operation(random, setup));
                ops.push(Op::Wait(1 + random.below(8_000)));
            }
            ops.push(Op::Approve);
        }
        3 => {
            // The answer to an earlier question comes last.
            let presence = Trouble::Stale(4 + random.below(6));
            ops.push(Op::Fault(Kind::Presence, presence, 1));
            ops.push(Op::Wait(1_000 * setup.poll));
            ops.push(random.pick(&[Op::Join(9), Op::Leave(user), Op::Recycle(user)]));
            ops.push(Op::Teams(member(random, setup), Said::InACall));
            ops.push(Op::Wait(8_000));
        }
        _ => {
            let daemon = usize::from(random.chance(30));
            ops.extend([
                Op::Observe(random.chance(60)),
                Op::Crash(daemon, Fate::Landed, random.chance(50)),
                Op::Start(daemon),
            ]);
        }
    }
}

fn operation(random: &mut Random, setup: &Setup) -> Op {
    let user = member(random, setup);
    let licensed = setup.seats.is_some();
    let daemon = usize::from(random.chance(30));
    match random.below(112) {
        0..=27 => {
            let said = random.pick(&[
                Said::InACall,
                Said::InACall,
                Said::InACall,
                Said::Presenting,
                Said::Available,
                Said::Available,
                Said::Available,
                Said::Busy,
                Said::Away,
                Said::Silent,
                Said::Unknown,
            ]);
            Op::Teams(user, said)
        }
        28..=41 => Op::Human(user, human(random)),
        42..=56 => {
            let kind = random.pick(&Kind::ALL).0;
            let kind = if random.chance(50) { Kind::WriteDnd } else { kind };
            Op::Fault(kind, trouble(random), u32::try_from(1 + random.below(3)).unwrap())
        }
        57..=66 => {
            let fate = match random.below(4) {
                0 => Fate::Lost,
                1 | 2 => Fate::Landed,
                _ => Fate::Late(1 + random.below(40)),
            };
            Op::Crash(daemon, fate, random.chance(50))
        }
        67..=73 => Op::Start(daemon),
        74..=75 => Op::Stop(daemon),
        76 => Op::Suspend(daemon, random.pick(&[5, 20, 60])),
        77 => Op::Clock(daemon, random.pick(&[-7_200, -60, 60, 7_200])),
        78..=79 => Op::Leave(user),
        80..=82 => Op::Join(random.pick(&[user, user, 9])),
        83 => Op::Show(user, random.chance(40)),
        84 => Op::Recycle(user),
        85 => Op::Group(random.chance(30)),
        86 => Op::Match(user, random.chance(50)),
        87 => Op::Exclude(user, random.chance(60)),
        88..=89 if licensed => Op::Licence(random.pick(&[
            Paper::Missing,
            Paper::Unusable,
            Paper::Seats(1),
            Paper::Seats(8),
            Paper::Seats(8),
        ])),
        88..=89 => Op::Heal,
        90..=91 => Op::Pause(until(random)),
        92..=94 => Op::Resume,
        95 => Op::Release,
        96 => Op::Retire,
        100..=102 => Op::PauseMember(user, until(random)),
        103..=104 => Op::ResumeMember(user),
        105 => Op::Observe(random.chance(60)),
        106..=107 => Op::Rival(user, u32::try_from(1 + random.below(4)).unwrap()),
        108..=109 => Op::Double(user, random.chance(60)),
        110 => Op::Plan,
        111 => Op::Approve,
        97..=98 => Op::Down(random.pick(&[3, 15, 60])),
        _ => Op::Heal,
    }
}

/// When a pause ends by itself, where it does.
fn until(random: &mut Random) -> Option<u64> {
    random.chance(50).then(|| 5 + random.below(120))
}

fn human(random: &mut Random) -> Value {
    match random.below(5) {
        0 | 1 => Value::Dnd(true),
        2 | 3 => Value::Dnd(false),
        _ => Value::Chat(random.pick(&[
            ChatPresence::Available,
            ChatPresence::Away,
            ChatPresence::DoNotDisturb,
            ChatPresence::Unavailable,
        ])),
    }
}

fn trouble(random: &mut Random) -> Trouble {
    match random.below(13) {
        12 => Trouble::Stale(1 + random.below(9)),
        0 | 1 => Trouble::Lost,
        2 | 3 => Trouble::LostAnswer,
        4 => Trouble::BrokenAnswer,
        5 => Trouble::Slow(1 + random.below(9)),
        6 | 7 => Trouble::Late(1 + random.below(40)),
        8 => Trouble::Throttled(random.pick(&[None, Some(1), Some(7), Some(60)])),
        9 => Trouble::Server,
        10 => Trouble::NotFound,
        _ => random.pick(&[Trouble::Refused, Trouble::Lost, Trouble::Server]),
    }
}
