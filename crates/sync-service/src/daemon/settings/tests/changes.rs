//! Settings that are changed, or would be.

use super::*;

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
