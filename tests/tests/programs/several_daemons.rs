//! Two daemons with one state in PostgreSQL: whatever becomes of one, the other goes on, and no two write at once.

use std::time::Duration;

use end_to_end::{Node, Stage, StageOptions, postgres, presencectl};
use sandbox::{Except, Subject};
use sync_service::api::{InstanceState, InstanceStatus};
use tokio::time::Instant;

/// What the design promises.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(30);

/// How often DND was written for each member.
fn writes(stage: &Stage) -> usize {
    stage
        .sandbox
        .history()
        .iter()
        .filter(|record| record.subject == Subject::Dnd)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_one_daemon_the_other_goes_on_and_nothing_is_lost_or_doubled() {
    let Some((stage, state)) = Node::stage(StageOptions::plain(6), "taken_over").await else {
        return;
    };
    let one = Node::new(&stage, &state, &[]);
    let first = one.daemon();
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    one.settles().await;
    let other = one.beside(&stage, &state, &[]);
    let second = other.daemon();
    let waits = other.waits().await;
    let reason = waits.reason.unwrap_or_default();
    let holder = format!("held by process {} on ", first.pid());
    assert!(reason.contains(&holder) && reason.contains(" until "), "{reason}");
    let (code, ready) = other.get("/readyz/main").await;
    let waiting = format!("waiting for the lease, {holder}");
    assert!(code == 503 && ready.contains(&waiting), "{code} {ready}");
    assert_eq!(other.get("/healthz").await.0, 200);
    let before = writes(&stage);

    // Killed in the middle of its work.
    for member in 1..4 {
        stage.says(member, "Busy", "InACall");
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    first.kill();
    let killed = Instant::now();
    other
        .until("running", |status| status.state == InstanceState::Running)
        .await;
    stage.converge(&Except::default()).await;
    other.settles().await;
    taken_over("after SIGKILL", killed);
    assert_eq!(
        writes(&stage),
        before + 3,
        "each change once: {:?}",
        stage.sandbox.history()
    );

    // Stopped in the middle of its work, and woken when another has the instance.
    let first = one.daemon();
    one.waits().await;
    let before = writes(&stage);
    stage.says(4, "Busy", "InACall");
    tokio::time::sleep(Duration::from_millis(150)).await;
    second.signal("-STOP");
    let stopped = Instant::now();
    one.until("running", |status| status.state == InstanceState::Running)
        .await;
    stage.converge(&Except::default()).await;
    one.settles().await;
    taken_over("after SIGSTOP", stopped);
    stage.says(4, "Available", "Available");
    stage.says(5, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    let seen = writes(&stage);
    assert_eq!(seen, before + 3);
    second.signal("-CONT");
    let waits = other.waits().await;
    assert!(
        waits
            .reason
            .unwrap_or_default()
            .contains(&format!("process {}", first.pid()))
    );
    assert!(
        other
            .log()
            .contains("another process has taken the instance over"),
        "{}",
        other.log()
    );
    one.settles().await;
    assert_eq!(writes(&stage), seen, "whoever woke up wrote nothing");

    // Stopped in order, it leaves the instance at once.
    assert_eq!(first.stop(), Some(0));
    let ended = Instant::now();
    other
        .until("running", |status| status.state == InstanceState::Running)
        .await;
    assert!(ended.elapsed() < Duration::from_secs(10), "it was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_other_settings_or_another_key_says_so_and_does_not_take_the_instance() {
    let Some((stage, state)) = Node::stage(StageOptions::plain(3), "other_settings").await else {
        return;
    };
    let one = Node::new(&stage, &state, &[]);
    let first = one.daemon();
    one.settles().await;
    let keyless = Node::new(&stage, &state, &[]);
    assert_eq!(keyless.daemon().wait(), Some(1));
    assert!(
        keyless.log().contains("Copy the key file of another daemon here"),
        "{}",
        keyless.log()
    );
    keyless.secret("state.key", &[7; 32]);
    assert_eq!(keyless.daemon().wait(), Some(1));
    assert!(keyless.log().contains("is another key here"), "{}", keyless.log());

    let other = one.beside(
        &stage,
        &state,
        &[("poll_interval = \"200ms\"", "poll_interval = \"300ms\"")],
    );
    let second = other.daemon();
    let refused = |status: &InstanceStatus| {
        status.state == InstanceState::Failed
            && status
                .reason
                .as_ref()
                .is_some_and(|why| why.contains("with other settings"))
    };
    other.until("refused", refused).await;
    assert!(
        other.log().contains("ERROR") && other.log().contains("with other settings"),
        "{}",
        other.log()
    );
    assert_eq!(first.stop(), Some(0));
    tokio::time::sleep(Duration::from_secs(5)).await;
    other
        .until("refused when the other has ended in order", refused)
        .await;
    let text = std::fs::read_to_string(other.config()).expect("a configuration");
    std::fs::write(other.config(), text.replace("300ms", "200ms")).expect("it can be written");
    second.reload();
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    other.settles().await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_with_the_shared_state_and_say_who_has_the_instance() {
    let Some((stage, state)) = Node::stage(StageOptions::plain(3), "commands").await else {
        return;
    };
    let one = Node::new(&stage, &state, &[]);
    let run = |node: &Node, arguments: &[&str]| presencectl(&node.config(), arguments);
    stage.says(0, "Busy", "InACall");
    let plan = run(&one, &["plan", "main", "--output", "json"]);
    assert_eq!(plan.code, Some(2), "{}", plan.stderr);
    assert!(!one.path("state.key").exists(), "looking makes nothing");
    let sync = run(&one, &["sync", "--once", "main"]);
    assert_eq!(sync.code, Some(0), "{}", sync.stderr);
    assert!(stage.dnd(0));
    let audit = run(&one, &["audit"]);
    assert!(audit.stdout.contains("Busy/InACall"), "{}", audit.stdout);

    let daemon = one.daemon();
    one.settles().await;
    let other = one.beside(&stage, &state, &[]);
    let release = run(&other, &["release", "main"]);
    assert_eq!(release.code, Some(1));
    assert!(
        release
            .stderr
            .contains(&format!("held by process {}", daemon.pid())),
        "{}",
        release.stderr
    );
    let asked = Instant::now();
    daemon.kill();
    let release = run(&other, &["release", "main"]);
    assert_eq!(release.code, Some(0), "{}", release.stderr);
    taken_over("by a command", asked);
    assert!(!stage.dnd(0), "what was ours is taken back");
    let unknown = run(&other, &["status"]);
    assert!(!unknown.stdout.contains("SAMPLE") && !unknown.stderr.contains("SAMPLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_daemon_reads_presence_and_writes_nothing_until_it_is_back() {
    let Some((stage, state)) = Node::stage(StageOptions::plain(3), "outage").await else {
        return;
    };
    let server = postgres::shared().expect("a server");
    let node = Node::new(&stage, &state, &[]);
    let daemon = node.daemon();
    node.settles().await;
    let before = writes(&stage);
    let close = "ALTER DATABASE outage WITH ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'outage'";
    assert!(server.psql(close).0);
    stage.says(0, "Busy", "InACall");
    let told = |status: &InstanceStatus| {
        let view = status.view.as_ref();
        view.is_some_and(|view| {
            view.links
                .iter()
                .any(|link| link.link.to_string() == "ledger" && link.error.is_some())
        })
    };
    let status = node.until("telling that the ledger is away", told).await;
    let sweeps = |status: &InstanceStatus| status.view.as_ref().map_or(0, |view| view.sweeps);
    let seen = sweeps(&status);
    node.until("still reading presence", |status| sweeps(status) > seen + 3)
        .await;
    assert_eq!(writes(&stage), before, "no intent, no write");
    assert!(server.psql("ALTER DATABASE outage WITH ALLOW_CONNECTIONS true").0);
    stage.converge(&Except::default()).await;
    node.settles().await;
    assert_eq!(writes(&stage), before + 1);
    assert_eq!(daemon.stop(), Some(0));
}

fn taken_over(what: &str, since: Instant) {
    let took = since.elapsed();
    assert!(took < TAKEN_OVER_WITHIN, "{what}: {took:?}");
    say(&format!("taken over {what} in {:.1} s", took.as_secs_f64()));
}

#[expect(
    clippy::print_stderr,
    reason = "a measurement for whoever reads the tests' output"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
