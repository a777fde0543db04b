//! The log and the history of a daemon that does its work, as the built programs show them.

use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::Except;
use sync_core::InstanceName;
use sync_service::config::{self, Environment, LogLevel};
use sync_service::daemon::{self, DaemonOptions};
use sync_service::telemetry::{LogLine, LogQuery};

/// A stage whose daemon runs and has brought everybody in line.
async fn at_work(members: usize) -> (Stage, end_to_end::Daemon) {
    let stage = Stage::set(StageOptions::plain(members)).await;
    let daemon = stage.daemon();
    stage.settle().await;
    (stage, daemon)
}

fn lines(stage: &Stage, arguments: &[&str]) -> Vec<LogLine> {
    let arguments = [
        &[
            "log",
            "tail",
            "--no-follow",
            "--output",
            "json",
            "--lines",
            "5000",
        ],
        arguments,
    ];
    let output = stage.presencectl(&arguments.concat());
    assert_eq!(output.code, Some(0), "{output:?}");
    let lines = output.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_for_a_while_shows_the_way_of_a_member_and_no_secret() {
    let (stage, daemon) = at_work(3).await;
    let level = stage.presencectl(&["log", "level"]);
    assert_eq!(
        (level.code, level.stdout.as_str()),
        (Some(0), "the log is at `error`\n")
    );
    assert!(lines(&stage, &["--search", "rule that won"]).is_empty());
    let level = stage.presencectl(&["log", "level", "trace", "--for", "15m"]);
    assert!(
        level.stdout.starts_with("the log is at `trace` until ")
            && level.stdout.ends_with(" then at `error` again\n"),
        "{level:?}"
    );

    stage.says(1, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    let user = stage.user(1).to_string();
    let steps = eventually(|| async {
        let lines = lines(&stage, &["--instance", "main", "--level", "trace"]);
        let mine = lines
            .into_iter()
            .filter(|line| line.target == "sync_service::decision" && line.fields["pbx_user"] == user);
        let steps: Vec<LogLine> = mine.collect();
        let answered = |line: &LogLine| line.message == "change answered" && line.fields["field"] == "dnd";
        steps.iter().any(answered).then_some(steps)
    })
    .await
    .expect("the change is told");
    let position = |message: &str| {
        let found = steps.iter().position(|line| line.message == message);
        found.unwrap_or_else(|| panic!("no `{message}` in {steps:#?}"))
    };
    let order = [
        "presence received",
        "rule that won",
        "outcome",
        "ledger",
        "decided",
        "change written",
        "change answered",
    ]
    .map(position);
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(steps[order[1]].fields["dnd_rule"], "Busy/InACall");

    let everything = format!("{:?}{}", lines(&stage, &[]), stage.log());
    for file in ["graph.secret", "pbx.password", "chat.secret"] {
        let secret = std::fs::read_to_string(stage.path(file)).expect("the secret is there");
        assert!(!everything.contains(secret.trim()), "{file}");
    }
    let endpoint = std::fs::read_to_string(stage.path("state.db.api")).expect("a daemon runs");
    let endpoint: serde_json::Value = serde_json::from_str(&endpoint).expect("it is JSON");
    let token = endpoint["token"].as_str().expect("it has a token");
    assert!(!everything.contains(token), "the token of the local API");
    assert!(!everything.contains("eyJ"), "a token of the tenant or the PBX");
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_there_is_no_log() {
    let stage = Stage::set(StageOptions::plain(1)).await;
    for arguments in [&["log", "level", "trace"][..], &["log", "tail"]] {
        let output = stage.presencectl(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output:?}");
        assert!(
            output.stderr.starts_with("error: no daemon runs\n  hint: "),
            "{output:?}"
        );
    }
    for arguments in [
        &["log"][..],
        &["log", "level", "loud"],
        &["log", "level", "--for", "5m"],
        &["log", "level", "trace", "--for", "25h"],
        &["log", "tail", "--lines", "many"],
    ] {
        assert_eq!(stage.presencectl(arguments).code, Some(64), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_log_ends_with_the_daemon() {
    let (stage, daemon) = at_work(1).await;
    let config = stage.config().to_owned();
    let following = tokio::task::spawn_blocking(move || {
        end_to_end::presencectl(&config, &["log", "tail", "--lines", "0"])
    });
    // It is in the log when a level is changed, and only whoever follows already prints it.
    eventually(|| async {
        let client = stage.client()?;
        client.set_log_level(LogLevel::Warn, None).await.ok()?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let query = LogQuery {
            search: Some("the level of the log was changed".to_owned()),
            ..LogQuery::default()
        };
        let told = client.log(&query, Duration::ZERO).await.ok()?.lines.len();
        (told >= 20).then_some(())
    })
    .await
    .expect("the level is changed");
    assert_eq!(daemon.stop(), Some(0));
    let output = following.await.expect("it ends");
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.starts_with("error: "), "{output:?}");
    assert!(
        output
            .stdout
            .contains("WARN  the level of the log was changed level=warn"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_counts_what_happened_since_the_last_sample() {
    let stage = Stage::set(StageOptions::plain(4)).await;
    let environment = Environment::default();
    let loaded = config::load(stage.config(), &environment).expect("the configuration is good");
    let options = DaemonOptions {
        config: stage.config().to_owned(),
        environment,
        program: "0.0.0-test",
        logging: None,
        page: None,
    };
    let daemon = daemon::start(options, loaded).await.expect("it starts");
    stage.settle().await;
    daemon.sample().await;
    stage.sandbox.reset_counters();
    let applied = || async {
        let body = stage.get("/metrics").await.1;
        let counted = body
            .lines()
            .filter(|line| line.starts_with("presence_sync_changes_total"));
        let applied = counted.filter(|line| line.contains("applied"));
        applied
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum::<u64>()
    };
    let before = applied().await;
    stage.says(0, "Busy", "InACall");
    stage.says(1, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    stage.settle().await;
    daemon.sample().await;
    daemon.sample().await;

    let samples = daemon.history().samples(&InstanceName("main".into()));
    let [_, busy, idle] = samples.as_slice() else {
        panic!("{samples:?}")
    };
    assert_eq!(busy.changes, applied().await - before, "{samples:?}");
    assert!(busy.changes >= 2);
    assert_eq!(idle.changes, 0);
    let (p50, p99) = (busy.added_latency_p50_seconds, busy.added_latency_p99_seconds);
    assert!(p50.is_some() && p50 <= p99 && p50 > Some(0.0), "{busy:?}");
    assert_eq!(idle.added_latency_p50_seconds, None, "nothing was changed");
    assert!(
        busy.presence_calls > 0 && busy.presence_age_seconds.is_some(),
        "{busy:?}"
    );
    assert_eq!(busy.health, sync_core::Health::Ready, "{busy:?}");
    assert_eq!((busy.unknown, busy.held), (0, 0));
    daemon.stop().await;
}
