//! Changing settings where something stands in the way: another edit, another program, the disk.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sync_adapters::clock::SystemClock;
use sync_adapters::http::Proxies;
use sync_adapters::memory::MemoryLedger;
use sync_adapters::sqlite::SqliteLedger;
use sync_core::InstanceName;
use tempfile::TempDir;

use super::{Author, DaemonOptions, Files, Supervisor};
use crate::assembly::Assembly;
use crate::config::edit::faulty::FaultyDisk;
use crate::config::edit::{Change, Edit, EditError, ReadOnlyCode, Revision};
use crate::config::{Environment, load};
use crate::telemetry::Metrics;

const FILE: &str = "version = 1 # ours\n\n[daemon]\nstate = \"sqlite:state/state.db\"\n\n[instances.main]\nenabled = false\n\
    [instances.main.teams]\ntenant_id = \"contoso.example\"\nclient_id = \"c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11\"\n\
    client_secret_file = \"graph.secret\"\n[instances.main.starface]\nurl = \"https://pbx.example\"\ngroup = \"Teams\"\n\
    login = \"0001\"\npassword_file = \"pbx.password\"\n";

struct Home {
    folder: TempDir,
    disk: Arc<FaultyDisk>,
    files: Arc<Files>,
}

impl Home {
    async fn new() -> Self {
        Self::with(FaultyDisk::fails_at(usize::MAX)).await
    }

    async fn with(disk: FaultyDisk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("state")).unwrap();
        write(folder.path().join("presence-sync.toml"), FILE);
        write(folder.path().join("graph.secret"), "OPERATORS-graph\n");
        write(folder.path().join("pbx.password"), "OPERATORS-password\n");
        let options = DaemonOptions {
            config: folder.path().join("presence-sync.toml"),
            environment: Environment::default(),
            program: "0.0.0-test",
            logging: None,
        };
        let loaded = load(&options.config, &options.environment).unwrap();
        let changes = SqliteLedger::open(folder.path().join("state/state.db"))
            .await
            .unwrap()
            .settings_audit();
        let assembly = Assembly::new(
            Arc::new(MemoryLedger::new()),
            Arc::new(SystemClock::default()),
            Arc::new(Metrics::new("0.0.0-test")),
            Proxies::default(),
        );
        let disk = Arc::new(disk);
        let supervisor = Arc::new(Supervisor::new(assembly));
        let files = Files::new(options, supervisor, loaded, changes, Arc::clone(&disk) as _);
        Self {
            folder,
            disk,
            files: Arc::new(files),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("presence-sync.toml")).unwrap()
    }

    async fn edit(&self, changes: impl IntoIterator<Item = Change>) -> Edit {
        Edit {
            base: self.files.written().await.revision,
            changes: changes.into_iter().collect(),
        }
    }

    /// Makes an edit, and answers with the differences.
    async fn make(&self, changes: impl IntoIterator<Item = Change>) -> Result<usize, EditError> {
        let edit = self.edit(changes).await;
        let proposal = self.files.propose(&edit).await?;
        let changed = self.files.change(proposal, &author()).await?;
        assert!(changed.applied);
        assert_eq!(changed.revision, self.files.written().await.revision);
        Ok(changed.differences.len())
    }

    async fn audit(&self) -> usize {
        self.files
            .settings_changes(jiff::Timestamp::MIN, None)
            .await
            .unwrap()
            .len()
    }
}

fn write(path: PathBuf, text: &str) {
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

fn author() -> Author {
    Author {
        who: "page".to_owned(),
        from: Some([127, 0, 0, 1].into()),
    }
}

fn set(key: &str, value: impl Into<serde_json::Value>) -> Change {
    Change::Set {
        key: key.parse().unwrap(),
        value: value.into(),
    }
}

fn secret(key: &str, secret: &str) -> Change {
    Change::Secret {
        key: key.parse().unwrap(),
        secret: secret.to_owned().into(),
    }
}

const PASSWORD: &str = "instances.main.starface.password_file";

#[tokio::test]
async fn a_change_is_written_and_what_the_daemon_runs_with_changes_with_it() {
    let home = Home::new().await;
    let made = home
        .make([set("daemon.audit_days", 7), set("daemon.language", "de")])
        .await;
    assert_eq!(made.unwrap(), 2);
    assert_eq!(home.files.daemon().audit_days, 7);
    assert_eq!(
        home.text(),
        FILE.replace("state.db\"\n", "state.db\"\naudit_days = 7\nlanguage = \"de\"\n")
    );
    assert_eq!(
        fs::read_to_string(home.path("presence-sync.toml.previous")).unwrap(),
        FILE
    );
    assert_eq!(home.audit().await, 1);
}

#[tokio::test]
async fn a_change_of_nothing_writes_nothing() {
    let home = Home::new().await;
    assert_eq!(home.make([set("version", 1)]).await.unwrap(), 0);
    assert_eq!(home.text(), FILE);
    assert!(!home.path("presence-sync.toml.previous").exists());
    assert_eq!(home.audit().await, 0);
}

#[tokio::test]
async fn a_typed_secret_becomes_a_file_of_ours_and_those_of_the_operator_stay() {
    let home = Home::new().await;
    let made = home.make([secret(PASSWORD, "TYPED-1")]).await;
    assert_eq!(made.unwrap(), 1);
    assert!(
        home.text().contains("password_file = \"state/main.password\""),
        "{}",
        home.text()
    );
    assert_eq!(
        fs::read_to_string(home.path("state/main.password")).unwrap(),
        "TYPED-1\n"
    );
    assert_eq!(
        fs::read_to_string(home.path("pbx.password")).unwrap(),
        "OPERATORS-password\n"
    );
    // Another one goes into the same file, which makes no difference to the text.
    let text = home.text();
    assert_eq!(home.make([secret(PASSWORD, "TYPED-2")]).await.unwrap(), 1);
    assert_eq!(home.text(), text);
    assert_eq!(
        fs::read_to_string(home.path("state/main.password")).unwrap(),
        "TYPED-2\n"
    );
    let audit = home
        .files
        .settings_changes(jiff::Timestamp::MIN, None)
        .await
        .unwrap();
    let told = serde_json::to_value(audit.iter().map(|change| &change.changes).collect::<Vec<_>>()).unwrap();
    assert_eq!(
        told,
        json!([
            [{"key": PASSWORD, "before": "pbx.password", "after": "state/main.password", "secret": true}],
            [{"key": PASSWORD, "before": "state/main.password", "after": "state/main.password", "secret": true}],
        ])
    );
    let settings = home.files.settings.lock().await;
    let running = &settings.instances[&InstanceName("main".into())];
    assert_eq!(running.starface.password, "TYPED-2".to_owned().into());
}

#[tokio::test]
async fn a_certificate_with_its_key_is_typed_like_a_secret() {
    let home = Home::new().await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    let pem = format!(
        "{}{}",
        certificate.self_signed(&key).unwrap().pem(),
        key.serialize_pem()
    );
    let changes = |pem: &str| {
        [
            set("instances.main.teams.auth", "client-certificate"),
            Change::Remove {
                key: "instances.main.teams.client_secret_file".parse().unwrap(),
            },
            secret("instances.main.teams.client_certificate_file", pem),
        ]
    };
    let half = home.make(changes(&pem[..pem.len() / 2])).await.unwrap_err();
    assert!(
        matches!(&half, EditError::NotGood(errors) if errors.faults().len() == 1),
        "{half}"
    );
    assert!(!home.path("state/main.client_certificate").exists());
    assert_eq!(home.make(changes(&pem)).await.unwrap(), 3);
    assert_eq!(
        fs::read_to_string(home.path("state/main.client_certificate")).unwrap(),
        pem
    );
}

#[tokio::test]
async fn a_bad_secret_is_refused_before_anything_is_written() {
    let home = Home::new().await;
    for bad in ["", "  ", "two\nlines"] {
        let error = home.make([secret(PASSWORD, bad)]).await.unwrap_err();
        assert!(matches!(error, EditError::NotGood(_)), "{bad:?}: {error}");
    }
    assert_eq!(home.text(), FILE);
    assert!(!home.path("state/main.password").exists());
}

#[tokio::test]
async fn a_proposal_writes_nothing() {
    let home = Home::new().await;
    let edit = home
        .edit([secret(PASSWORD, "TYPED"), set("daemon.log", "warn")])
        .await;
    let proposal = home.files.propose(&edit).await.unwrap();
    assert_eq!(proposal.differences().len(), 2);
    assert_eq!(
        proposal.loaded().settings.daemon.log,
        crate::config::LogLevel::Warn
    );
    assert!(proposal.document().text().contains("log = \"warn\""));
    assert_eq!(home.text(), FILE);
    assert_eq!(
        fs::read_dir(home.path("state"))
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with("main.")
            })
            .count(),
        0
    );
}

#[tokio::test]
async fn of_edits_at_the_same_time_exactly_one_wins() {
    let home = Home::new().await;
    let mut proposals = Vec::new();
    for days in 1..=8 {
        let edit = home.edit([set("daemon.audit_days", days)]).await;
        proposals.push((days, home.files.propose(&edit).await.unwrap()));
    }
    let making = proposals.into_iter().map(|(days, proposal)| {
        let files = Arc::clone(&home.files);
        tokio::spawn(async move { (days, files.change(proposal, &author()).await) })
    });
    let mut won = Vec::new();
    for made in making.collect::<Vec<_>>() {
        match made.await.unwrap() {
            (days, Ok(_)) => won.push(days),
            (_, Err(EditError::Stale { ours, theirs })) => assert_ne!(ours, theirs),
            (_, Err(error)) => panic!("{error}"),
        }
    }
    let [days] = won.as_slice() else { panic!("{won:?}") };
    assert!(
        home.text().contains(&format!("audit_days = {days}\n")),
        "{}",
        home.text()
    );
    assert_eq!(u16::try_from(*days).unwrap(), home.files.daemon().audit_days);
    assert_eq!(home.audit().await, 1);
}

#[tokio::test]
async fn an_edit_by_hand_meanwhile_is_not_overwritten() {
    let home = Home::new().await;
    let edit = home.edit([set("daemon.audit_days", 7)]).await;
    let proposal = home.files.propose(&edit).await.unwrap();
    let by_hand = FILE.replace("# ours", "# by hand");
    write(home.path("presence-sync.toml"), &by_hand);
    let error = home.files.change(proposal, &author()).await.unwrap_err();
    assert!(
        matches!(&error, EditError::Stale { ours, theirs } if *ours == edit.base && *theirs == Revision::of(by_hand.as_bytes())),
        "{error}"
    );
    assert!(matches!(
        home.files.propose(&edit).await,
        Err(EditError::Stale { .. })
    ));
    assert_eq!(home.text(), by_hand);
    // A reload takes what was written by hand, and an edit goes on from there.
    home.files.reload().await.unwrap();
    home.make([set("daemon.audit_days", 7)]).await.unwrap();
    assert!(home.text().contains("# by hand") && home.text().contains("audit_days = 7"));
}

#[tokio::test]
async fn a_reload_at_the_same_time_leaves_the_daemon_with_what_the_file_says() {
    for _ in 0..8 {
        let home = Home::new().await;
        let edit = home.edit([set("daemon.audit_days", 7)]).await;
        let proposal = home.files.propose(&edit).await.unwrap();
        let author = author();
        let (first, changed, last) = tokio::join!(
            home.files.reload(),
            home.files.change(proposal, &author),
            home.files.reload()
        );
        first.unwrap();
        changed.unwrap();
        last.unwrap();
        assert!(home.text().contains("audit_days = 7"));
        assert_eq!(home.files.daemon().audit_days, 7);
    }
}

#[tokio::test]
async fn whoever_stops_waiting_does_not_stop_the_change() {
    let home = Home::new().await;
    let edit = home.edit([set("daemon.audit_days", 7)]).await;
    let proposal = home.files.propose(&edit).await.unwrap();
    let held = home.files.settings.lock().await;
    let author = author();
    let change = home.files.change(proposal, &author);
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, change)
            .await
            .is_err()
    );
    drop(held);
    // It has the lock next.
    let settings = loop {
        tokio::task::yield_now().await;
        let settings = home.files.settings.lock().await;
        if settings.daemon.audit_days == 7 {
            break settings;
        }
    };
    drop(settings);
    assert!(home.text().contains("audit_days = 7"));
}

#[tokio::test]
async fn a_secret_file_that_went_bad_meanwhile_stops_the_change() {
    let home = Home::new().await;
    let edit = home.edit([set("daemon.audit_days", 7)]).await;
    let proposal = home.files.propose(&edit).await.unwrap();
    fs::remove_file(home.path("pbx.password")).unwrap();
    let error = home.files.change(proposal, &author()).await.unwrap_err();
    assert!(matches!(error, EditError::NotGood(_)), "{error}");
    assert_eq!(home.text(), FILE);
}

#[tokio::test]
async fn a_managed_or_unwritable_file_is_shown_and_not_changed() {
    let home = Home::new().await;
    let edit = home.edit([set("daemon.audit_days", 7)]).await;
    let proposal = home.files.propose(&edit).await.unwrap();
    home.disk.unwritable.store(true, Ordering::SeqCst);
    let refused = |error: EditError| match error {
        EditError::ReadOnly(reason) => reason.code,
        other => panic!("{other}"),
    };
    assert_eq!(
        home.files.written().await.read_only.unwrap().code,
        ReadOnlyCode::Unwritable
    );
    assert_eq!(
        refused(home.files.propose(&edit).await.unwrap_err()),
        ReadOnlyCode::Unwritable
    );
    assert_eq!(
        refused(home.files.change(proposal, &author()).await.unwrap_err()),
        ReadOnlyCode::Unwritable
    );
    assert_eq!(home.text(), FILE);
    home.disk.unwritable.store(false, Ordering::SeqCst);
    assert_eq!(home.make([set("daemon.managed", true)]).await.unwrap(), 1);
    let shown = home.files.written().await;
    assert_eq!(shown.read_only.unwrap().code, ReadOnlyCode::Managed);
    assert_eq!(shown.values["instances"]["main"]["enabled"], false);
    let edit = home.edit([set("daemon.managed", false)]).await;
    assert_eq!(
        refused(home.files.propose(&edit).await.unwrap_err()),
        ReadOnlyCode::Managed
    );
    // What the daemon runs with says it where the file says nothing any more.
    write(home.path("presence-sync.toml"), "version = ");
    let broken = home.files.written().await;
    assert_eq!(broken.read_only.unwrap().code, ReadOnlyCode::Managed);
}

#[tokio::test]
async fn whichever_write_fails_the_settings_are_as_they_were_and_the_audit_says_nothing() {
    for step in 0.. {
        let home = Home::with(FaultyDisk::fails_at(step)).await;
        let made = home
            .make([secret(PASSWORD, "TYPED"), set("daemon.audit_days", 7)])
            .await;
        if !home.disk.failed() {
            assert!(step > 5, "only {step} steps");
            break;
        }
        match made {
            Err(EditError::Write { .. }) => {
                assert_eq!(home.text(), FILE, "step {step}");
                assert_eq!(
                    (home.files.daemon().audit_days, home.audit().await),
                    (30, 0),
                    "step {step}"
                );
                assert!(!home.path("state/main.password").exists(), "step {step}");
            }
            // The new file is there, and only its folder may not be on the disk.
            Ok(_) => assert_eq!(
                (home.files.daemon().audit_days, home.audit().await),
                (7, 1),
                "step {step}"
            ),
            Err(error) => panic!("step {step}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_file_that_was_made_bad_by_hand_is_shown_and_can_be_mended() {
    let home = Home::new().await;
    write(
        home.path("presence-sync.toml"),
        &FILE.replace("enabled = false", "enabled = \"no\"\npassword = \"OPERATORS\""),
    );
    let shown = home.files.written().await;
    assert_eq!(shown.faults.len(), 2, "{:?}", shown.faults);
    assert!(shown.read_only.is_none());
    assert!(!serde_json::to_string(&shown).unwrap().contains("OPERATORS"));
    let half = home
        .make([set("instances.main.enabled", false)])
        .await
        .unwrap_err();
    assert!(matches!(half, EditError::NotGood(_)), "{half}");
    let password = "instances.main.password".parse().unwrap();
    let mended = home
        .make([
            set("instances.main.enabled", false),
            Change::Remove { key: password },
        ])
        .await;
    assert_eq!(mended.unwrap(), 2);
    assert_eq!(home.text(), FILE);
    let audit = home
        .files
        .settings_changes(jiff::Timestamp::MIN, None)
        .await
        .unwrap();
    assert!(!format!("{audit:?}").contains("OPERATORS"), "{audit:?}");
    // A text that is no TOML has no keys to change.
    write(home.path("presence-sync.toml"), "version = 1\n[daemon\n");
    let shown = home.files.written().await;
    assert_eq!((shown.values, shown.faults.len()), (json!({}), 1));
    assert!(matches!(
        home.make([set("version", 1)]).await,
        Err(EditError::NotGood(_))
    ));
}

#[tokio::test]
async fn a_file_that_is_gone_can_be_written_anew() {
    let home = Home::new().await;
    fs::remove_file(home.path("presence-sync.toml")).unwrap();
    let shown = home.files.written().await;
    assert_eq!((shown.revision, shown.faults.len()), (Revision::none(), 1));
    let made = home.make([
        set("daemon.state", "sqlite:state/state.db"),
        set("instances.main", json!({"enabled": false, "teams": {"tenant_id": "contoso.example", "client_id": "c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11"},
            "starface": {"url": "https://pbx.example", "group": "Teams", "login": "0001"}})),
        secret("instances.main.teams.client_secret_file", "TYPED-1"),
        secret(PASSWORD, "TYPED-2"),
    ]);
    assert_eq!(made.await.unwrap(), 10);
    assert!(
        home.text().starts_with("version = 1\n\n[daemon]\n"),
        "{}",
        home.text()
    );
    assert!(load(&home.path("presence-sync.toml"), &Environment::default()).is_ok());
}

#[tokio::test]
async fn no_secret_is_told_anywhere() {
    let logged = Logged::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer({
            let logged = logged.clone();
            move || logged.clone()
        })
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let home = Home::new().await;
    let edit = home
        .edit([secret(PASSWORD, "TYPED-password"), set("daemon.log", "warn")])
        .await;
    let proposal = home.files.propose(&edit).await.unwrap();
    let mut told = format!("{edit:?} {proposal:?} {:?}", home.files);
    let changed = home.files.change(proposal, &author()).await.unwrap();
    let stale = home.files.propose(&edit).await.unwrap_err();
    let bad = home
        .make([secret(PASSWORD, "TYPED-two\nTYPED-lines")])
        .await
        .unwrap_err();
    let shown = home.files.written().await;
    assert!(shown.secrets[&PASSWORD.parse().unwrap()].set);
    for part in [
        serde_json::to_string(&changed).unwrap(),
        serde_json::to_string(&shown).unwrap(),
        format!("{stale} {stale:?} {} {bad} {bad:?} {}", stale.hint(), bad.hint()),
        format!(
            "{:?}",
            home.files
                .settings_changes(jiff::Timestamp::MIN, None)
                .await
                .unwrap()
        ),
        home.text(),
        fs::read_to_string(home.path("presence-sync.toml.previous")).unwrap(),
        String::from_utf8_lossy(&fs::read(home.path("state/state.db")).unwrap()).into_owned(),
        String::from_utf8_lossy(&fs::read(home.path("state/state.db-wal")).unwrap()).into_owned(),
        String::from_utf8(logged.0.lock().unwrap().clone()).unwrap(),
    ] {
        told.push_str(&part);
    }
    assert!(
        told.contains("settings changed") && told.contains(PASSWORD),
        "{told}"
    );
    for part in ["TYPED", "OPERATORS"] {
        assert!(!told.contains(part), "{told}");
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
