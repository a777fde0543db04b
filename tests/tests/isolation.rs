//! Two hundred instances in one daemon, four of them in trouble: a dead PBX, a tenant that throttles for minutes, a licence file
//! that is none, and a group of five thousand. The others notice nothing.

use std::time::Duration;

use end_to_end::{Estate, eventually, name};
use sandbox::{Except, Fault, Operation, Options, Sandbox};

const INSTANCES: usize = 200;
const DEAD_PBX: usize = 0;
const THROTTLED: usize = 1;
const BAD_FILE: usize = 2;
const HUGE: usize = 3;
/// Everybody else.
const FIRST_WELL: usize = 4;
/// Long enough for a slow machine; whoever waits ends as soon as there is something to see.
const PATIENCE: Duration = Duration::from_secs(120);

fn options(number: usize) -> Options {
    let mut options = Options {
        poll_interval: "2s".to_owned(),
        roster_interval: "1h".to_owned(),
        ..Estate::options()
    };
    if number == HUGE {
        options.sync.push_str("\npbx_concurrency = 16");
    }
    options
}

/// The configuration, in which one instance has a licence file of its own that is none.
fn text(estate: &Estate) -> String {
    let table = format!("[instances.{}.teams]", name(BAD_FILE));
    let own = format!(
        "[instances.{}]\nlicense_file = \"bad.license\"\n\n{table}",
        name(BAD_FILE)
    );
    estate.text(options).replacen(&table, &own, 1)
}

async fn converges(sandbox: &Sandbox, number: usize, estate: &Estate) {
    let converged = sandbox
        .wait_until(PATIENCE, |sandbox| sandbox.judge(&Except::default()).converged())
        .await;
    assert!(
        converged,
        "instance {number}: {:?}\n{}",
        sandbox.judge(&Except::default()),
        estate.log()
    );
}

/// How often each healthy instance asked its tenant for presence.
fn calls(estate: &Estate) -> Vec<u64> {
    let well = estate.sandboxes[FIRST_WELL..].iter();
    well.map(|sandbox| sandbox.counters().of(Operation::Presence))
        .collect()
}

/// The others get turn and turn about, whatever the machine makes of the time: when all of them together have had five each, nobody
/// was passed over, and nobody was asked for instead of somebody else.
async fn turns_are_even(estate: &Estate, when: &str) {
    let before = calls(estate);
    let turns = eventually(|| async {
        let turns = calls(estate)
            .into_iter()
            .zip(&before)
            .map(|(after, before)| after - before);
        let turns: Vec<u64> = turns.collect();
        (turns.iter().sum::<u64>() >= 5 * before.len() as u64).then_some(turns)
    });
    let turns = turns
        .await
        .unwrap_or_else(|| panic!("{when}: nobody gets a turn\n{}", estate.log()));
    let (least, most) = (turns.iter().min(), turns.iter().max());
    assert!(
        least >= Some(&3) && most <= Some(&7),
        "{when}: {turns:?}\n{}",
        estate.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_in_trouble_is_alone_with_it() {
    let members = |number| if number == HUGE { 5_000 } else { 5 };
    let estate = Estate::set(INSTANCES, members, &options(FIRST_WELL)).await;
    estate.write("bad.license", "this is no licence");
    estate.configure(&text(&estate));
    estate.sandboxes[DEAD_PBX].pbx().block();
    let throttle = Fault::Status(429, Some(300));
    estate.sandboxes[THROTTLED].fault(Operation::Presence, throttle, None);
    let daemon = estate.daemon();

    for (number, sandbox) in estate.sandboxes.iter().enumerate().skip(FIRST_WELL) {
        converges(sandbox, number, &estate).await;
    }
    turns_are_even(&estate, "while four are in trouble").await;

    // A file that is not good leaves everybody with the old settings.
    estate.configure("version = 1\nthis is no configuration");
    daemon.reload();
    for number in FIRST_WELL..INSTANCES {
        estate.says(number, 0, "Busy", "InACall");
    }
    for (number, sandbox) in estate.sandboxes.iter().enumerate().skip(FIRST_WELL) {
        converges(sandbox, number, &estate).await;
    }
    turns_are_even(&estate, "with a bad file").await;

    // Those in trouble were really in trouble, and did not try again and again.
    assert_eq!(
        estate.sandboxes[THROTTLED].counters().of(Operation::Presence),
        1,
        "five minutes were asked for"
    );
    let dead = estate.sandboxes[DEAD_PBX].counters();
    assert!(dead.pbx() < 20, "{dead:?}");
    assert_eq!(
        estate.sandboxes[BAD_FILE]
            .counters()
            .of(Operation::PhoneconfigPut),
        0
    );
    assert!(estate.sandboxes[HUGE].counters().of(Operation::Presence) > 0);
    assert!(estate.log().contains("configuration"), "{}", estate.log());
    daemon.kill();
}
