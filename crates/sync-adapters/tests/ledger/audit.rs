//! The rules of the audit.

use jiff::Timestamp;
use sync_core::{
    AUDIT_BATCH, AuditEntry, AuditRange, AuditRecord, AuditResult, ChatPresence, Fault, InstanceName,
    LedgerCommit, LedgerPort, Value,
};

use crate::sample::{audit, claim, entry, full_row, lease, remove, row, second, upsert, user, whole_audit};
use crate::stores::Store;

fn numbers(records: &[AuditRecord]) -> Vec<u64> {
    records.iter().map(|record| record.entry.number).collect()
}

async fn read(ledger: &dyn LedgerPort, range: &AuditRange) -> Vec<u64> {
    numbers(&ledger.audit(range, usize::MAX).await.unwrap())
}

pub(crate) async fn what_was_audited_is_there_after_reopening(store: &impl Store) {
    let ledger = store.open().await;
    let ours = lease(&*ledger, &claim("main", "pbx.example:443")).await;
    let chat = AuditEntry {
        at: "2026-11-23T09:00:00.123Z".parse().unwrap(),
        from: Value::Chat(ChatPresence::ExtendedAway),
        to: Value::Chat(ChatPresence::DoNotDisturb),
        rule: None,
        release: true,
        result: AuditResult::Found,
        ..entry(2, 7)
    };
    let commit = LedgerCommit {
        upsert: vec![full_row(7)],
        audit: vec![entry(1, 7), chat.clone()],
        ..LedgerCommit::default()
    };
    ledger.commit(&ours, &commit).await.unwrap();
    ledger.surrender(&ours).await.unwrap();
    drop(ledger);
    let record = |entry| AuditRecord {
        instance: InstanceName("main".into()),
        pbx: ours.claim.pbx.clone(),
        fence: ours.fence,
        entry,
    };
    assert_eq!(
        whole_audit(&*store.open().await).await,
        [record(entry(1, 7)), record(chat)]
    );
}

pub(crate) async fn an_entry_that_is_stored_again_is_one_entry(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let ours = lease(&*ledger, &main).await;
    for commit in [audit([entry(1, 1)]), audit([entry(1, 1), entry(2, 1)])] {
        ledger.commit(&ours, &commit).await.unwrap();
    }
    assert_eq!(numbers(&whole_audit(&*ledger).await), [1, 2]);
    ledger.surrender(&ours).await.unwrap();
    let next = lease(&*ledger, &main).await;
    ledger.commit(&next, &audit([entry(1, 1)])).await.unwrap();
    assert_eq!(
        numbers(&whole_audit(&*ledger).await),
        [1, 1, 2],
        "under another lease it is another one"
    );
}

pub(crate) async fn records_come_oldest_first_whatever_the_order_of_storing(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (
        lease(&*ledger, &claim("a", "pbx")).await,
        lease(&*ledger, &claim("b", "pbx")).await,
    );
    let same_instant = |number| AuditEntry {
        at: second(50),
        ..entry(number, 1)
    };
    ledger
        .commit(&b, &audit([entry(60, 2), same_instant(51), entry(40, 2)]))
        .await
        .unwrap();
    ledger
        .commit(&a, &audit([same_instant(53), same_instant(52), entry(41, 1)]))
        .await
        .unwrap();
    assert_eq!(numbers(&whole_audit(&*ledger).await), [40, 41, 52, 53, 51, 60]);
}

pub(crate) async fn pages_join_without_a_gap_or_a_double(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (
        lease(&*ledger, &claim("a", "pbx")).await,
        lease(&*ledger, &claim("b", "pbx")).await,
    );
    // Several of one instant, so that a page ends among them.
    let burst = |from: u64, id| {
        (from..from + 30).map(move |number| AuditEntry {
            at: second(number / 7),
            ..entry(number, id)
        })
    };
    ledger.commit(&a, &audit(burst(1, 1))).await.unwrap();
    ledger.commit(&b, &audit(burst(10, 2))).await.unwrap();
    let whole = whole_audit(&*ledger).await;
    assert_eq!(whole.len(), 60);
    for limit in [1, 4, 7, 59, 60, 100] {
        let mut range = AuditRange::since(Timestamp::MIN);
        let mut joined = Vec::new();
        loop {
            let page = ledger.audit(&range, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            range.after = Some(last.position());
            joined.extend(page);
        }
        assert_eq!(joined, whole, "{limit}");
    }
}

pub(crate) async fn only_what_is_asked_for_is_read(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (
        lease(&*ledger, &claim("a", "pbx")).await,
        lease(&*ledger, &claim("b", "pbx")).await,
    );
    ledger
        .commit(&a, &audit([entry(1, 1), entry(3, 1)]))
        .await
        .unwrap();
    ledger
        .commit(&b, &audit([entry(2, 2), entry(4, 2)]))
        .await
        .unwrap();
    let ledger = &*ledger;
    assert_eq!(read(ledger, &AuditRange::since(second(2))).await, [2, 3, 4]);
    let between = second(2) + std::time::Duration::from_nanos(1);
    assert_eq!(read(ledger, &AuditRange::since(between)).await, [3, 4]);
    assert_eq!(read(ledger, &AuditRange::since(Timestamp::MAX)).await, [0_u64; 0]);
    let of = |instance: &str, since| AuditRange {
        instance: Some(InstanceName(instance.into())),
        ..AuditRange::since(since)
    };
    assert_eq!(read(ledger, &of("a", Timestamp::MIN)).await, [1, 3]);
    assert_eq!(read(ledger, &of("b", second(3))).await, [4]);
    assert_eq!(read(ledger, &of("c", Timestamp::MIN)).await, [0_u64; 0]);
    let first = ledger.audit(&AuditRange::since(Timestamp::MIN), 1).await.unwrap();
    let after_first = |since| AuditRange {
        after: first.last().map(AuditRecord::position),
        ..of("a", since)
    };
    assert_eq!(read(ledger, &after_first(Timestamp::MIN)).await, [3]);
    assert_eq!(read(ledger, &after_first(second(4))).await, [0_u64; 0]);
}

pub(crate) async fn entries_of_refused_rows_are_left_out(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (
        lease(&*ledger, &claim("a", "pbx")).await,
        lease(&*ledger, &claim("b", "pbx")).await,
    );
    ledger.commit(&a, &upsert([row(1)])).await.unwrap();
    let commit = LedgerCommit {
        upsert: vec![row(1), row(2)],
        audit: vec![entry(1, 1), entry(2, 2)],
        ..LedgerCommit::default()
    };
    assert_eq!(ledger.commit(&b, &commit).await.unwrap(), [user(1)]);
    assert_eq!(numbers(&whole_audit(&*ledger).await), [2]);
}

pub(crate) async fn entries_under_an_old_lease_are_refused(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let old = lease(&*ledger, &main).await;
    ledger.surrender(&old).await.unwrap();
    let _new = lease(&*ledger, &main).await;
    let refused = ledger.commit(&old, &audit([entry(1, 1)])).await.unwrap_err();
    assert_eq!(refused.fault, Fault::State);
    assert_eq!(whole_audit(&*ledger).await, []);
}

pub(crate) async fn what_is_older_than_the_limit_is_forgotten_and_nothing_else(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "pbx")).await;
    let b = lease(&*ledger, &claim("b", "pbx")).await;
    ledger
        .commit(&a, &audit([entry(1, 1), entry(3, 1)]))
        .await
        .unwrap();
    ledger.commit(&b, &audit([entry(2, 2)])).await.unwrap();
    ledger.surrender(&b).await.unwrap();
    assert_eq!(ledger.forget_audit(Timestamp::MIN).await.unwrap(), 0);
    assert_eq!(
        ledger.forget_audit(second(3)).await.unwrap(),
        2,
        "also of an instance that nobody runs"
    );
    assert_eq!(numbers(&whole_audit(&*ledger).await), [3]);
    assert_eq!(ledger.forget_audit(second(3)).await.unwrap(), 0);
}

pub(crate) async fn forgetting_deletes_a_bounded_number_at_once(store: &impl Store) {
    let ledger = store.open().await;
    let ours = lease(&*ledger, &claim("main", "pbx")).await;
    let many = u64::try_from(AUDIT_BATCH).unwrap() + 5;
    ledger
        .commit(&ours, &audit((1..=many).rev().map(|number| entry(number, 1))))
        .await
        .unwrap();
    let before = second(many);
    assert_eq!(ledger.forget_audit(before).await.unwrap(), AUDIT_BATCH);
    assert_eq!(
        numbers(&whole_audit(&*ledger).await),
        (many - 4..=many).collect::<Vec<_>>(),
        "the oldest go first"
    );
    assert_eq!(ledger.forget_audit(before).await.unwrap(), 4);
    assert_eq!(ledger.forget_audit(before).await.unwrap(), 0);
}

pub(crate) async fn forgetting_rows_keeps_their_audit(store: &impl Store) {
    let ledger = store.open().await;
    let ours = lease(&*ledger, &claim("main", "pbx")).await;
    ledger.commit(&ours, &upsert([row(1)])).await.unwrap();
    let commit = LedgerCommit {
        audit: vec![entry(1, 1)],
        ..remove(1)
    };
    ledger.commit(&ours, &commit).await.unwrap();
    assert_eq!(numbers(&whole_audit(&*ledger).await), [1]);
}
