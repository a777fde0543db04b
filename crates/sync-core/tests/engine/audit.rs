//! What the audit says of a day, judged by what the PBX saw.

use jiff::Timestamp;
use sync_core::{
    AuditRange, AuditRecord, AuditResult, ChatPresence, Fault, LedgerPort, PbxUserId, PortError, Value,
};

use crate::support::{World, seconds};

const ON: Value = Value::Dnd(true);
const OFF: Value = Value::Dnd(false);

async fn audit(world: &World) -> Vec<AuditRecord> {
    world
        .ledger
        .audit(&AuditRange::since(Timestamp::MIN), usize::MAX)
        .await
        .unwrap()
}

/// Whose value became what, by which rule, and how that is known: of DND alone.
async fn told(world: &World) -> Vec<(i64, Value, Option<String>, AuditResult)> {
    let records = audit(world).await;
    let entries = records.into_iter().map(|record| record.entry);
    entries
        .filter(|entry| matches!(entry.to, Value::Dnd(_)))
        .map(|entry| {
            let rule = entry.rule.map(|rule| rule.to_string());
            (entry.user.0, entry.to, rule, entry.result)
        })
        .collect()
}

fn line(id: i64, to: Value, rule: &str) -> (i64, Value, Option<String>, AuditResult) {
    (id, to, Some(rule.to_owned()), AuditResult::Confirmed)
}

async fn equals_the_history(world: &World) {
    let mut audited: Vec<_> = audit(world)
        .await
        .into_iter()
        .map(|record| (record.entry.user, record.entry.from, record.entry.to))
        .collect();
    let mut seen: Vec<_> = world
        .pbx
        .writes()
        .into_iter()
        .map(|write| (write.user, write.from, write.to))
        .collect();
    audited.sort();
    seen.sort();
    assert_eq!(audited, seen);
}

#[tokio::test(start_paused = true)]
async fn each_write_is_audited_with_the_rule_or_the_reason_of_its_release() {
    let mut world = World::with(3);
    for id in 1..=3 {
        world.teams_says(id, "Busy/InACall");
    }
    world.start().await;
    world.settle().await;
    world.teams_says(1, "Available/Available");
    world.settle().await;
    world.teams_is_silent_about(2);
    world.pass(seconds(16 * 60)).await;
    world.pbx.assign(3, false);
    world.pass(seconds(120)).await;
    let lines = told(&world).await;
    let rule_of_available = lines
        .iter()
        .find(|line| line.0 == 1 && line.1 == OFF)
        .cloned()
        .unwrap();
    assert_eq!(
        lines,
        [
            line(1, ON, "Busy/InACall"),
            line(2, ON, "Busy/InACall"),
            line(3, ON, "Busy/InACall"),
            rule_of_available,
            line(2, OFF, "unknown-presence"),
            line(3, OFF, "left-the-group"),
        ]
    );
    equals_the_history(&world).await;
    let releases = audit(&world)
        .await
        .into_iter()
        .filter(|record| record.entry.release);
    assert!(
        releases
            .map(|record| record.entry.user)
            .all(|user| user != PbxUserId(1))
    );
    let first = audit(&world).await.swap_remove(0);
    assert_eq!(
        (first.instance, first.pbx),
        (world.settings.instance.clone(), world.settings.pbx.clone())
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_audited_when_it_is_found() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    world.pbx.lose_answers(2);
    world.teams_says(1, "Busy/InACall");
    world.pass(seconds(120)).await;
    let mut results: Vec<_> = audit(&world)
        .await
        .into_iter()
        .map(|record| (record.entry.to, record.entry.result))
        .collect();
    results.sort_by_key(|(to, _)| *to);
    assert_eq!(
        results,
        [
            (ON, AuditResult::Found),
            (Value::Chat(ChatPresence::DoNotDisturb), AuditResult::Found)
        ]
    );
    equals_the_history(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_a_crash_cut_off_is_audited_by_the_next_process_with_its_rule() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    world.pbx.lose_answers(2);
    world.teams_says(1, "Busy/InACall");
    while world.pbx.writes().is_empty() {
        world.pass(seconds(1) / 1_000).await;
    }
    world.kill().await;
    assert_eq!(told(&world).await, []);
    world.start().await;
    world.pass(seconds(60)).await;
    let (id, to, rule, result) = told(&world).await.swap_remove(0);
    assert_eq!(
        (id, to, rule.as_deref(), result),
        (1, ON, Some("Busy/InACall"), AuditResult::Found)
    );
    equals_the_history(&world).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_written_is_not_audited() {
    let mut world = World::with(2);
    world.pbx.set_by_human(1, ON);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    assert_eq!(told(&world).await, [], "it was there already");
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Unreachable, "connect")));
    world.teams_says(2, "Busy/InACall");
    world.pass(seconds(60)).await;
    assert_eq!(told(&world).await, [], "it never arrived");
    world.pbx.fail_with(None);
    world.pass(seconds(600)).await;
    assert_eq!(told(&world).await, [line(2, ON, "Busy/InACall")]);
    equals_the_history(&world).await;
}
