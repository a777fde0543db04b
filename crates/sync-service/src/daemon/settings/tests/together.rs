//! Changes while something else happens: another edit, a reload, a hand at the file.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
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
    let held = home.files.writing.lock().await;
    let author = author();
    let change = home.files.change(proposal, &author);
    assert!(
        tokio::time::timeout(Duration::ZERO, change).await.is_err(),
        "somebody else writes"
    );
    drop(held);
    while home.files.daemon().audit_days != 7 {
        tokio::task::yield_now().await;
    }
    assert!(home.text().contains("audit_days = 7"));
}

#[tokio::test]
async fn of_changes_one_after_the_other_the_daemon_does_the_last() {
    let home = Home::new().await;
    // Something takes long, such as an instance that takes back what is its own.
    let held = home.files.settings.lock().await;
    let mut making = Vec::new();
    for days in [7, 8] {
        let edit = home.edit([set("daemon.audit_days", days)]).await;
        let proposal = home.files.propose(&edit).await.unwrap();
        let files = Arc::clone(&home.files);
        making.push(tokio::spawn(
            async move { files.change(proposal, &author()).await },
        ));
        while !home.text().contains(&format!("audit_days = {days}")) {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(home.files.daemon().audit_days, 30, "nothing has taken effect yet");
    drop(held);
    for made in making {
        assert!(made.await.unwrap().unwrap().applied);
    }
    assert_eq!(home.files.daemon().audit_days, 8);
    assert_eq!(home.audit().await, 2);
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
