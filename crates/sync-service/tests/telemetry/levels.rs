//! How much is logged, and for how long.

use std::time::Duration;

use sync_service::config::LogLevel;
use sync_service::telemetry::{LogNow, LogQuery};

use crate::support::Log;

/// A line of each level, by a part of the program that is ours.
fn speak() {
    tracing::error!(target: "sync_service::test", "an error");
    tracing::warn!(target: "sync_service::test", "a warning");
    tracing::info!(target: "sync_service::test", "an event");
    tracing::debug!(target: "sync_service::test", "a detail");
    tracing::trace!(target: "sync_service::test", "a step");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_what_is_written() {
    let log = Log::at(LogLevel::Warn);
    speak();
    assert_eq!(log.messages(), ["an error", "a warning"]);
    assert_eq!(log.written.text().lines().count(), 2, "{}", log.written.text());
    log.logging.set_level(LogLevel::Debug);
    speak();
    assert_eq!(
        log.messages(),
        [
            "an error",
            "a warning",
            "an error",
            "a warning",
            "an event",
            "a detail"
        ]
    );
    assert_eq!(log.written.text().lines().count(), 6);
}

#[tokio::test(start_paused = true)]
async fn libraries_are_heard_as_warnings_alone() {
    let log = Log::at(LogLevel::Trace);
    tracing::info!(target: "hyper_util::client", "connecting to a secret place");
    tracing::warn!(target: "hyper_util::client", "a connection was lost");
    assert_eq!(log.messages(), ["a connection was lost"]);
}

#[tokio::test(start_paused = true)]
async fn a_level_for_a_while_ends_by_itself() {
    let log = Log::at(LogLevel::Error);
    log.logging
        .set_level_for(LogLevel::Trace, Duration::from_secs(15 * 60));
    let now = log.logging.now();
    assert_eq!(
        now,
        LogNow {
            level: LogLevel::Trace,
            configured: LogLevel::Error,
            until: Some("2026-11-23T09:15:00Z".parse().unwrap()),
        }
    );
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    speak();
    assert_eq!(log.messages().len(), 5);
    tokio::time::sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(
        log.logging.now(),
        LogNow {
            level: LogLevel::Error,
            until: None,
            ..now
        }
    );
    speak();
    assert_eq!(log.messages().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_later_change_ends_a_level_for_a_while_and_its_end_changes_nothing_more() {
    let log = Log::at(LogLevel::Error);
    let level = || log.logging.now().level;
    log.logging
        .set_level_for(LogLevel::Trace, Duration::from_secs(60));
    log.logging
        .set_level_for(LogLevel::Debug, Duration::from_secs(120));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(
        level(),
        LogLevel::Debug,
        "the end of the first is not that of the second"
    );
    log.logging.set_level(LogLevel::Info);
    assert_eq!(log.logging.now().until, None);
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(level(), LogLevel::Info);
}

#[tokio::test(start_paused = true)]
async fn no_level_for_a_while_lasts_longer_than_a_day() {
    let log = Log::at(LogLevel::Error);
    log.logging
        .set_level_for(LogLevel::Trace, Duration::from_secs(7 * 24 * 60 * 60));
    let until = log.logging.now().until;
    assert_eq!(until, Some("2026-11-24T09:00:00Z".parse().unwrap()));
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60 + 1)).await;
    assert_eq!(log.logging.now().level, LogLevel::Error);
}

#[tokio::test(start_paused = true)]
async fn lines_are_found_by_level_instance_and_text() {
    let log = Log::at(LogLevel::Trace);
    tracing::info!(target: "sync_service", instance = "main", members = 3, "Roster taken over");
    tracing::info!(target: "sync_service", instance = "other", "roster taken over");
    tracing::error!(target: "sync_service", error = "cannot reach the PBX", "a link does not work");
    let found =
        |query: LogQuery| -> Vec<u64> { log.logging.recent(&query).iter().map(|line| line.seq).collect() };
    let all = LogQuery::default();
    assert_eq!(found(all.clone()), [1, 2, 3]);
    let query = LogQuery {
        level: LogLevel::Warn,
        ..all.clone()
    };
    assert_eq!(found(query), [3]);
    let query = LogQuery {
        instance: Some("main".to_owned()),
        ..all.clone()
    };
    assert_eq!(found(query), [1]);
    for (text, seqs) in [
        ("ROSTER", &[1, 2][..]),
        ("the pbx", &[3]),
        ("members", &[1]),
        ("nothing", &[]),
    ] {
        let query = LogQuery {
            search: Some(text.to_owned()),
            ..all.clone()
        };
        assert_eq!(found(query), seqs, "{text}");
    }
    let line = &log.logging.recent(&all)[0];
    assert_eq!(line.fields["members"], "3");
    assert_eq!(
        line.text(),
        "2026-11-23T09:00:00.000Z INFO  Roster taken over instance=main members=3"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_misses_no_line_and_whoever_looks_sees_the_newest() {
    let log = Log::at(LogLevel::Info);
    let newest = log.logging.follow();
    for number in 1..=10 {
        tracing::info!(target: "sync_service", number, "an event");
    }
    assert_eq!(*newest.borrow(), 10);
    let page = |after: Option<u64>| {
        let query = LogQuery {
            after,
            limit: 3,
            ..LogQuery::default()
        };
        let page = log.logging.page(&query);
        let seqs: Vec<u64> = page.lines.iter().map(|line| line.seq).collect();
        (seqs, page.seen)
    };
    assert_eq!(page(None), (vec![8, 9, 10], 10));
    assert_eq!(page(Some(0)), (vec![1, 2, 3], 3));
    assert_eq!(page(Some(3)), (vec![4, 5, 6], 6));
    assert_eq!(page(Some(9)), (vec![10], 10));
    assert_eq!(page(Some(10)), (vec![], 10));
    assert_eq!(
        page(Some(11)),
        (vec![8, 9, 10], 10),
        "the number of another process"
    );
}
