//! The seat gate, on paused time: a licence that does not cover the whole group synchronises nobody, and what is ours is
//! taken back.

use std::sync::Arc;

use jiff::Timestamp;
use licensing::{Demand, Issuers, Licence, OperatingMode, Refusal, SigningKey, Terms};
use sync_core::{Fault, Health, Holding, InstanceName, Mode, PbxName, Plan, PortError, Value};

use crate::support::{World, presence, seconds};

const ON: Value = Value::Dnd(true);
const DAY: i64 = 24 * 60 * 60;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A licence of one year around the time at which a world begins.
fn terms(number: &str, seats: u32) -> Terms {
    Terms {
        number: number.parse().unwrap(),
        issuer: None,
        customer: "Example GmbH".parse().unwrap(),
        mode: OperatingMode::PresenceSync,
        seats,
        issued: time("2026-01-01T00:00:00Z"),
        from: time("2026-01-01T00:00:00Z"),
        until: time("2027-06-01T00:00:00Z"),
        grace_days: 0,
        pbx: None,
    }
}

fn issued(terms: &Terms) -> Holding {
    let key = SigningKey::from_seed(&[1; 32]).unwrap();
    let issuers: Issuers = [key.public().clone()].into_iter().collect();
    let text = key.issue(terms).unwrap();
    Holding::Verified(Arc::new(Licence::verified(text.as_bytes(), &issuers).unwrap()))
}

fn unusable() -> Holding {
    Holding::Unusable(Licence::verified(b"scribble", &Issuers::none()).unwrap_err())
}

/// People of whom the first is in a call, with a licence for so many seats.
fn licensed(people: i64, seats: u32) -> World {
    let mut world = World::with(people);
    world.settings.licence = Some(Demand {
        mode: OperatingMode::PresenceSync,
        pbx: vec!["pbx.example".to_owned(), "pbx.example:443".to_owned()],
    });
    world.licence = Some(issued(&terms("1", seats)));
    world.teams_says(1, "Busy/InACall");
    world
}

async fn shut_for(world: &World, reason: &str) -> Plan {
    let plan = world.plan().await;
    let gate = plan
        .gate
        .as_ref()
        .unwrap_or_else(|| panic!("{reason}: {:?}", world.reports()));
    assert_eq!(gate.reason, reason, "{}", gate.message);
    assert_eq!((plan.changes.len(), plan.held.len()), (0, 0));
    let view = world.view().await;
    assert_eq!(view.readiness.state, Health::NotReady);
    assert!(
        view.readiness
            .reasons
            .iter()
            .any(|said| said.contains(&gate.message)),
        "{:?}",
        view.readiness
    );
    plan
}

#[tokio::test(start_paused = true)]
async fn a_licence_that_covers_the_group_lets_everything_pass() {
    let mut world = licensed(3, 3);
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
    let view = world.view().await;
    assert_eq!(view.readiness.state, Health::Ready);
    let licence = view.licence.unwrap();
    assert_eq!(
        (licence.gate.as_str(), licence.seats, licence.used),
        ("open", Some(3), Some(3))
    );
    assert!(world.plan().await.gate.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_the_word_about_a_licence_nothing_is_written() {
    let mut world = licensed(3, 3);
    world.licence = None;
    world.start().await;
    world.pass(seconds(300)).await;
    assert!(world.pbx.writes().is_empty());
    assert!(!world.view().await.settled);
}

#[tokio::test(start_paused = true)]
async fn each_insufficient_licence_shuts_the_gate_with_its_reason() {
    let with = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms("1", 3);
        change(&mut terms);
        issued(&terms)
    };
    let cases: [(&str, Holding, &str); 7] = [
        (
            "no-licence",
            Holding::Missing,
            "there is no licence (3 seats are needed)",
        ),
        ("not-a-licence", unusable(), "this is no licence"),
        (
            "too-few-seats",
            with(&|terms| terms.seats = 2),
            "it has 2 seats, and 3 are needed: 1 more",
        ),
        (
            "expired",
            with(&|terms| terms.until = time("2026-11-01T00:00:00Z")),
            "it expired at 2026-11-01T00:00:00Z",
        ),
        (
            "not-yet-valid",
            with(&|terms| terms.from = time("2027-01-01T00:00:00Z")),
            "it is not valid before 2027-01-01T00:00:00Z",
        ),
        (
            "other-pbx",
            with(&|terms| terms.pbx = Some("other.example".parse().unwrap())),
            "it is for the PBX `other.example`, and this one is `pbx.example`",
        ),
        (
            "wrong-mode",
            with(&|_| {}),
            "it is for the mode `presence-sync`, and `full-integration` is needed",
        ),
    ];
    for (reason, holding, message) in cases {
        let mut world = licensed(3, 3);
        if reason == "wrong-mode" {
            world.settings.licence.as_mut().unwrap().mode = OperatingMode::FullIntegration;
        }
        world.licence = Some(holding);
        world.start().await;
        world.pass(seconds(300)).await;
        assert!(world.pbx.writes().is_empty(), "{reason}");
        let plan = shut_for(&world, reason).await;
        let gate = plan.gate.unwrap();
        assert!(gate.message.contains(message), "{}", gate.message);
        assert_eq!(gate.needed, Some(3), "{reason}");
        assert_eq!(world.reports().len(), 1, "said once: {:?}", world.reports());
        assert!(world.reported("gate shut"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_outgrows_its_seats_shuts_the_gate_and_shrinking_opens_it() {
    let mut world = licensed(3, 3);
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
    world.pbx.add_user(4, "person4@example.com", true);
    world.tenant.add_person("four", "person4@example.com");
    world.tenant.set_presence("four", presence("Busy/InACall"));
    world.pass(seconds(70)).await;
    let gate = shut_for(&world, "too-few-seats").await.gate.unwrap();
    assert_eq!(
        (gate.needed, gate.licensed, gate.taking_back),
        (Some(4), Some(3), 0)
    );
    assert!(!world.dnd(1), "ours is taken back");
    assert!(
        world.pbx.writes().iter().all(|write| write.user.0 != 4),
        "whoever joined was never synchronised"
    );
    world.pbx.assign(4, false);
    world.pass(seconds(70)).await;
    assert!(world.dnd(1), "{:?}", world.reports());
    assert!(world.reported("gate opened"));
    assert_eq!(world.view().await.readiness.state, Health::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_shut_gate_takes_back_what_is_ours_and_leaves_a_humans_dnd() {
    let mut world = licensed(3, 3);
    world.start().await;
    world.settle().await;
    world.pbx.set_by_human(2, ON);
    world.handle().licence(Holding::Missing).await.unwrap();
    world.settle().await;
    assert!(!world.dnd(1));
    assert!(world.dnd(2));
    let writes = world.pbx.writes().len();
    world.teams_says(3, "Busy/InACall");
    world.pass(seconds(300)).await;
    assert_eq!(
        world.pbx.writes().len(),
        writes,
        "nothing is written while the gate is shut"
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_operator_wants_to_keep_values_a_shut_gate_keeps_them() {
    let mut world = licensed(2, 2);
    world.settings.release_on_stop = false;
    world.start().await;
    world.settle().await;
    let writes = world.pbx.writes().len();
    world.handle().licence(Holding::Missing).await.unwrap();
    world.pass(seconds(300)).await;
    assert!(world.dnd(1));
    assert_eq!(world.pbx.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn a_good_licence_opens_the_gate_without_a_restart() {
    let mut world = licensed(3, 3);
    world.licence = Some(Holding::Missing);
    world.start().await;
    world.settle().await;
    assert!(!world.dnd(1));
    world.handle().licence(issued(&terms("1", 3))).await.unwrap();
    world.settle().await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_licence_ends_and_begins_at_its_moment() {
    let mut world = licensed(1, 1);
    let mut short = terms("1", 1);
    short.from = time("2026-11-23T08:01:00Z");
    short.until = time("2026-11-23T08:02:00Z");
    world.licence = Some(issued(&short));
    world.settings.poll_interval = seconds(1_000);
    world.start().await;
    world.pass(seconds(59)).await;
    shut_for(&world, "not-yet-valid").await;
    assert!(!world.dnd(1));
    world.pass(seconds(2)).await;
    assert!(world.dnd(1), "{:?}", world.reports());
    world.pass(seconds(58)).await;
    assert!(world.dnd(1));
    world.pass(seconds(2)).await;
    shut_for(&world, "expired").await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn days_of_grace_go_on_with_a_warning_and_end() {
    let mut world = licensed(1, 1);
    let mut graceful = terms("1", 1);
    graceful.until = time("2026-11-23T07:00:00Z");
    graceful.grace_days = 2;
    world.settings.poll_interval = seconds(1_000);
    world.licence = Some(issued(&graceful));
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
    assert!(world.reported("licence in grace until 2026-11-25T07:00:00Z"));
    assert_eq!(world.view().await.licence.unwrap().warnings.len(), 1);
    world.pass(seconds(2 * 24 * 3_600)).await;
    shut_for(&world, "expired").await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_licence_is_announced_four_times() {
    let mut world = licensed(1, 1);
    let mut ending = terms("1", 1);
    ending.until = time("2026-12-30T08:00:00Z");
    world.licence = Some(issued(&ending));
    world.settings.poll_interval = seconds(100_000);
    world.settings.roster_interval = seconds(100_000);
    world.start().await;
    world.pass(seconds(36 * 24 * 3_600 + 3_600)).await;
    let expected: Vec<String> = [30, 14, 7, 1]
        .iter()
        .map(|days| format!("licence ends within {days} days"))
        .collect();
    assert_eq!(world.reports(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_accepted_leaves_the_last_licence_in_force_until_its_end() {
    let mut world = licensed(1, 1);
    let mut short = terms("1", 1);
    short.until = time("2026-11-23T08:10:00Z");
    world.licence = Some(issued(&short));
    world.start().await;
    world.settle().await;
    for _ in 0..2 {
        world.handle().licence(unusable()).await.unwrap();
        world.settle().await;
    }
    assert!(world.dnd(1));
    let view = world.view().await;
    assert_eq!(view.readiness.state, Health::Ready);
    assert!(view.licence.unwrap().warnings[1].code == "not-replaced");
    let told = world
        .reports()
        .into_iter()
        .filter(|report| report.contains("not replaced"))
        .count();
    assert_eq!(told, 1);
    world.pass(seconds(600)).await;
    shut_for(&world, "expired").await;
}

#[tokio::test(start_paused = true)]
async fn the_ledger_remembers_the_last_licence_for_a_restart_with_a_bad_file() {
    let mut world = licensed(2, 2);
    world.start().await;
    world.settle().await;
    world.stop().await;
    let Some(Holding::Verified(licence)) = &world.licence else {
        panic!("a licence")
    };
    let remembered = world.memory().await.licence.unwrap();
    assert_eq!(
        (remembered.text.as_str(), remembered.identity),
        (licence.text(), licence.identity())
    );
}

#[tokio::test(start_paused = true)]
async fn instances_that_share_a_licence_share_its_seats_and_one_person_needs_one() {
    let mut one = licensed(3, 5);
    one.start().await;
    one.settle().await;
    assert!(one.dnd(1));

    // The same three users of the same PBX, in another group: no more seats are needed.
    let mut same = licensed(3, 5);
    same.ledger = Arc::clone(&one.ledger);
    same.settings.instance = InstanceName("same".into());
    same.start().await;
    same.pass(seconds(70)).await;
    assert!(one.plan().await.gate.is_none());
    assert_eq!(same.view().await.licence.unwrap().used, Some(3));

    // Three users of another PBX: six for five seats, and nobody is synchronised in either.
    let mut other = licensed(3, 5);
    other.ledger = Arc::clone(&one.ledger);
    other.settings.instance = InstanceName("other".into());
    other.settings.pbx = PbxName("other.example:443".into());
    other.start().await;
    other.settle().await;
    assert!(other.pbx.writes().is_empty(), "it was counted before it wrote");
    let gate = shut_for(&other, "too-few-seats").await.gate.unwrap();
    assert_eq!((gate.needed, gate.licensed), (Some(6), Some(5)));
    one.pass(seconds(70)).await;
    shut_for(&one, "too-few-seats").await;
    assert!(!one.dnd(1));

    // The third one ends, and its seats are given back.
    other.stop().await;
    let kept = ["main", "same"].map(|name| InstanceName(name.into()));
    one.keep_seats_of(&kept).await;
    one.pass(seconds(70)).await;
    assert!(one.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_prolong_a_licence() {
    let mut world = licensed(1, 1);
    let mut short = terms("1", 1);
    short.until = time("2026-11-23T09:00:00Z");
    world.licence = Some(issued(&short));
    world.start().await;
    world.settle().await;
    world.set_clock(-3 * DAY);
    world.pass(seconds(600)).await;
    assert!(world.reported("clock set back"));
    assert!(world.dnd(1), "its time is not over yet");
    world.pass(seconds(3_600)).await;
    shut_for(&world, "expired").await;
    assert!(!world.dnd(1));

    // Nor over a restart, for the ledger knows what time it has been.
    world.stop().await;
    world.start().await;
    world.settle().await;
    shut_for(&world, "expired").await;

    // A licence with another number begins anew.
    let mut renewed = short;
    renewed.number = "2".parse().unwrap();
    world.handle().licence(issued(&renewed)).await.unwrap();
    world.settle().await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_time_server_puts_right_is_no_matter() {
    let mut world = licensed(1, 1);
    world.start().await;
    world.settle().await;
    world.set_clock(-3_600);
    world.pass(seconds(600)).await;
    assert!(!world.reported("clock set back"));
    assert_eq!(world.view().await.licence.unwrap().warnings, []);
}

#[tokio::test(start_paused = true)]
async fn a_pause_goes_before_the_gate_and_a_resume_meets_it() {
    let mut world = licensed(1, 1);
    world.start().await;
    world.settle().await;
    world.handle().pause(None).await.unwrap();
    world.handle().licence(Holding::Missing).await.unwrap();
    world.pass(seconds(120)).await;
    assert!(world.dnd(1), "a pause freezes");
    assert_eq!(world.view().await.mode, Mode::Paused);
    world.handle().resume().await.unwrap();
    world.settle().await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_waits_for_the_pbx_is_dropped_when_the_gate_shuts() {
    let mut world = licensed(3, 3);
    world.start().await;
    world.settle().await;
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Unreachable, "connect")));
    world.teams_says(2, "Busy/InACall");
    world.settle().await;
    world.handle().licence(Holding::Missing).await.unwrap();
    world.settle().await;
    world.pbx.fail_with(None);
    world.pass(seconds(600)).await;
    assert!(!world.dnd(1), "ours is taken back when the PBX answers");
    let second = world
        .pbx
        .writes()
        .into_iter()
        .filter(|write| write.user.0 == 2 && write.to == ON);
    assert_eq!(second.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_asks_for_no_licence_has_no_gate() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.handle().licence(Holding::Missing).await.unwrap();
    world.settle().await;
    assert!(world.dnd(1));
    assert_eq!(world.view().await.licence, None);
}

#[test]
fn every_reason_has_a_code_and_an_advice() {
    let Holding::Unusable(refusal) = unusable() else {
        panic!("a refusal")
    };
    assert!(matches!(refusal, Refusal::NotALicence(_)));
    assert!(!refusal.advice().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_loses_its_licence_gives_its_seats_back() {
    let mut one = licensed(3, 3);
    one.start().await;
    one.settle().await;
    one.handle().licence(Holding::Missing).await.unwrap();
    one.settle().await;
    assert_eq!(one.memory().await.licence, None);

    let mut other = licensed(3, 3);
    other.ledger = Arc::clone(&one.ledger);
    other.settings.instance = InstanceName("other".into());
    other.settings.pbx = PbxName("other.example:443".into());
    other.start().await;
    other.settle().await;
    assert!(other.dnd(1), "{:?}", other.reports());

    // What was taken away does not come back with a restart and a bad file.
    one.stop().await;
    one.licence = Some(unusable());
    one.start().await;
    one.settle().await;
    shut_for(&one, "not-a-licence").await;
}

#[tokio::test(start_paused = true)]
async fn next_years_licence_waits_for_its_time_and_takes_over_by_itself() {
    let mut world = licensed(1, 1);
    let mut short = terms("1", 1);
    short.until = time("2026-11-23T08:10:00Z");
    let mut next = terms("2", 1);
    next.from = short.until;
    world.licence = Some(issued(&short));
    world.start().await;
    world.settle().await;
    world.handle().licence(issued(&next)).await.unwrap();
    world.settle().await;
    assert!(world.dnd(1));
    let licence = world.view().await.licence.unwrap();
    assert_eq!(licence.number.as_deref(), Some("1"));
    assert!(
        licence.warnings.iter().any(|warning| warning.code == "waiting"),
        "{licence:?}"
    );
    let writes = world.pbx.writes().len();
    world.pass(seconds(700)).await;
    assert!(world.dnd(1));
    assert_eq!(world.pbx.writes().len(), writes, "nobody noticed");
    assert_eq!(world.view().await.licence.unwrap().number.as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_was_shut_is_said_to_be_open_again_whatever_opened_it() {
    for before in [Holding::Missing, unusable()] {
        let mut world = licensed(1, 1);
        world.licence = Some(before);
        world.start().await;
        world.settle().await;
        world.handle().licence(issued(&terms("9", 1))).await.unwrap();
        world.settle().await;
        assert!(world.reported("gate opened"), "{:?}", world.reports());
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_at_the_start_takes_nothing_back() {
    let mut world = licensed(1, 1);
    world.start().await;
    world.settle().await;
    world.stop().await;
    let writes = world.pbx.writes().len();
    world.set_clock(-400 * DAY);
    world
        .pbx
        .fail_roster_with(Some(PortError::new(Fault::Unreachable, "connect")));
    world.start().await;
    world.pass(seconds(300)).await;
    assert!(world.dnd(1));
    assert_eq!(world.pbx.writes().len(), writes);
    assert!(world.reported("clock set back"));
}
