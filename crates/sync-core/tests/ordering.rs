//! The engine without its driver: events in an order of our own, and the effects that must or must not follow.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use presence_mapping::Presence;
use sync_core::{
    Breaker, ChatPresence, DirectoryUser, Effect, Engine, Event, Fault, Field, InstanceName, Login, Memory,
    Moment, OwnerView, PbxName, PbxRoster, PbxUser, PbxUserId, PortError, RequestId, Settings, TeamsUserId,
    Value, Write, Written,
};

struct Bench {
    engine: Engine,
    now: Moment,
    open: Vec<Effect>,
}

fn presence(text: &str) -> Option<Presence> {
    text.parse().ok()
}

impl Bench {
    /// An engine whose roster of `members` is read, joined and swept once with everybody available and in line.
    fn in_line(members: i64) -> Self {
        Self::with(members, |_| {})
    }

    fn with(members: i64, adjust: impl FnOnce(&mut Settings)) -> Self {
        let mut bench = Self::joined(members, adjust);
        bench.answer_everything("Available/Available");
        // What was read at the start is too old by now to be acted on.
        bench.pass(Duration::from_secs(10));
        bench.answer_everything("Available/Available");
        bench
    }

    /// An engine whose roster is read and joined, and that asks for presence for the first time.
    fn joined(members: i64, adjust: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx".into()));
        settings.chat = false;
        settings.readback_interval = Duration::ZERO;
        settings.breaker = Breaker {
            at_least: 1_000_000,
            ..Breaker::default()
        };
        settings.roster_interval = Duration::from_secs(1_000_000);
        adjust(&mut settings);
        let now = Moment {
            wall: Timestamp::UNIX_EPOCH,
            uptime: Duration::from_secs(1),
        };
        let mut bench = Self {
            engine: Engine::new(settings, Memory::default(), now, 1),
            now,
            open: Vec::new(),
        };
        bench.send(Event::Tick);
        let Some(Effect::ReadRoster { request }) =
            bench.take(|effect| matches!(effect, Effect::ReadRoster { .. }))
        else {
            panic!("the roster is read first")
        };
        let users = (1..=members).map(|id| PbxUser {
            id: PbxUserId(id),
            login: Login(id.to_string().into()),
            name: String::new(),
            address: format!("u{id}@example.com").parse().ok(),
        });
        let users: Vec<PbxUser> = users.collect();
        let roster = PbxRoster {
            members: users.iter().map(|user| user.id).collect(),
            users,
        };
        bench.send(Event::RosterRead {
            request,
            result: Ok(roster),
        });
        let Some(Effect::LookUp { request, addresses }) =
            bench.take(|effect| matches!(effect, Effect::LookUp { .. }))
        else {
            panic!("then the directory is asked")
        };
        let people = addresses.iter().map(|address| DirectoryUser {
            id: TeamsUserId::new(&format!("t-{address}")),
            primary: Some(address.clone()),
            mail: None,
            aliases: vec![],
            principal: None,
            enabled: true,
            guest: false,
        });
        bench.send(Event::LookedUp {
            request,
            result: Ok(people.collect()),
        });
        bench
    }

    fn send(&mut self, event: Event) {
        let effects = self.engine.handle(event, self.now);
        self.open.extend(
            effects
                .into_iter()
                .filter(|effect| !matches!(effect, Effect::Report(_))),
        );
    }

    fn pass(&mut self, time: Duration) {
        self.now.uptime += time;
        self.now.wall += time;
        self.send(Event::Tick);
    }

    fn take(&mut self, which: impl Fn(&Effect) -> bool) -> Option<Effect> {
        let position = self.open.iter().position(which)?;
        Some(self.open.remove(position))
    }

    fn is_open(&self, which: impl Fn(&Effect) -> bool) -> bool {
        self.open.iter().any(which)
    }

    fn sweep(&mut self) -> RequestId {
        self.pass(Duration::from_secs(2));
        match self.take(|effect| matches!(effect, Effect::ReadPresences { .. })) {
            Some(Effect::ReadPresences { request, .. }) => request,
            _ => panic!("a sweep is due every two seconds"),
        }
    }

    fn says(&mut self, request: RequestId, text: &str) {
        self.send(Event::PresencesRead {
            request,
            result: Ok(vec![presence(text)]),
        });
    }

    /// Answers whatever is open, in order, until nothing is: DND is off everywhere.
    fn answer_everything(&mut self, text: &str) {
        while !self.open.is_empty() {
            match self.open.remove(0) {
                Effect::ReadPresences { request, ids } => {
                    let result = Ok(ids.iter().map(|_| presence(text)).collect());
                    self.send(Event::PresencesRead { request, result });
                }
                Effect::ReadDnd { request, .. } => self.send(Event::DndRead {
                    request,
                    result: Ok(false),
                }),
                Effect::Commit { request, .. } => self.send(Event::Committed {
                    request,
                    result: Ok(vec![]),
                }),
                Effect::ReadChat { request, users } => self.send(Event::ChatRead {
                    request,
                    result: Ok(users
                        .iter()
                        .map(|user| (*user, ChatPresence::Available))
                        .collect()),
                }),
                Effect::Write {
                    request,
                    write: Write { from, .. },
                } => {
                    self.send(Event::Written {
                        request,
                        result: Ok(Written::Applied { before: from }),
                    });
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
    }

    fn read_off(&mut self) {
        let Some(Effect::ReadDnd { request, .. }) =
            self.take(|effect| matches!(effect, Effect::ReadDnd { .. }))
        else {
            panic!("the PBX is read before a write is intended: {:?}", self.open)
        };
        self.send(Event::DndRead {
            request,
            result: Ok(false),
        });
    }

    fn commit(&mut self) -> Option<usize> {
        match self.take(|effect| matches!(effect, Effect::Commit { .. }))? {
            Effect::Commit { request, commit } => {
                self.send(Event::Committed {
                    request,
                    result: Ok(vec![]),
                });
                Some(commit.upsert.len())
            }
            _ => None,
        }
    }
}

const fn is_write(effect: &Effect) -> bool {
    matches!(effect, Effect::Write { .. })
}

#[test]
fn nothing_is_written_before_its_intent_is_durable() {
    let mut bench = Bench::in_line(1);
    let request = bench.sweep();
    bench.says(request, "Busy/InACall");
    bench.read_off();
    assert!(!bench.is_open(is_write));
    let Some(Effect::Commit { commit, .. }) = bench
        .open
        .iter()
        .find(|effect| matches!(effect, Effect::Commit { .. }))
    else {
        panic!("the intent is stored")
    };
    let intent = commit.upsert[0].dnd.intent.as_ref().unwrap();
    assert_eq!((intent.before, intent.to), (Value::Dnd(false), Value::Dnd(true)));
    bench.commit();
    assert!(bench.is_open(is_write));
}

#[test]
fn where_the_intent_cannot_be_stored_nothing_is_written() {
    let mut bench = Bench::in_line(1);
    let request = bench.sweep();
    bench.says(request, "Busy/InACall");
    bench.read_off();
    for _ in 0..20 {
        if let Some(Effect::Commit { request, .. }) =
            bench.take(|effect| matches!(effect, Effect::Commit { .. }))
        {
            let error = PortError::new(Fault::State, "store");
            bench.send(Event::Committed {
                request,
                result: Err(error),
            });
        }
        bench.pass(Duration::from_secs(1));
        assert!(!bench.is_open(is_write));
    }
    // What waited for so long is read again before it is written.
    bench.pass(Duration::from_secs(60));
    for _ in 0..5 {
        bench.commit();
        bench.pass(Duration::ZERO);
        if bench.is_open(|effect| matches!(effect, Effect::ReadDnd { .. })) {
            bench.read_off();
        }
    }
    assert!(bench.is_open(is_write), "{:?}", bench.open);
}

#[test]
fn one_request_is_in_flight_per_chunk_and_its_answer_counts_once() {
    let mut bench = Bench::in_line(1);
    let older = bench.sweep();
    // One request in flight per chunk: while the first is under way, no second one starts.
    bench.pass(Duration::from_secs(2));
    assert!(!bench.is_open(|effect| matches!(effect, Effect::ReadPresences { .. })));
    bench.says(older, "Busy/InACall");
    bench.says(older, "Available/Available");
    bench.read_off();
    bench.commit();
    assert!(bench.is_open(is_write), "an answer counts once");
}

#[test]
fn an_older_answer_never_overrides_a_newer_one() {
    let mut bench = Bench::with(1, |settings| settings.roster_interval = Duration::from_secs(60));
    bench.pass(Duration::from_secs(60));
    let Some(Effect::ReadPresences { request: older, .. }) =
        bench.take(|effect| matches!(effect, Effect::ReadPresences { .. }))
    else {
        panic!("a sweep is due")
    };
    // While it is under way the group grows, and the members are asked for in another chunk.
    let Some(Effect::ReadRoster { request }) =
        bench.take(|effect| matches!(effect, Effect::ReadRoster { .. }))
    else {
        panic!("the roster is due")
    };
    let user = |id: i64| PbxUser {
        id: PbxUserId(id),
        login: Login(id.to_string().into()),
        name: String::new(),
        address: format!("u{id}@example.com").parse().ok(),
    };
    let users = vec![user(1), user(2)];
    let roster = PbxRoster {
        members: vec![PbxUserId(1), PbxUserId(2)],
        users,
    };
    bench.send(Event::RosterRead {
        request,
        result: Ok(roster),
    });
    let Some(Effect::LookUp { request, addresses }) =
        bench.take(|effect| matches!(effect, Effect::LookUp { .. }))
    else {
        panic!("the new address is looked up")
    };
    let newcomer = DirectoryUser {
        id: TeamsUserId::new("t-u2@example.com"),
        primary: addresses.first().cloned(),
        mail: None,
        aliases: vec![],
        principal: None,
        enabled: true,
        guest: false,
    };
    bench.send(Event::LookedUp {
        request,
        result: Ok(vec![newcomer]),
    });
    let newer = bench.sweep();
    let both = vec![presence("Busy/InACall"), presence("Available/Available")];
    bench.send(Event::PresencesRead {
        request: newer,
        result: Ok(both),
    });
    bench.says(older, "Away/Away");
    let first = bench.engine.member_views(bench.now).swap_remove(0);
    assert_eq!(first.presence, presence("Busy/InACall"));
}

#[test]
fn a_change_that_was_overtaken_before_it_was_sent_is_dropped() {
    let mut bench = Bench::in_line(1);
    let request = bench.sweep();
    bench.says(request, "Busy/InACall");
    bench.read_off();
    let request = bench.sweep();
    bench.says(request, "Available/Available");
    bench.commit();
    assert!(!bench.is_open(is_write));
    bench.answer_everything("Available/Available");
    assert_eq!(bench.engine.instance_view(bench.now).changes, 0);
    assert_eq!(bench.engine.instance_view(bench.now).owned, 0);
}

#[test]
fn a_transaction_changes_at_most_fifty_rows() {
    let mut bench = Bench::with(120, |settings| settings.pbx_concurrency = 1_000);
    let request = bench.sweep();
    let result = Ok((0..120).map(|_| presence("Busy/InACall")).collect());
    bench.send(Event::PresencesRead { request, result });
    for _ in 0..120 {
        bench.read_off();
    }
    let mut stored = 0;
    while let Some(rows) = bench.commit() {
        assert!(rows <= 50);
        stored += rows;
    }
    assert_eq!(stored, 120);
    assert_eq!(bench.open.iter().filter(|effect| is_write(effect)).count(), 120);
}

#[test]
fn requests_to_the_pbx_keep_to_the_concurrency() {
    let mut bench = Bench::with(20, |settings| settings.pbx_concurrency = 3);
    let request = bench.sweep();
    let result = Ok((0..20).map(|_| presence("Busy/InACall")).collect());
    bench.send(Event::PresencesRead { request, result });
    let mut written = BTreeSet::new();
    for _ in 0..400 {
        let to_pbx = |effect: &&Effect| matches!(effect, Effect::ReadDnd { .. } | Effect::Write { .. });
        assert!(bench.open.iter().filter(to_pbx).count() <= 3);
        if bench.commit().is_some() {
            continue;
        }
        match bench.take(|effect| matches!(effect, Effect::ReadDnd { .. } | Effect::Write { .. })) {
            Some(Effect::ReadDnd { request, .. }) => bench.send(Event::DndRead {
                request,
                result: Ok(false),
            }),
            Some(Effect::Write { request, write }) => {
                assert!(written.insert(write.user));
                bench.send(Event::Written {
                    request,
                    result: Ok(Written::Applied { before: write.from }),
                });
            }
            _ => break,
        }
    }
    assert_eq!(written.len(), 20);
}

#[test]
fn where_the_pbx_is_slow_a_phone_goes_before_a_word_in_the_chat() {
    let mut bench = Bench::with(40, |settings| {
        settings.pbx_concurrency = 1;
        settings.chat = true;
    });
    let request = bench.sweep();
    let result = Ok((0..40).map(|_| presence("Busy/InACall")).collect());
    bench.send(Event::PresencesRead { request, result });
    let mut order = Vec::new();
    while order.len() < 80 {
        let Some(effect) = bench.take(|effect| !matches!(effect, Effect::ReadPresences { .. })) else {
            panic!("{} of 80 are written", order.len())
        };
        match effect {
            Effect::Commit { request, .. } => bench.send(Event::Committed {
                request,
                result: Ok(vec![]),
            }),
            Effect::ReadDnd { request, .. } => bench.send(Event::DndRead {
                request,
                result: Ok(false),
            }),
            Effect::ReadChat { request, users } => bench.send(Event::ChatRead {
                request,
                result: Ok(users
                    .iter()
                    .map(|user| (*user, ChatPresence::Available))
                    .collect()),
            }),
            Effect::Write { request, write } => {
                order.push(write.to.field());
                bench.send(Event::Written {
                    request,
                    result: Ok(Written::Applied { before: write.from }),
                });
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }
    let first_chat = order.iter().position(|field| *field == Field::Chat);
    // A write of the chat may slip in while an intent for DND is being stored, not a backlog of them.
    assert!(
        order[..40].iter().filter(|field| **field == Field::Chat).count() <= 2,
        "{first_chat:?} {order:?}"
    );
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut bench = Bench::in_line(1);
    let before = bench.engine.instance_view(bench.now);
    for request in [RequestId(0), RequestId(1), RequestId(9_999)] {
        bench.send(Event::Written {
            request,
            result: Ok(Written::AlreadyEqual),
        });
        bench.send(Event::DndRead {
            request,
            result: Ok(true),
        });
        bench.send(Event::Committed {
            request,
            result: Ok(vec![PbxUserId(1)]),
        });
        bench.send(Event::PresencesRead {
            request,
            result: Ok(vec![presence("Busy/InACall")]),
        });
    }
    assert_eq!(bench.engine.instance_view(bench.now), before);
    assert!(bench.open.is_empty());
}

#[test]
fn chunks_are_spread_over_the_interval() {
    let mut bench = Bench::with(651, |settings| settings.poll_interval = Duration::from_secs(10));
    bench.pass(Duration::from_secs(1));
    bench.answer_everything("Available/Available");
    let mut starts: Vec<i64> = Vec::new();
    for step in 0..400 {
        bench.pass(Duration::from_millis(50));
        if bench.is_open(|effect| matches!(effect, Effect::ReadPresences { .. })) {
            starts.push(step * 50);
        }
        bench.answer_everything("Available/Available");
    }
    assert_eq!(starts.len(), 4, "{starts:?}");
    assert!(
        starts
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).abs_diff(5_000) <= 50),
        "{starts:?}"
    );
}

#[test]
fn in_the_first_sweep_a_slow_chunk_does_not_make_the_others_be_asked_more_often() {
    let mut bench = Bench::joined(2, |settings| settings.chunk = 1);
    let first = |effect: &Effect| matches!(effect, Effect::ReadPresences { ids, .. } if ids[0].as_str() == "t-u1@example.com");
    let mut asked = 0;
    for _ in 0..30 {
        bench.pass(Duration::from_millis(50));
        while let Some(Effect::ReadPresences { request, .. }) =
            bench.take(|effect| matches!(effect, Effect::ReadPresences { .. }) && !first(effect))
        {
            asked += 1;
            bench.says(request, "Available/Available");
        }
    }
    assert!(bench.is_open(first), "the first chunk is not answered");
    assert_eq!(asked, 1, "the second one was, less than an interval ago");
}

#[test]
fn a_write_for_a_user_who_is_not_there_is_not_looked_for() {
    let mut bench = Bench::in_line(1);
    let request = bench.sweep();
    bench.says(request, "Busy/InACall");
    bench.read_off();
    bench.commit();
    let Some(Effect::Write { request, .. }) = bench.take(is_write) else {
        panic!("the write starts: {:?}", bench.open)
    };
    let error = PortError::new(Fault::NotFound, "write");
    bench.send(Event::Written {
        request,
        result: Err(error),
    });
    bench.commit();
    bench.pass(Duration::from_secs(5));
    let Some(Effect::ReadDnd { request, .. }) = bench.take(|effect| matches!(effect, Effect::ReadDnd { .. }))
    else {
        panic!("it is read again: {:?}", bench.open)
    };
    bench.send(Event::DndRead {
        request,
        result: Ok(true),
    });
    let members = bench.engine.member_views(bench.now);
    assert_eq!(
        members[0].dnd.owner,
        OwnerView::Others,
        "somebody else turned it on"
    );
}

#[test]
fn a_drain_starts_nothing_and_ends_when_everything_is_answered() {
    let mut bench = Bench::in_line(2);
    let request = bench.sweep();
    bench.send(Event::PresencesRead {
        request,
        result: Ok(vec![presence("Busy/InACall"), presence("Busy/InACall")]),
    });
    bench.read_off();
    bench.send(Event::Drain);
    assert!(!bench.engine.is_drained());
    bench.answer_everything("Busy/InACall");
    assert!(bench.engine.is_drained());
    assert_eq!(
        bench.engine.instance_view(bench.now).changes,
        0,
        "no write was started"
    );
    assert_eq!(bench.engine.next_wake(bench.now), None);
}
