//! Properties of the planner and the checker over arbitrary situations.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use presence_mapping::{DndOutcome, Presence};
use proptest::prelude::*;
use sync_core::{
    Address, Breaker, ChatPresence, Context, Facts, Field, FieldRecord, InstanceName, Intent, LedgerRow,
    Login, Look, Moment, Ours, PbxName, PbxUserId, Plan, Policy, Proposal, Reading, Settings, Settled,
    Situation, Standing, Subject, TeamsUserId, Value, check, propose,
};

const NOW: Moment = Moment {
    wall: Timestamp::UNIX_EPOCH,
    uptime: Duration::from_secs(10_000),
};

#[derive(Clone, Debug)]
struct Person {
    address: Option<Address>,
    standing: Option<Standing>,
    row: LedgerRow,
    presence: Option<Presence>,
    unknown_for: Option<Duration>,
    outcome_for: Duration,
    dnd: Option<Reading>,
    chat: Option<Reading>,
}

impl Person {
    fn subject(&self) -> Subject<'_> {
        Subject {
            user: self.row.user,
            address: self.address.as_ref(),
            standing: self.standing.as_ref(),
            row: &self.row,
            presence: self.presence.as_ref(),
            unknown_for: self.unknown_for,
            dnd_outcome_for: self.outcome_for,
            dnd: self.dnd,
            chat: self.chat,
            paused: false,
            stopped: false,
            busy: [false; 2],
        }
    }

    fn reading(&mut self, field: Field) -> &mut Option<Reading> {
        match field {
            Field::Dnd => &mut self.dnd,
            Field::Chat => &mut self.chat,
        }
    }

    fn synchronised(&self) -> bool {
        matches!(self.standing, Some(Standing::Matched { .. }))
    }
}

fn dnd() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(Value::Dnd)
}

fn chat() -> impl Strategy<Value = Value> {
    use ChatPresence::{Available, Away, DoNotDisturb, ExtendedAway, Other, Unavailable};
    prop::sample::select(vec![
        Available,
        Away,
        DoNotDisturb,
        ExtendedAway,
        Unavailable,
        Other,
    ])
    .prop_map(Value::Chat)
}

fn record(value: BoxedStrategy<Value>, ours: BoxedStrategy<Value>) -> impl Strategy<Value = FieldRecord> {
    let settled = prop_oneof![
        Just(Settled::Never),
        value.clone().prop_map(Settled::At),
        value.clone().prop_map(Settled::Released),
    ];
    let ours = prop::option::of((ours, value.clone())).prop_map(|ours| {
        ours.map(|(value, before)| Ours {
            value,
            before,
            since: Timestamp::UNIX_EPOCH,
        })
    });
    let intent = prop::option::weighted(0.2, (value.clone(), value)).prop_map(|intent| {
        let intent = intent.filter(|(to, before)| to != before);
        intent.map(|(to, before)| Intent {
            to,
            before,
            release: false,
            at: Timestamp::UNIX_EPOCH,
            rule: None,
        })
    });
    (settled, intent, ours).prop_map(|(settled, intent, ours)| FieldRecord {
        settled,
        intent: intent.map(Box::new),
        ours,
        ..FieldRecord::default()
    })
}

/// A reading agrees with what the record knows: the engine tells the record of every reading first.
fn reading(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Reading>> {
    prop::option::of((value, any::<bool>()).prop_map(|(value, fresh)| Reading { value, fresh }))
}

fn presence() -> impl Strategy<Value = Presence> {
    prop::sample::select(vec![
        "Available/Available",
        "Busy/InACall",
        "Busy/Busy",
        "Busy/Something",
        "DoNotDisturb/Presenting",
        "Away/Away",
        "Offline/OffWork",
        "Nonsense/Nonsense",
        "BeRightBack/BeRightBack",
    ])
    .prop_map(|text| text.parse().unwrap())
}

fn standing() -> impl Strategy<Value = Option<Standing>> {
    let matched = Standing::Matched {
        teams_user: TeamsUserId::new("t"),
    };
    prop_oneof![
        6 => Just(Some(matched)),
        1 => Just(None),
        1 => Just(Some(Standing::NoAddress)),
        1 => Just(Some(Standing::NoTeamsUser)),
        1 => Just(Some(Standing::Ambiguous { candidates: vec![], rivals: vec![] })),
        1 => Just(Some(Standing::Unresolved)),
        1 => Just(Some(Standing::Excluded)),
        1 => Just(Some(Standing::OtherInstance)),
    ]
}

prop_compose! {
    fn person()(
        standing in standing(),
        dnd_record in record(dnd().boxed(), Just(Value::Dnd(true)).boxed()),
        chat_record in record(chat().boxed(), chat().boxed()),
        presence in prop::option::of(presence()),
        unknown in prop::option::weighted(0.3, 0_u64..2_000),
        outcome_for in 0_u64..100,
        dnd in reading(dnd()),
        chat in reading(chat()),
    ) -> Person {
        let mut row = LedgerRow::new(PbxUserId(0), Login("1".into()));
        row.dnd = dnd_record;
        row.chat = chat_record;
        let mut person = Person {
            address: "a@example.com".parse().ok(),
            standing, row,
            // Whoever is not joined to a Teams user has no presence, and nobody knows for how long that is so.
            presence,
            unknown_for: unknown.map(Duration::from_secs),
            outcome_for: Duration::from_secs(outcome_for),
            dnd, chat,
        };
        if !person.synchronised() {
            person.presence = None;
            person.unknown_for.get_or_insert(Duration::ZERO);
        }
        if person.presence.as_ref().is_none_or(Presence::is_unknown) {
            person.unknown_for.get_or_insert(Duration::ZERO);
        }
        for field in Field::ALL {
            let reading = *person.reading(field);
            if let Some(reading) = reading.filter(|reading| reading.fresh) {
                person.row.field_mut(field).observed(reading.value, Look::at(Timestamp::UNIX_EPOCH));
            }
        }
        person
    }
}

prop_compose! {
    fn people()(mut people in prop::collection::vec(person(), 1..6)) -> Vec<Person> {
        for (person, id) in people.iter_mut().zip(1..) {
            person.row.user = PbxUserId(id);
        }
        people
    }
}

fn settings(policy: Policy) -> Settings {
    let mut settings = Settings::new(InstanceName("main".into()), PbxName("pbx".into()));
    settings.policy = policy;
    settings
}

fn policy() -> impl Strategy<Value = Policy> {
    prop::sample::select(vec![Policy::LastChangeWins, Policy::TeamsLeads, Policy::OwnOnly])
}

fn situation() -> impl Strategy<Value = Situation> {
    prop_oneof![
        4 => Just(Situation::Working),
        1 => Just(Situation::Waiting),
        1 => Just(Situation::Unlicensed),
        1 => Just(Situation::Paused),
        1 => Just(Situation::Releasing),
    ]
}

fn planned(people: &[Person], settings: &Settings, situation: Situation) -> Proposal {
    propose(
        settings,
        situation,
        NOW,
        people.len(),
        people.iter().map(Person::subject),
    )
}

fn checked(plan: Plan, people: &[Person], policy: Policy, breaker: Breaker) -> sync_core::Checked {
    let context = Context {
        policy,
        breaker,
        matched: people.len(),
        elsewhere: &BTreeSet::new(),
        now: NOW,
    };
    check(plan, &context, |user| {
        people
            .iter()
            .find(|person| person.row.user == user)
            .map(|person| Facts {
                synchronised: person.synchronised(),
                presence_known: person.presence.is_some() && person.unknown_for.is_none(),
                dnd_outcome_for: person.outcome_for,
                approved: None,
                row: &person.row,
            })
    })
}

/// What the engine does with a proposal when every request succeeds: reads what has to be read, writes, remembers.
fn carry_out(people: &mut [Person], settings: &Settings, situation: Situation) -> usize {
    let mut writes = 0;
    for _ in 0..4 {
        let proposal = planned(people, settings, situation);
        for settlement in &proposal.settlements {
            let person = people
                .iter_mut()
                .find(|person| person.row.user == settlement.user)
                .unwrap();
            match settlement.settled {
                Some(settled) => person.row.field_mut(settlement.field).settle(settled),
                None => person.row.field_mut(settlement.field).disown(),
            }
        }
        for change in &proposal.plan.changes {
            let person = people
                .iter_mut()
                .find(|person| person.row.user == change.pbx_user)
                .unwrap();
            let truth = person.reading(change.field).map_or(
                match change.field {
                    Field::Dnd => Value::Dnd(false),
                    Field::Chat => Value::Chat(ChatPresence::Available),
                },
                |reading| reading.value,
            );
            let (value, record) = match change.from {
                None => {
                    person
                        .row
                        .field_mut(change.field)
                        .observed(truth, Look::at(NOW.wall));
                    (truth, None)
                }
                Some(from) => {
                    writes += 1;
                    (change.to, Some(from))
                }
            };
            if let Some(from) = record {
                let record = person.row.field_mut(change.field);
                record.intend(Intent {
                    to: change.to,
                    before: from,
                    release: change.release,
                    at: NOW.wall,
                    rule: None,
                });
                record.confirm(from, NOW.wall);
            }
            *person.reading(change.field) = Some(Reading { value, fresh: true });
        }
    }
    writes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_same_input_gives_the_same_plan(people in people(), policy in policy(), situation in situation()) {
        let settings = settings(policy);
        prop_assert_eq!(planned(&people, &settings, situation), planned(&people, &settings, situation));
    }

    #[test]
    fn a_plan_carried_out_leaves_an_empty_plan(people in people(), policy in policy(), situation in situation()) {
        let settings = settings(policy);
        let mut people = people;
        carry_out(&mut people, &settings, situation);
        let again = planned(&people, &settings, situation);
        prop_assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
        prop_assert!(again.settlements.is_empty());
    }

    #[test]
    fn a_field_is_written_at_most_once_for_one_situation(people in people(), policy in policy(), situation in situation()) {
        let settings = settings(policy);
        let mut people = people;
        let most = people.len() * 2;
        prop_assert!(carry_out(&mut people, &settings, situation) <= most);
    }

    #[test]
    fn nobody_outside_the_roster_is_touched_but_to_take_back_what_is_ours(
        people in people(), policy in policy(), situation in situation(),
    ) {
        let proposal = planned(&people, &settings(policy), situation);
        for change in &proposal.plan.changes {
            let person = people.iter().find(|person| person.row.user == change.pbx_user).unwrap();
            let record = person.row.field(change.field);
            prop_assert!(person.synchronised() || record.ours.is_some() || record.intent.is_some());
            if change.from.is_some() && !person.synchronised() {
                prop_assert!(change.release);
            }
        }
    }

    #[test]
    fn leave_never_writes(people in people(), policy in policy()) {
        let settings = settings(policy);
        let proposal = planned(&people, &settings, Situation::Working);
        for change in proposal.plan.changes.iter().filter(|change| change.field == Field::Dnd && change.from.is_some()) {
            let person = people.iter().find(|person| person.row.user == change.pbx_user).unwrap();
            let leaves = person.presence.as_ref().is_some_and(|presence| {
                settings.rules.decide(presence).outcome.dnd == DndOutcome::Leave
            });
            prop_assert!(change.release || !leaves);
        }
    }

    #[test]
    fn own_only_never_turns_off_what_it_did_not_turn_on(people in people(), situation in situation()) {
        let proposal = planned(&people, &settings(Policy::OwnOnly), situation);
        for change in proposal.plan.changes.iter().filter(|change| change.from == Some(Value::Dnd(true))) {
            let person = people.iter().find(|person| person.row.user == change.pbx_user).unwrap();
            prop_assert_eq!(person.row.dnd.ours.map(|ours| ours.value), Some(Value::Dnd(true)));
        }
    }

    #[test]
    fn a_release_silences_nobody(people in people(), policy in policy()) {
        let proposal = planned(&people, &settings(policy), Situation::Releasing);
        prop_assert!(proposal.plan.changes.iter().all(|change| change.from.is_none() || !change.to.silences()));
    }

    #[test]
    fn the_checker_finds_nothing_in_what_the_planner_proposes(people in people(), policy in policy(), situation in situation()) {
        let proposal = planned(&people, &settings(policy), situation);
        let checked = checked(proposal.plan, &people, policy, Breaker::default());
        prop_assert_eq!(checked.violations, vec![]);
    }

    #[test]
    fn what_the_breaker_holds_and_lets_pass_is_the_whole_plan(people in people(), policy in policy()) {
        let breaker = Breaker { share: 0.2, at_least: 1, confirm_for: Duration::from_secs(50) };
        let proposal = planned(&people, &settings(policy), Situation::Working);
        let mut before: Vec<_> = proposal.plan.changes.clone();
        let plan = checked(proposal.plan, &people, policy, breaker).plan;
        let mut after: Vec<_> = plan.changes.iter().cloned().chain(plan.held.iter().map(|held| held.change.clone())).collect();
        before.sort_by_key(|change| (change.pbx_user, change.field));
        after.sort_by_key(|change| (change.pbx_user, change.field));
        prop_assert_eq!(before, after);
        for held in &plan.held {
            let person = people.iter().find(|person| person.row.user == held.change.pbx_user).unwrap();
            prop_assert!(person.outcome_for < breaker.confirm_for, "an outcome seen long enough passes");
            prop_assert!(!held.change.release, "a release passes");
        }
    }
}

/// The checker is worth something only if it objects: each promise is broken once by hand.
#[test]
fn each_broken_promise_is_found() {
    use sync_core::{Because, Change, Promise};

    let person = |standing, presence: &str| {
        let row = LedgerRow::new(PbxUserId(1), Login("1".into()));
        let presence = presence.parse().ok();
        Person {
            address: None,
            standing,
            row,
            presence,
            unknown_for: None,
            outcome_for: Duration::ZERO,
            dnd: None,
            chat: None,
        }
    };
    let member = || {
        person(
            Some(Standing::Matched {
                teams_user: TeamsUserId::new("t"),
            }),
            "Available/Available",
        )
    };
    let change = |from: bool, to: Value, release| Change {
        address: None,
        pbx_user: PbxUserId(1),
        field: Field::Dnd,
        from: Some(Value::Dnd(from)),
        to,
        because: Because {
            presence: "".into(),
            rule: "".into(),
        },
        release,
    };
    let (on, off) = (Value::Dnd(true), Value::Dnd(false));
    let unknown = Person {
        unknown_for: Some(Duration::ZERO),
        ..member()
    };
    let cases = [
        (
            member(),
            vec![change(false, on, false), change(false, on, false)],
            Promise::OneChangePerField,
        ),
        (member(), vec![change(true, on, false)], Promise::ChangesSomething),
        (
            member(),
            vec![change(false, Value::Chat(ChatPresence::Away), false)],
            Promise::ChangesSomething,
        ),
        (
            person(Some(Standing::Excluded), "Busy/InACall"),
            vec![change(false, on, false)],
            Promise::OnlyMembers,
        ),
        (
            person(None, "Busy/InACall"),
            vec![change(false, on, false)],
            Promise::OnlyMembers,
        ),
        (
            unknown,
            vec![change(false, on, false)],
            Promise::OnlyKnownPresence,
        ),
        (
            member(),
            vec![change(true, off, true)],
            Promise::OnlyOursIsTakenBack,
        ),
        (member(), vec![change(true, off, false)], Promise::HumansDndStands),
    ];
    for (person, changes, promise) in cases {
        let plan = Plan::new(InstanceName("main".into()), NOW.wall, 1, changes, vec![], vec![]);
        let checked = checked(plan, &[person], Policy::OwnOnly, Breaker::default());
        assert_eq!(checked.violations.len(), 1, "{promise:?}");
        assert_eq!(checked.violations[0].promise, promise);
    }
}
