//! The audit against what the PBX saw: random orders of answers, with faults, crashes and restarts between them.
//!
//! The PBX and the ledger are maps here. The PBX keeps its own history, and the audit is judged by that alone.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use presence_mapping::Presence;
use proptest::prelude::*;
use proptest::sample::select;
use sync_core::{
    AuditEntry, Breaker, ChatPresence, DirectoryUser, Effect, Engine, Event, Fault, Field, InstanceName,
    LedgerCommit, LedgerRow, Login, Memory, Moment, OwnerView, PbxName, PbxRoster, PbxUser, PbxUserId,
    PortError, Settings, TeamsUserId, Value, WorkView, Write, Written,
};

const PEOPLE: i64 = 3;
/// More answers than any schedule needs to come to rest.
const PATIENCE: usize = 20_000;
const SAYINGS: [&str; 4] = [
    "Available/Available",
    "Busy/InACall",
    "Away/Away",
    "DoNotDisturb/Presenting",
];

/// One write that the PBX took, or one entry that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    from: Value,
    to: Value,
}

/// What becomes of a request of the engine.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    /// It never arrived.
    Lost,
    /// It was carried out, and its answer never arrived.
    AnswerLost,
    /// A human was quicker than the write, and its answer says so.
    Overtaken,
}

#[derive(Clone, Debug)]
enum Step {
    /// One of the open requests, whichever it is.
    Answer(usize, Fate),
    Says(i64, &'static str),
    Silent(i64),
    Pass(u64),
    Human(i64, bool),
    Pause,
    Resume,
    Release,
    /// The process ends at once; whatever is on the way arrives or does not.
    Crash(bool),
    Stop,
}

struct World {
    engine: Engine,
    now: Moment,
    open: Vec<Effect>,
    said: BTreeMap<i64, Option<Presence>>,
    pbx: BTreeMap<(PbxUserId, Field), Value>,
    history: BTreeMap<(PbxUserId, Field), Vec<Change>>,
    people: i64,
    rows: BTreeMap<PbxUserId, LedgerRow>,
    memory: Memory,
    lease: u64,
    /// Entries by lease and number, as a ledger tells them apart.
    audit: BTreeMap<(u64, u64), AuditEntry>,
}

fn settings() -> Settings {
    let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx".into()));
    settings.breaker = Breaker {
        at_least: 1_000_000,
        ..Breaker::default()
    };
    settings.unknown_release_after = Duration::from_secs(30);
    settings.readback_interval = Duration::from_secs(20);
    settings.pbx_concurrency = 1_000;
    settings
}

fn broken() -> PortError {
    PortError::new(Fault::Unreachable, "hear the answer")
}

impl World {
    fn with(people: i64) -> Self {
        let now = Moment {
            wall: "2026-11-23T09:00:00.123456Z"
                .parse()
                .unwrap_or(Timestamp::UNIX_EPOCH),
            uptime: Duration::from_secs(1),
        };
        let mut pbx = BTreeMap::new();
        for id in 1..=people {
            pbx.insert((PbxUserId(id), Field::Dnd), Value::Dnd(false));
            pbx.insert((PbxUserId(id), Field::Chat), Value::Chat(ChatPresence::Available));
        }
        let mut world = Self {
            engine: Engine::new(settings(), Memory::default(), now, 1),
            now,
            open: Vec::new(),
            said: (1..=people).map(|id| (id, SAYINGS[0].parse().ok())).collect(),
            pbx,
            history: BTreeMap::new(),
            people,
            rows: BTreeMap::new(),
            memory: Memory::default(),
            lease: 1,
            audit: BTreeMap::new(),
        };
        world.send(Event::Tick);
        world
    }

    fn send(&mut self, event: Event) {
        let effects = self.engine.handle(event, self.now);
        let asked = effects
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Report(_)));
        self.open.extend(asked);
    }

    fn pass(&mut self, time: Duration) {
        self.now.uptime += time;
        self.now.wall += time;
        self.send(Event::Tick);
    }

    fn write(&mut self, write: &Write) -> Written {
        let place = (write.user, write.to.field());
        let found = self.pbx[&place];
        if found == write.to {
            return Written::AlreadyEqual;
        }
        if found != write.from {
            return Written::Conflict { found };
        }
        self.pbx.insert(place, write.to);
        let change = Change {
            from: found,
            to: write.to,
        };
        self.history.entry(place).or_default().push(change);
        Written::Applied { before: found }
    }

    fn store(&mut self, commit: &LedgerCommit) {
        for row in &commit.upsert {
            self.rows.insert(row.user, row.clone());
        }
        for user in &commit.remove {
            self.rows.remove(user);
        }
        self.memory.mode = commit.mode.unwrap_or(self.memory.mode);
        for entry in &commit.audit {
            let stored = commit.upsert.iter().any(|row| row.user == entry.user);
            assert!(
                stored,
                "without its row the entry would be made again after a crash"
            );
            let known = self
                .audit
                .entry((self.lease, entry.number))
                .or_insert_with(|| entry.clone());
            assert_eq!(known, entry, "a number means one entry");
        }
    }

    fn answer(&mut self, effect: Effect, fate: Fate) {
        let lost = matches!(fate, Fate::Lost | Fate::AnswerLost);
        let event = match effect {
            Effect::Write { request, write } => {
                let written = (!matches!(fate, Fate::Lost)).then(|| self.write(&write));
                Event::Written {
                    request,
                    result: written.filter(|_| !lost).ok_or_else(broken),
                }
            }
            Effect::Commit { request, commit } => {
                if !matches!(fate, Fate::Lost) {
                    self.store(&commit);
                }
                let result = if lost {
                    Err(PortError::new(Fault::State, "store"))
                } else {
                    Ok(vec![])
                };
                Event::Committed { request, result }
            }
            Effect::ReadDnd { request, user } => Event::DndRead {
                request,
                result: if lost {
                    Err(broken())
                } else {
                    Ok(self.pbx[&(user, Field::Dnd)] == Value::Dnd(true))
                },
            },
            Effect::ReadChat { request, users } => {
                let read = users
                    .iter()
                    .filter_map(|user| match self.pbx[&(*user, Field::Chat)] {
                        Value::Chat(status) => Some((*user, status)),
                        Value::Dnd(_) => None,
                    });
                Event::ChatRead {
                    request,
                    result: if lost { Err(broken()) } else { Ok(read.collect()) },
                }
            }
            Effect::ReadRoster { request } => Event::RosterRead {
                request,
                result: if lost {
                    Err(broken())
                } else {
                    Ok(roster(self.people))
                },
            },
            Effect::LookUp { request, addresses } => Event::LookedUp {
                request,
                result: if lost {
                    Err(broken())
                } else {
                    Ok(addresses.iter().map(person).collect())
                },
            },
            Effect::ReadPresences { request, ids } => {
                let said = ids.iter().map(|id| {
                    let number = id.as_str().trim_start_matches("t-").parse::<i64>().ok()?;
                    self.said.get(&number)?.clone()
                });
                Event::PresencesRead {
                    request,
                    result: if lost { Err(broken()) } else { Ok(said.collect()) },
                }
            }
            other => panic!("nobody asked for {other:?}"),
        };
        self.send(event);
    }

    /// A human changes what we are about to write. That we wrote nothing is known as soon as the answer is stored; a crash
    /// before that would take the human's value for ours.
    fn overtake(&mut self, effect: Effect) {
        let Effect::Write { write, .. } = &effect else {
            return self.answer(effect, Fate::Answered);
        };
        let (user, field) = (write.user, write.to.field());
        // While an earlier write of unknown fate may still take effect, a human's equal change would be taken for it.
        if self
            .rows
            .get(&user)
            .is_some_and(|row| row.field(field).stray.is_some())
        {
            return self.answer(effect, Fate::Answered);
        }
        let humans = match write.to {
            Value::Chat(ChatPresence::Away) => Value::Chat(ChatPresence::FreeForChat),
            to => to,
        };
        let intended = |world: &Self| {
            world
                .rows
                .get(&user)
                .and_then(|row| row.field(field).intent.clone())
        };
        let before = intended(self);
        self.pbx.insert((user, field), humans);
        self.answer(effect, Fate::Overtaken);
        for _ in 0..PATIENCE {
            if intended(self) != before {
                return;
            }
            match self
                .open
                .iter()
                .position(|effect| matches!(effect, Effect::Commit { .. }))
            {
                Some(place) => {
                    let commit = self.open.remove(place);
                    self.answer(commit, Fate::Answered);
                }
                None => self.pass(Duration::from_secs(1)),
            }
        }
        panic!("the answer is never stored");
    }

    /// Ends the process, and starts the next one with what is durable.
    fn crash(&mut self, arrives: bool) {
        for effect in std::mem::take(&mut self.open) {
            match effect {
                Effect::Write { write, .. } if arrives => drop(self.write(&write)),
                Effect::Commit { commit, .. } if arrives => self.store(&commit),
                _ => {}
            }
        }
        self.lease += 1;
        let memory = Memory {
            rows: self.rows.values().cloned().collect(),
            ..self.memory.clone()
        };
        self.engine = Engine::new(settings(), memory, self.now, self.lease);
        self.pass(Duration::from_secs(1));
    }

    /// Answers everything until nothing is due any more.
    fn rest(&mut self) {
        for _ in 0..PATIENCE {
            if self.open.is_empty() {
                let unresolved = self
                    .rows
                    .values()
                    .any(|row| row.dnd.intent.is_some() || row.chat.intent.is_some());
                if self.engine.is_settled() && !unresolved {
                    return;
                }
                self.pass(Duration::from_secs(1));
            } else {
                let effect = self.open.remove(0);
                self.answer(effect, Fate::Answered);
            }
        }
        panic!("it does not come to rest");
    }

    /// A human's change between the reading before an intent and the entry of its write cannot be told from ours, so humans
    /// wait while there is any of that. They wait for nothing else.
    fn human(&mut self, id: i64, on: bool) {
        let user = PbxUserId(id);
        let stored = self
            .rows
            .get(&user)
            .is_some_and(|row| row.dnd.intent.is_some() || row.dnd.stray.is_some());
        let views = self.engine.member_views(self.now);
        let ours = views.iter().filter(|view| view.pbx_user == user).any(|view| {
            view.dnd.work == WorkView::Writing
                || view.dnd.owner == OwnerView::Unconfirmed
                || view.dnd.read_seconds.is_some_and(|age| age <= 2.0)
        });
        if !stored && !ours {
            self.pbx.insert((user, Field::Dnd), Value::Dnd(on));
        }
    }

    /// The next open request of a kind.
    fn next(&mut self, which: impl Fn(&Effect) -> bool) -> Option<Effect> {
        let place = self.open.iter().position(which)?;
        Some(self.open.remove(place))
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Answer(which, fate) if !self.open.is_empty() => {
                let effect = self.open.remove(which % self.open.len());
                match fate {
                    Fate::Overtaken => self.overtake(effect),
                    fate => self.answer(effect, *fate),
                }
            }
            Step::Answer(..) => self.pass(Duration::from_secs(2)),
            Step::Says(id, text) => _ = self.said.insert(*id, text.parse().ok()),
            Step::Silent(id) => _ = self.said.insert(*id, None),
            Step::Pass(seconds) => self.pass(Duration::from_secs(*seconds)),
            Step::Human(id, on) => self.human(*id, *on),
            Step::Pause => self.send(Event::Pause { until: None }),
            Step::Resume => self.send(Event::Resume),
            Step::Release => self.send(Event::Release),
            Step::Crash(arrives) => self.crash(*arrives),
            Step::Stop => {
                self.send(Event::Drain);
                while !self.open.is_empty() {
                    let effect = self.open.remove(0);
                    self.answer(effect, Fate::Answered);
                }
                // Where the ledger does not answer, the end is a cut, as by a crash.
                self.crash(false);
            }
        }
    }

    /// The audit in the form of the PBX's history, in the order of writing.
    fn audited(&self) -> BTreeMap<(PbxUserId, Field), Vec<Change>> {
        let mut audited: BTreeMap<_, Vec<Change>> = BTreeMap::new();
        for entry in self.audit.values() {
            audited
                .entry((entry.user, entry.to.field()))
                .or_default()
                .push(Change {
                    from: entry.from,
                    to: entry.to,
                });
        }
        audited
    }
}

fn roster(people: i64) -> PbxRoster {
    let users = (1..=people).map(|id| PbxUser {
        id: PbxUserId(id),
        login: Login(id.to_string().into()),
        name: String::new(),
        address: format!("{id}@example.com").parse().ok(),
    });
    PbxRoster {
        members: (1..=people).map(PbxUserId).collect(),
        users: users.collect(),
    }
}

fn person(address: &sync_core::Address) -> DirectoryUser {
    let number = address.as_str().split('@').next().unwrap_or_default();
    DirectoryUser {
        id: TeamsUserId::new(&format!("t-{number}")),
        primary: Some(address.clone()),
        mail: None,
        aliases: vec![],
        principal: None,
        enabled: true,
        guest: false,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 1..=PEOPLE;
    let fate = prop_oneof![
        8 => Just(Fate::Answered),
        1 => Just(Fate::Lost),
        2 => Just(Fate::AnswerLost),
        1 => Just(Fate::Overtaken),
    ];
    prop_oneof![
        40 => (any::<usize>(), fate).prop_map(|(which, fate)| Step::Answer(which, fate)),
        8 => (person(), select(&SAYINGS[..])).prop_map(|(id, text)| Step::Says(id, text)),
        2 => person().prop_map(Step::Silent),
        6 => (1_u64..40).prop_map(Step::Pass),
        2 => (person(), any::<bool>()).prop_map(|(id, on)| Step::Human(id, on)),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Release),
        2 => any::<bool>().prop_map(Step::Crash),
        1 => Just(Step::Stop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_write_that_the_pbx_took_has_exactly_one_entry(steps in prop::collection::vec(step(), 1..250)) {
        let mut world = World::with(PEOPLE);
        for step in &steps {
            world.take(step);
            let taken: usize = world.history.values().map(Vec::len).sum();
            prop_assert!(world.audit.len() <= taken, "an entry without a write");
        }
        world.rest();
        prop_assert_eq!(world.audited(), world.history);
        for entry in world.audit.values() {
            prop_assert!(entry.rule.as_deref().is_some_and(|rule| !rule.is_empty()), "{:?}", entry);
            prop_assert_eq!(entry.at.subsec_nanosecond() % 1_000_000, 0);
        }
    }
}

#[test]
fn an_entry_is_stored_with_its_row_also_where_there_are_more_than_one_transaction_takes() {
    let mut world = World::with(120);
    world.rest();
    for id in 1..=120 {
        world.said.insert(id, "Busy/InACall".parse().ok());
    }
    world.pass(Duration::from_secs(2));
    let is_write = |effect: &Effect| matches!(effect, Effect::Write { .. });
    while let Some(effect) = world.next(|effect| !is_write(effect)) {
        world.answer(effect, Fate::Answered);
    }
    // One transaction is under way while all the writes are answered.
    while let Some(write) = world.next(is_write) {
        world.answer(write, Fate::Answered);
    }
    world.rest();
    assert_eq!(world.audited(), world.history);
    assert_eq!(world.audit.len(), 240, "two fields of 120 people");
}
