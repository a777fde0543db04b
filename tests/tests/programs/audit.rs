//! The audit against what the PBX itself saw, through crashes, lost answers and restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually};
use jiff::Timestamp;
use sandbox::{Author, Except, Fault, Operation, Options, Subject};
use serde_json::Value;
use sync_adapters::clock::SystemClock;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{
    Acquired, AuditEntry, AuditResult, Claim, Clock, InstanceName, LedgerCommit, LedgerPort, PbxName,
    PbxUserId,
};

/// Per user and field what was written, in order: from, to.
type Writes = BTreeMap<(i64, String), Vec<(String, String)>>;

/// The audit as it is printed, each line parsed.
fn printed(stage: &Stage, arguments: &[&str]) -> Vec<Value> {
    let output = stage.presencectl(&[&["audit"], arguments].concat());
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(!output.stdout.contains('@'), "an address: {}", output.stdout);
    assert!(!output.stdout.contains("SAMPLE"), "a secret: {}", output.stdout);
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    output.stdout.lines().map(read).collect()
}

/// A value of the audit in the words of the sandbox.
fn word(value: &Value) -> String {
    match value {
        Value::Bool(on) => on.to_string(),
        word => word.as_str().unwrap_or_default().to_uppercase().replace('-', "_"),
    }
}

fn audited(lines: &[Value]) -> Writes {
    let mut writes = Writes::new();
    for line in lines {
        let user = line["pbx_user"].as_i64().expect("a number");
        let field = line["field"].as_str().expect("a word").to_owned();
        let write = (word(&line["from"]), word(&line["to"]));
        writes.entry((user, field)).or_default().push(write);
    }
    writes
}

/// What the sandbox saw programs change. The companion module is also told what is there already; that changes nothing.
fn seen(stage: &Stage) -> Writes {
    let mut writes = Writes::new();
    for record in stage.sandbox.history() {
        if record.author != Author::Program || record.from == record.to {
            continue;
        }
        let field = match record.subject {
            Subject::Dnd => "dnd",
            Subject::Chat => "chat",
            Subject::Phone => panic!("nothing else is ever changed: {record:?}"),
        };
        let write = (record.from, record.to);
        writes
            .entry((record.user, field.to_owned()))
            .or_default()
            .push(write);
    }
    writes
}

/// Lets every second one be in a call, and the others be away; the other way round in the next round.
fn burst(stage: &Stage, people: usize, round: usize) {
    for number in 0..people {
        let (availability, activity) = if (number + round).is_multiple_of(2) {
            ("Busy", "InACall")
        } else {
            ("Away", "Away")
        };
        stage.says(number, availability, activity);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_what_the_pbx_saw_through_kills_lost_answers_and_restarts() {
    const PEOPLE: usize = 20;
    let mut options = StageOptions::plain(PEOPLE);
    options.options = Options {
        poll_interval: "100ms".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    for round in 0..10_usize {
        let daemon = stage.daemon();
        let before = stage.sandbox.history().len();
        if round.is_multiple_of(3) {
            for operation in [Operation::PhoneconfigPut, Operation::ChatSet] {
                stage.sandbox.fault(operation, Fault::Lost, Some(2));
            }
        }
        burst(&stage, PEOPLE, round);
        // The process dies in the middle of the burst, after fewer writes in each round: only what was written in the
        // round before is sure to be written again.
        let enough = move |sandbox: &sandbox::Sandbox| sandbox.history().len() > before + 3 * (9 - round);
        assert!(
            stage.sandbox.wait_until(Duration::from_secs(30), enough).await,
            "{}",
            stage.log()
        );
        daemon.kill();
        for operation in [Operation::PhoneconfigPut, Operation::ChatSet] {
            stage.sandbox.clear_fault(operation);
        }
    }
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    let lines = printed(&stage, &[]);
    assert_eq!(audited(&lines), seen(&stage), "while the daemon runs");
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(audited(&printed(&stage, &["--output", "json"])), seen(&stage));

    let times: Vec<Timestamp> = lines
        .iter()
        .map(|line| {
            line["at"]
                .as_str()
                .and_then(|at| at.parse().ok())
                .expect("a time")
        })
        .collect();
    assert!(times.is_sorted());
    for line in &lines {
        assert_eq!(
            (&line["version"], &line["instance"]),
            (&Value::from(1), &Value::from("main"))
        );
        assert!(
            line["rule"].as_str().is_some_and(|rule| !rule.is_empty()),
            "{line}"
        );
        assert!(
            line.get("presence").is_none() && line.get("address").is_none(),
            "{line}"
        );
    }
    assert!(
        lines.iter().any(|line| line["result"] == "found"),
        "some answers were lost"
    );

    let writes = stage.sandbox.history().len();
    let daemon = stage.daemon();
    stage.settle().await;
    assert_eq!(stage.sandbox.history().len(), writes);
    assert_eq!(printed(&stage, &[]), lines, "a restart adds nothing");
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(stage.presencectl(&["release", "main"]).code, Some(0));
    let after = printed(&stage, &[]);
    assert_eq!(
        audited(&after),
        seen(&stage),
        "what was taken back is audited, too"
    );
    assert!(
        after[lines.len()..]
            .iter()
            .all(|line| line["release"] == true && line["rule"] == "release")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_deletes_what_is_older_than_audit_days() {
    let stage = Stage::set(StageOptions::plain(1)).await;
    let text = std::fs::read_to_string(stage.config()).expect("the configuration is there");
    let text = text.replacen("[daemon]", "[daemon]\naudit_days = 2", 1);
    std::fs::write(stage.config(), text).expect("the configuration can be written");
    let day = Duration::from_secs(24 * 60 * 60);
    {
        let ledger = SqliteLedger::open(stage.path("state.db")).await.expect("a state");
        let claim = Claim {
            instance: InstanceName("gone".into()),
            pbx: PbxName("pbx.example:443".into()),
            holder: "test".to_owned(),
            settings: None,
        };
        let Ok(Acquired::Granted(lease)) = ledger.acquire(&claim, Timestamp::UNIX_EPOCH).await else {
            panic!("the lease is free")
        };
        let now = SystemClock::default().now().wall;
        let entry = |number: u64, age: Duration| AuditEntry {
            number,
            at: now - age,
            user: PbxUserId(1),
            from: sync_core::Value::Dnd(false),
            to: sync_core::Value::Dnd(true),
            rule: None,
            release: false,
            result: AuditResult::Confirmed,
        };
        let commit = LedgerCommit {
            audit: vec![entry(1, day * 3), entry(2, day)],
            ..LedgerCommit::default()
        };
        ledger.commit(&lease, &commit).await.expect("a state");
        ledger.surrender(&lease).await.expect("a state");
    }
    assert_eq!(printed(&stage, &["gone"]).len(), 2);
    assert_eq!(printed(&stage, &["gone", "--since", "2d"]).len(), 1);
    let _daemon = stage.daemon();
    let deleted = eventually(|| async { (printed(&stage, &["gone"]).len() == 1).then_some(()) });
    assert!(deleted.await.is_some(), "{}", stage.log());
}
