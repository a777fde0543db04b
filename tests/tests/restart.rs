//! Restarts and crashes: what was done is not done again, and what was being done is finished or left, never lost.

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
                stage
                    .sandbox
                    .wait_until(std::time::Duration::from_secs(20), read)
                    .await,
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
    for round in 0..12_usize {
        let daemon = stage.daemon();
        let before = stage.sandbox.history().len();
        for number in 0..30 {
            let (availability, activity) = if (number + round).is_multiple_of(2) {
                ("Busy", "InACall")
            } else {
                ("Away", "Away")
            };
            stage.says(number, availability, activity);
        }
        // The process dies after another number of writes in each round, in the middle of the burst.
        let enough = move |sandbox: &sandbox::Sandbox| sandbox.history().len() >= before + 1 + round * 3;
        assert!(
            stage
                .sandbox
                .wait_until(std::time::Duration::from_secs(30), enough)
                .await,
            "{}",
            stage.log()
        );
        daemon.kill();
    }
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
    for record in stage.sandbox.history() {
        let ours = record.author == Author::Program;
        assert!(
            !ours || record.subject == Subject::Chat || record.from != record.to,
            "a PUT where nothing differs: {record:?}"
        );
    }
    assert_eq!(daemon.stop(), Some(0));
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
