//! Counting seats, in an order of our own: what a slow or failing ledger must not bring about.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use licensing::{Demand, Licence, OperatingMode, SigningKey, Terms};
use sync_core::{
    Breaker, DirectoryUser, Effect, Engine, Event, Fault, Holding, InstanceName, Login, Memory, Moment,
    PbxName, PbxRoster, PbxUser, PbxUserId, PortError, Seats, Settings, TeamsUserId,
};

fn licence(number: &str, seats: u32) -> Holding {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    let terms = Terms {
        number: number.parse().expect("a name"),
        issuer: None,
        customer: "Example GmbH".parse().expect("a name"),
        mode: OperatingMode::PresenceSync,
        seats,
        issued: at("1970-01-01T00:00:00Z"),
        from: at("1970-01-01T00:00:00Z"),
        until: at("1980-01-01T00:00:00Z"),
        grace_days: 0,
        pbx: None,
    };
    let key = SigningKey::from_seed(&[1; 32]).expect("a key");
    let issuers = [key.public().clone()].into_iter().collect();
    let text = key.issue(&terms).expect("good terms");
    Holding::Verified(Arc::new(
        Licence::verified(text.as_bytes(), &issuers).expect("verified"),
    ))
}

/// An engine whose requests are answered by hand.
struct Bench {
    engine: Engine,
    now: Moment,
    open: Vec<Effect>,
}

impl Bench {
    fn new(members: i64, seats: u32) -> Self {
        let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx".into()));
        settings.chat = false;
        settings.readback_interval = Duration::ZERO;
        settings.breaker = Breaker {
            at_least: 1_000_000,
            ..Breaker::default()
        };
        settings.licence = Some(Demand {
            mode: OperatingMode::PresenceSync,
            pbx: vec!["pbx".to_owned()],
        });
        let now = Moment {
            wall: Timestamp::UNIX_EPOCH,
            uptime: Duration::from_secs(1),
        };
        let mut bench = Self {
            engine: Engine::new(settings, Memory::default(), now, 1),
            now,
            open: Vec::new(),
        };
        bench.send(Event::Licence(licence("1", seats)));
        bench.roster(members);
        bench
    }

    fn send(&mut self, event: Event) {
        self.open.extend(self.engine.handle(event, self.now));
        // Everybody is in a call, and whatever is asked of directory and presence is answered at once.
        while let Some(event) = self.prompt_answer() {
            self.open.extend(self.engine.handle(event, self.now));
        }
    }

    fn prompt_answer(&mut self) -> Option<Event> {
        let prompt = |effect: &Effect| matches!(effect, Effect::LookUp { .. } | Effect::ReadPresences { .. });
        let at = self.open.iter().position(prompt)?;
        Some(match self.open.remove(at) {
            Effect::LookUp { request, addresses } => {
                let people = addresses.iter().map(|address| DirectoryUser {
                    id: TeamsUserId::new(&format!("t-{address}")),
                    primary: Some(address.clone()),
                    mail: None,
                    aliases: vec![],
                    principal: None,
                    enabled: true,
                    guest: false,
                });
                Event::LookedUp {
                    request,
                    result: Ok(people.collect()),
                }
            }
            Effect::ReadPresences { request, ids } => Event::PresencesRead {
                request,
                result: Ok(ids.iter().map(|_| "Busy/InACall".parse().ok()).collect()),
            },
            other => panic!("{other:?}"),
        })
    }

    fn wait(&mut self, seconds: u64) {
        let time = Duration::from_secs(seconds);
        self.now.uptime += time;
        self.now.wall += time;
        self.send(Event::Tick);
    }

    /// Answers the reading of the group, which has so many members.
    fn roster(&mut self, members: i64) {
        self.send(Event::Tick);
        let at = self
            .open
            .iter()
            .position(|effect| matches!(effect, Effect::ReadRoster { .. }));
        let Effect::ReadRoster { request } = self.open.remove(at.expect("the group is read")) else {
            return;
        };
        let users: Vec<PbxUser> = (1..=members)
            .map(|id| PbxUser {
                id: PbxUserId(id),
                login: Login(id.to_string().into()),
                name: String::new(),
                address: format!("u{id}@example.com").parse().ok(),
            })
            .collect();
        let members = users.iter().map(|user| user.id).collect();
        let result = Ok(PbxRoster { members, users });
        self.send(Event::RosterRead { request, result });
    }

    /// Whether the seats are being counted, for whom and by which licence.
    fn count(&self) -> Option<(usize, String)> {
        self.open.iter().find_map(|effect| match effect {
            Effect::TakeSeats { claim, .. } => Some((claim.users.len(), claim.licence.clone())),
            _ => None,
        })
    }

    /// Answers the count that is under way.
    fn counted(&mut self, result: Result<usize, ()>) {
        let at = self
            .open
            .iter()
            .position(|effect| matches!(effect, Effect::TakeSeats { .. }));
        let Effect::TakeSeats { request, claim } = self.open.remove(at.expect("seats are being counted"))
        else {
            return;
        };
        let result = result.map_err(|()| PortError::new(Fault::State, "count the seats"));
        let result = result.map(|taken| Seats {
            taken,
            latest: claim.at,
        });
        self.send(Event::SeatsTaken { request, result });
    }

    /// Whether anybody is to be written: the PBX is read for nothing else here.
    fn works(&self) -> bool {
        self.open
            .iter()
            .any(|effect| matches!(effect, Effect::ReadDnd { .. }))
    }
}

#[test]
fn nobody_is_set_before_the_seats_were_counted() {
    let mut bench = Bench::new(2, 5);
    assert_eq!(bench.count().map(|(users, _)| users), Some(2));
    bench.wait(30);
    assert!(!bench.works());
    bench.counted(Ok(2));
    assert!(bench.works());
}

#[test]
fn a_count_that_failed_is_made_again_and_nobody_is_set_until_then() {
    let mut bench = Bench::new(2, 5);
    bench.counted(Err(()));
    assert_eq!(bench.count(), None, "the ledger's link waits");
    assert!(!bench.works());
    bench.wait(120);
    bench.counted(Ok(2));
    assert!(bench.works());
}

#[test]
fn whoever_joins_while_others_may_have_the_seats_waits_for_the_count() {
    let mut bench = Bench::new(2, 5);
    bench.counted(Ok(4));
    bench
        .open
        .retain(|effect| !matches!(effect, Effect::ReadDnd { .. }));
    bench.wait(60);
    bench.roster(4);
    bench.wait(5);
    // Four were counted and two joined: six may be too many for five seats.
    assert!(!bench.works());
    bench.counted(Err(()));
    bench.wait(10);
    assert!(!bench.works(), "a count that failed counts nobody");
    bench.wait(120);
    bench.counted(Ok(5));
    assert!(bench.works());
}

#[test]
fn whoever_joins_where_there_is_room_anyway_waits_for_nothing() {
    let mut bench = Bench::new(2, 50);
    bench.counted(Ok(2));
    bench
        .open
        .retain(|effect| !matches!(effect, Effect::ReadDnd { .. }));
    bench.wait(60);
    bench.roster(4);
    bench.wait(5);
    assert!(bench.count().is_some(), "they are counted all the same");
    assert!(bench.works());
}

#[test]
fn a_count_of_another_licence_says_nothing() {
    let mut bench = Bench::new(2, 5);
    let first = bench.count();
    bench.send(Event::Licence(licence("2", 5)));
    bench.counted(Ok(2));
    assert!(!bench.works());
    assert_ne!(bench.count(), first, "the other licence is counted by itself");
    bench.counted(Ok(2));
    assert!(bench.works());
}

#[test]
fn a_count_is_forgotten_with_its_licence() {
    let mut bench = Bench::new(2, 5);
    bench.counted(Ok(2));
    bench
        .open
        .retain(|effect| !matches!(effect, Effect::ReadDnd { .. }));
    bench.send(Event::Licence(licence("2", 2)));
    bench.counted(Ok(9));
    let view = bench.engine.instance_view(bench.now);
    let shut = view
        .licence
        .and_then(|licence| licence.shut)
        .expect("nine are too many for two");
    assert_eq!((shut.needed, shut.licensed), (Some(9), Some(2)));
}
