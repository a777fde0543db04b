//! Settings that cannot be changed, or only half-way.

use super::*;

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
