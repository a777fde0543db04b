//! What is true of the file alone.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{Fault, LedgerPort, PortError};

use crate::sample::{claim, full_row, lease, row, upsert};
use crate::stores::{Sqlite, Store};

async fn change(path: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    connection.execute(sqlx::raw_sql(statement)).await.unwrap();
    connection.close().await.unwrap();
}

async fn refused(path: &Path) -> PortError {
    let before = fs::read(path).unwrap();
    let writing = SqliteLedger::open(path).await.unwrap_err();
    let reading = SqliteLedger::open_read_only(path).await.unwrap_err();
    assert_eq!((writing.fault, reading.fault), (Fault::State, Fault::State));
    assert_eq!(
        (writing.to_string(), reading.to_string()),
        ("cannot open the state".into(), "cannot read the state".into())
    );
    assert!(fs::read(path).unwrap() == before, "it was changed");
    writing
}

#[tokio::test]
async fn after_a_crash_the_lease_is_free_and_what_was_committed_is_there() {
    let store = Sqlite::default();
    let main = claim("main", "pbx");
    let crashed = store.open().await;
    let old = lease(&*crashed, &main).await;
    crashed.commit(&old, &upsert([full_row(1)])).await.unwrap();
    drop(crashed);

    let ledger = store.open().await;
    let new = lease(&*ledger, &main).await;
    assert!(new.fence > old.fence);
    assert_eq!(new.lasts, None);
    assert_eq!(ledger.load(&main).await.unwrap().rows, [full_row(1)]);
    assert_eq!(
        ledger.commit(&old, &upsert([row(2)])).await.unwrap_err().fault,
        Fault::State
    );
}

#[tokio::test]
async fn a_commit_that_is_cut_off_is_stored_whole_or_not_at_all() {
    let store = Sqlite::default();
    let main = claim("main", "pbx");
    let ledger = store.open().await;
    let ours = lease(&*ledger, &main).await;
    let (old, new): (Vec<_>, Vec<_>) = (1..=300).map(|id| (row(id), full_row(id))).unzip();
    let mut cut_off = 0;
    for polls in 1..40 {
        ledger.commit(&ours, &upsert(old.clone())).await.unwrap();
        let commit = upsert(new.clone());
        let ended = {
            let mut storing = pin!(ledger.commit(&ours, &commit));
            let mut ended = false;
            for _ in 0..polls {
                if let Poll::Ready(result) = storing.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    result.unwrap();
                    ended = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
            ended
        };
        cut_off += usize::from(!ended);
        let rows = ledger.load(&main).await.unwrap().rows;
        assert!(rows == new || (!ended && rows == old), "{polls}");
    }
    assert!(cut_off > 0);
}

#[tokio::test]
async fn the_state_and_its_locks_are_for_their_owner_alone() {
    let store = Sqlite::default();
    let ledger = store.open().await;
    let ours = lease(&*ledger, &claim("main", "pbx")).await;
    ledger.commit(&ours, &upsert([row(1)])).await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(store.folder()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{name}");
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        ["state.db", "state.db-shm", "state.db-wal", "state.db.main.lock"]
    );
}

#[tokio::test]
async fn a_file_that_exists_keeps_its_rights() {
    let store = Sqlite::default();
    drop(store.open().await);
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o640)).unwrap();
    drop(store.open().await);
    assert_eq!(fs::metadata(store.path()).unwrap().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn a_state_of_the_first_format_is_brought_up_to_date_with_its_rows() {
    let store = Sqlite::default();
    drop(fs::File::create(store.path()).unwrap());
    change(
        &store.path(),
        include_str!("../../migrations/sqlite/0001_ledger.sql"),
    )
    .await;
    let rows = "PRAGMA application_id = 0x54505331; PRAGMA user_version = 1; \
                INSERT INTO leases VALUES ('main', 3, ''); INSERT INTO instances VALUES ('pbx', 'main', 'paused'); \
                INSERT INTO members VALUES ('pbx', 7, 'main', '0007', '{}', '{}', NULL, 0)";
    change(&store.path(), rows).await;
    let look = SqliteLedger::open_read_only(store.path()).await.unwrap_err();
    assert!(
        look.chain().contains("has to be brought to version 7"),
        "{}",
        look.chain()
    );
    let ledger = store.open().await;
    let memory = ledger.load(&claim("main", "pbx")).await.unwrap();
    assert_eq!(
        (memory.rows, memory.mode),
        (vec![row(7)], sync_core::Mode::Paused)
    );
    let held = lease(&*ledger, &claim("main", "pbx")).await;
    assert_eq!(held.fence, 4);
}

#[tokio::test]
async fn a_later_format_is_refused_and_left_as_it_is() {
    let store = Sqlite::default();
    drop(store.open().await);
    change(
        &store.path(),
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = 99",
    )
    .await;
    let error = refused(&store.path()).await;
    assert_eq!(
        error.chain(),
        "cannot open the state: its format is version 99, and this program knows versions up to 7"
    );
    assert!(error.advice.unwrap().contains("a later one"));
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_as_it_is() {
    let store = Sqlite::default();
    change(&store.path(), "CREATE TABLE someone_elses (id INTEGER)").await;
    assert!(
        refused(&store.path())
            .await
            .chain()
            .ends_with("is no state of this program")
    );
    fs::write(
        store.path(),
        "This is a text and was never a database, however long one reads on.".repeat(20),
    )
    .unwrap();
    let error = refused(&store.path()).await;
    assert_eq!(
        error.chain(),
        "cannot open the state: SQLite says: file is not a database (26)"
    );
    assert!(error.advice.unwrap().contains("damaged"));
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let store = Sqlite::default();
    let folder = store.folder().join("missing");
    let error = SqliteLedger::open(folder.join("state.db")).await.unwrap_err();
    assert_eq!(
        error.chain(),
        format!("cannot open the state: there is no folder `{}`", folder.display())
    );
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_row_with_members_of_a_later_version_is_read_and_a_senseless_one_is_an_error() {
    let store = Sqlite::default();
    let main = claim("main", "pbx");
    let ledger = store.open().await;
    let ours = lease(&*ledger, &main).await;
    ledger.commit(&ours, &upsert([row(7)])).await.unwrap();
    change(
        &store.path(),
        r#"UPDATE members SET dnd = '{"settled":"never","later":{"a":1}}'"#,
    )
    .await;
    assert_eq!(ledger.load(&main).await.unwrap().rows, [row(7)]);
    change(
        &store.path(),
        r#"UPDATE members SET chat = '{"settled":"sometimes"}'"#,
    )
    .await;
    let error = ledger.load(&main).await.unwrap_err();
    assert!(
        error
            .chain()
            .starts_with("cannot read the ledger: the row of PBX user 7 cannot be read: "),
        "{}",
        error.chain()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_may_make_and_open_the_same_state_at_once() {
    for _ in 0..10 {
        let store = Sqlite::default();
        let path = store.path();
        let opening: Vec<_> = (0..6)
            .map(|_| tokio::spawn(SqliteLedger::open(path.clone())))
            .collect();
        for opened in opening {
            let ledger = opened.await.unwrap().unwrap();
            assert_eq!(ledger.remembered().await.unwrap(), []);
        }
    }
}
