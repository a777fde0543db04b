//! Restarts and crashes: what was done is not done again, and what was being done is finished or left, never lost.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::{Stage, StageOptions};
use sandbox::{Author, Except, Operation, Options, Subject};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_nothing_changed_writes_nothing() {
    let stage = Stage::set(StageOptions::plain(20)).await;
    stage.says(0, "Busy", "InACall");
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    assert_eq!(daemon.stop(), Some(0));
    let writes = stage.sandbox.history().len();
    stage.sandbox.reset_counters();
    let daemon = stage.daemon();
    stage.settle().await;
    assert_eq!(stage.sandbox.history().len(), writes);
    let counters = stage.sandbox.counters();
    assert_eq!(
        counters.of(Operation::PhoneconfigGet) + counters.of(Operation::ChatGet),
        0,
        "nobody is even looked at"
    );
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_humans_change_before_a_restart_stands_as_its_policy_says() {
    for (policy, stands) in [
        ("last-change-wins", true),
        ("own-only", true),
        ("teams-leads", false),
    ] {
        let mut options = StageOptions::plain(3);
        options.options = Options {
            policy: policy.to_owned(),
            readback_interval: "300ms".to_owned(),
            ..options.options
        };
        let stage = Stage::set(options).await;
        stage.says(0, "Busy", "InACall");
        let daemon = stage.daemon();
        stage.converge(&Except::default()).await;
        stage.settle().await;
        daemon.stop();
        stage.sandbox.pbx().set_dnd_by_human(stage.user(0), false);
        let _daemon = stage.daemon();
        if stands {
            // Every member is read back several times, and still nothing is written.
            stage.settle().await;
            stage.sandbox.reset_counters();
            let read = |sandbox: &sandbox::Sandbox| sandbox.counters().of(Operation::PhoneconfigGet) >= 12;
            assert!(
                stage.sandbox.wait_until(Duration::from_secs(20), read).await,
                "{}",
                stage.log()
            );
            assert!(!stage.dnd(0), "{policy}");
        } else {
            stage.converge(&Except::default()).await;
            assert!(stage.dnd(0), "{policy}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_burst_of_changes_it_converges_and_leaves_no_orphan() {
    killed_in_bursts(12).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute: cargo build --workspace && cargo test -p end-to-end --test programs -- --ignored hundred"]
async fn killed_a_hundred_times_in_a_burst_of_changes_it_converges_and_leaves_no_orphan() {
    killed_in_bursts(100).await;
}

/// Thirty people change at once, again and again, and the process dies in the middle of it each time.
async fn killed_in_bursts(rounds: usize) {
    let mut options = StageOptions::plain(30);
    options.options = Options {
        policy: "own-only".to_owned(),
        poll_interval: "100ms".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    for number in 0..30 {
        stage.sandbox.pbx().set_dnd_by_human(stage.user(number), false);
    }
    // This one turned DND on by hand, and nobody may ever turn it off.
    let humans = 7;
    stage.sandbox.pbx().set_dnd_by_human(stage.user(humans), true);
    let except = Except {
        dnd: [stage.user(humans)].into(),
        ..Except::default()
    };
    let states = [("Busy", "InACall"), ("Away", "Away"), ("Available", "Available")];
    let mut in_the_middle = 0;
    for round in 0..rounds {
        let daemon = stage.daemon();
        let before = stage.sandbox.history().len();
        for number in 0..30 {
            let (availability, activity) = states[(number + round) % states.len()];
            stage.says(number, availability, activity);
        }
        // The process dies after another number of writes in each round. Where the rounds before left less to do than that,
        // it dies when all is done.
        let enough = before + 1 + (round * 5) % 23;
        let (judged, asked) = (except.clone(), move |sandbox: &sandbox::Sandbox| {
            sandbox.history().len() >= enough
        });
        let died = stage.sandbox.wait_until(Duration::from_secs(60), move |sandbox| {
            asked(sandbox) || sandbox.judge(&judged).converged()
        });
        assert!(died.await, "round {round}\n{}", stage.log());
        daemon.kill();
        in_the_middle += usize::from(!stage.sandbox.judge(&except).converged());
    }
    assert!(
        in_the_middle * 2 > rounds,
        "only {in_the_middle} of {rounds} met a burst"
    );
    let daemon = stage.daemon();
    stage.converge(&except).await;
    for number in 0..30 {
        stage.says(number, "Available", "Available");
    }
    stage.converge(&except).await;
    for number in (0..30).filter(|number| *number != humans) {
        assert!(!stage.dnd(number), "employee {number} is left silenced");
    }
    assert!(stage.dnd(humans), "a human's DND was cleared");
    nobody_was_wronged(&stage);
    assert_eq!(daemon.stop(), Some(0));
}

/// By the history of the PBX: we change what differs, and turn off the DND alone that we turned on.
fn nobody_was_wronged(stage: &Stage) {
    let mut turned_on_by: BTreeMap<i64, Author> = BTreeMap::new();
    let mut turned_off = 0;
    for record in stage.sandbox.history() {
        let ours = record.author == Author::Program;
        assert!(
            !ours || record.subject == Subject::Chat || record.from != record.to,
            "a PUT where nothing differs: {record:?}"
        );
        if record.subject != Subject::Dnd || record.from == record.to {
            continue;
        }
        if record.to == "true" {
            turned_on_by.insert(record.user, record.author);
        } else {
            let by = turned_on_by.remove(&record.user).unwrap_or(Author::Human);
            assert!(
                !ours || by == Author::Program,
                "a human's DND was cleared: {record:?}"
            );
            turned_off += usize::from(ours);
        }
    }
    assert!(turned_off > 0, "the history has nothing to judge");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_renamed_after_its_release_finds_its_members_again() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.says(0, "Busy", "InACall");
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    let renamed = std::fs::read_to_string(stage.config())
        .map(|text| text.replace("[instances.main", "[instances.headquarters"))
        .expect("the configuration is there");
    assert_eq!(daemon.stop(), Some(0));
    let config = stage.config().to_owned();
    let before = std::fs::read_to_string(&config).expect("the configuration is there");
    std::fs::write(&config, &renamed).expect("the configuration can be written");
    assert_eq!(stage.daemon().wait(), Some(1), "values of ours are left behind");
    assert!(
        stage.log().contains("presencectl release main"),
        "{}",
        stage.log()
    );
    std::fs::write(&config, before).expect("the configuration can be written");
    assert_eq!(stage.presencectl(&["release", "main"]).code, Some(0));
    assert!(!stage.dnd(0));
    std::fs::write(&config, renamed).expect("the configuration can be written");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
}
