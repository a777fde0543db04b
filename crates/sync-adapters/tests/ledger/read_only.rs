//! Dry runs.

use jiff::Timestamp;
use sync_adapters::memory::MemoryLedger;
use sync_adapters::read_only::ReadOnlyLedger;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{Fault, LedgerPort, Memory, Mode};

use crate::sample::{NOW, audit, claim, entry, full_row, lease, mode, row, seats, upsert, user, whole_audit};
use crate::stores::{Sqlite, Store};

async fn rows(ledger: &dyn LedgerPort) -> Memory {
    ledger.load(&claim("main", "pbx")).await.unwrap()
}

#[tokio::test]
async fn a_dry_run_reads_everything_and_stores_nothing() {
    let inner = MemoryLedger::new();
    let (main, other) = (claim("main", "pbx"), claim("other", "pbx"));
    let held = lease(&inner, &main).await;
    let of_other = lease(&inner, &other).await;
    inner.commit(&held, &upsert([row(1)])).await.unwrap();
    inner.commit(&held, &audit([entry(1, 1)])).await.unwrap();
    inner.commit(&of_other, &upsert([row(2)])).await.unwrap();

    let dry = ReadOnlyLedger::new(inner);
    let granted = lease(&dry, &main).await;
    assert!(dry.renew(&granted, NOW).await.unwrap());
    assert_eq!(
        dry.commit(&granted, &upsert([full_row(1), row(2), row(3)]))
            .await
            .unwrap(),
        [user(2)]
    );
    dry.commit(&granted, &mode(Mode::Paused)).await.unwrap();
    dry.commit(&granted, &audit([entry(2, 1)])).await.unwrap();
    assert_eq!(dry.forget_audit(Timestamp::MAX).await.unwrap(), 0);
    assert_eq!(whole_audit(&dry).await.len(), 1);
    dry.surrender(&granted).await.unwrap();
    let memory = rows(&dry).await;
    assert_eq!((memory.rows, memory.mode), (vec![row(1)], Mode::Running));
    assert_eq!(dry.remembered().await.unwrap().len(), 2);
    let counted = dry.take_seats(&granted, &seats("L1", 1, 4)).await.unwrap();
    dry.keep_seats_of(&[]).await.unwrap();
    assert_eq!((counted.taken, rows(&dry).await.licence), (4, None));
}

#[tokio::test]
async fn a_state_is_read_while_a_daemon_has_it_and_writes_to_it() {
    let store = Sqlite::default();
    let daemon = store.open().await;
    let held = lease(&*daemon, &claim("main", "pbx")).await;
    daemon.commit(&held, &upsert([row(1)])).await.unwrap();
    let dry = SqliteLedger::open_read_only(store.path()).await.unwrap();
    assert_eq!(rows(&dry).await.rows, [row(1)]);
    daemon.commit(&held, &upsert([full_row(1)])).await.unwrap();
    daemon.commit(&held, &audit([entry(1, 1)])).await.unwrap();
    assert_eq!(whole_audit(&dry).await.len(), 1);
    assert_eq!(rows(&dry).await.rows, [full_row(1)]);
    let granted = lease(&dry, &claim("main", "pbx")).await;
    dry.commit(&granted, &upsert([row(9)])).await.unwrap();
    assert_eq!(rows(&*daemon).await.rows, [full_row(1)]);
    assert!(daemon.renew(&held, NOW).await.unwrap());
}

#[tokio::test]
async fn a_state_that_does_not_exist_is_read_as_empty_and_not_made() {
    let store = Sqlite::default();
    let dry = SqliteLedger::open_read_only(store.path()).await.unwrap();
    assert!(rows(&dry).await.rows.is_empty());
    assert_eq!(dry.remembered().await.unwrap(), []);
    assert_eq!(std::fs::read_dir(store.folder()).unwrap().count(), 0);
    let missing = SqliteLedger::open_read_only(store.folder().join("missing/state.db"))
        .await
        .unwrap_err();
    assert_eq!(missing.fault, Fault::State);
}
