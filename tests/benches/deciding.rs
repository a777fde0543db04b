//! What deciding and planning cost, without any I/O: rules for one presence, and the plan of a whole company.
//!
//! `cargo bench -p end-to-end --bench deciding`

use std::hint::black_box;
use std::time::Duration;

use end_to_end::measure::{self, Quantiles, Table};
use jiff::Timestamp;
use presence_mapping::{Presence, Rules};
use serde_json::json;
use sync_core::{
    Field, InstanceName, LedgerRow, Login, Moment, PbxName, PbxUserId, Reading, Settings, Settled, Situation,
    Standing, Subject, TeamsUserId, Value, propose,
};

/// Each is measured so often; the median counts.
const ROUNDS: usize = 15;

fn main() {
    let presences: Vec<Presence> = [
        "Available/Available",
        "Busy/InACall",
        "Busy/InAMeeting",
        "DoNotDisturb/Presenting",
        "Away/Away",
        "Busy/Busy",
        "Offline/Offline",
        "BeRightBack/BeRightBack",
        "BusyIdle/BusyIdle",
        "Busy/SomethingNew",
    ]
    .map(|text| text.parse().expect("a presence"))
    .into();
    let mut table = Table::new("deciding", &["what", "how many", "ns each", "ms together"]);
    let rules = Rules::default();
    let count = 1_000_000;
    row(&mut table, "decisions", count, || {
        for turn in 0..count {
            black_box(rules.decide(black_box(&presences[turn % presences.len()])));
        }
    });
    for members in [1_000, 10_000, 100_000] {
        plan(
            &mut table,
            "members planned, nothing to do",
            members,
            &presences,
            false,
        );
        plan(
            &mut table,
            "members planned, all to be changed",
            members,
            &presences,
            true,
        );
    }
    table.print();
}

fn plan(table: &mut Table, what: &str, members: usize, presences: &[Presence], all: bool) {
    let settings = Settings::new(InstanceName("main".into()), PbxName("pbx.example:443".into()));
    let now = Moment {
        wall: Timestamp::UNIX_EPOCH,
        uptime: Duration::from_secs(3_600),
    };
    let rows: Vec<(LedgerRow, Standing, &Presence, Option<Reading>)> = (0..members)
        .map(|number| {
            let user = PbxUserId(i64::try_from(number).expect("a small number"));
            let mut row = LedgerRow::new(user, Login(number.to_string().into()));
            let presence = &presences[number % presences.len()];
            let outcome = settings.rules.decide(presence).outcome;
            for field in Field::ALL {
                if let (false, Some(value)) = (all, value(field, outcome)) {
                    row.field_mut(field).settle(Settled::At(value));
                }
            }
            let teams_user = TeamsUserId::new(&format!("00000000-0000-0000-0000-{number:012}"));
            // What stands in the PBX is the contrary, so that the change is planned with its precondition.
            let dnd = value(Field::Dnd, outcome).filter(|_| all).map(|to| Reading {
                value: Value::Dnd(to != Value::Dnd(true)),
                fresh: true,
            });
            (row, Standing::Matched { teams_user }, presence, dnd)
        })
        .collect();
    row(table, what, members, || {
        let subjects = rows.iter().map(|(row, standing, presence, dnd)| Subject {
            user: row.user,
            address: None,
            standing: Some(standing),
            row,
            presence: Some(presence),
            unknown_for: None,
            dnd_outcome_for: Duration::from_secs(10),
            dnd: *dnd,
            chat: None,
            paused: false,
            stopped: false,
            busy: [false; 2],
        });
        let situation = Situation::Working;
        black_box(propose(&settings, situation, now, members, subjects));
    });
}

fn value(field: Field, outcome: presence_mapping::Outcome) -> Option<Value> {
    use presence_mapping::{ChatOutcome, DndOutcome};
    match (field, outcome.dnd, outcome.chat) {
        (Field::Dnd, DndOutcome::On, _) => Some(Value::Dnd(true)),
        (Field::Dnd, DndOutcome::Off, _) => Some(Value::Dnd(false)),
        (Field::Chat, _, ChatOutcome::Set(status)) => Some(Value::Chat(status.into())),
        _ => None,
    }
}

/// Measures `work`, which does something `count` times.
#[expect(clippy::cast_precision_loss, reason = "counts of things")]
fn row(table: &mut Table, what: &str, count: usize, mut work: impl FnMut()) {
    let times = (0..ROUNDS)
        .map(|_| {
            let begun = measure::now();
            work();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    let median = Quantiles::of(times).at(0.5);
    table.row([
        json!(what),
        json!(count),
        json!(median * 1e9 / count as f64),
        json!(median * 1e3),
    ]);
}
