//! Who changed the settings.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use sync_adapters::sqlite::SqliteLedger;
use sync_adapters::state::{SettingsAudit, StoredChange};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state.db")
    }

    async fn open(&self) -> SettingsAudit {
        SqliteLedger::open(self.path()).await.unwrap().settings_audit()
    }

    async fn look(&self) -> SettingsAudit {
        SqliteLedger::open_read_only(self.path())
            .await
            .unwrap()
            .settings_audit()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn numbers(changes: &[StoredChange]) -> Vec<u64> {
    changes.iter().map(|change| change.number).collect()
}

#[tokio::test]
async fn a_change_is_there_after_reopening_as_it_was_stored() {
    let place = Place::new();
    let when = at("2026-11-23T09:00:00.125Z");
    let changes = json!([{"key": "daemon.log", "before": null, "after": "ä \"x\""}]);
    let from = Some("fe80::1".parse().unwrap());
    place
        .open()
        .await
        .add(when, "page", from, &changes)
        .await
        .unwrap();
    for audit in [place.open().await, place.look().await] {
        let expected = StoredChange {
            number: 1,
            at: when,
            who: "page".to_owned(),
            from,
            changes: changes.clone(),
        };
        assert_eq!(audit.page(Timestamp::MIN, None, 9).await.unwrap(), [expected]);
    }
}

#[tokio::test]
async fn a_state_that_is_not_there_has_no_changes_and_is_not_made() {
    let place = Place::new();
    let audit = place.look().await;
    assert_eq!(audit.page(Timestamp::MIN, None, 9).await.unwrap(), []);
    assert!(!place.path().exists());
}

#[tokio::test]
async fn changes_are_read_from_a_time_on_and_page_by_page_in_the_order_of_storing() {
    let place = Place::new();
    let audit = place.open().await;
    // The clock was set back between the second and the third.
    for minute in [1, 3, 2, 4] {
        let when = at(&format!("2026-11-23T09:0{minute}:00Z"));
        audit.add(when, "page", None, &json!([minute])).await.unwrap();
    }
    let page = async |since: &str, after, limit| numbers(&audit.page(at(since), after, limit).await.unwrap());
    assert_eq!(page("2026-11-23T09:02:00Z", None, 9).await, [2, 3, 4]);
    assert_eq!(page("2026-11-23T09:02:00.000001Z", None, 9).await, [2, 4]);
    assert_eq!(page("2026-11-23T09:00:00Z", None, 2).await, [1, 2]);
    assert_eq!(page("2026-11-23T09:00:00Z", Some(2), 9).await, [3, 4]);
    assert_eq!(page("2026-11-23T09:02:00Z", Some(4), 9).await, [0_u64; 0]);
}

#[tokio::test]
async fn what_is_older_is_forgotten_and_its_number_is_not_given_again() {
    let place = Place::new();
    let audit = place.open().await;
    let (old, new) = (at("2026-10-01T00:00:00Z"), at("2026-11-23T09:00:00Z"));
    for _ in 0..3 {
        audit.add(old, "page", None, &json!([])).await.unwrap();
    }
    assert_eq!(audit.forget(old).await.unwrap(), 0, "it is not older than itself");
    assert_eq!(audit.forget(new).await.unwrap(), 3);
    audit.add(new, "page", None, &json!([])).await.unwrap();
    let left = audit.page(Timestamp::MIN, None, 9).await.unwrap();
    assert_eq!(numbers(&left), [4]);
}
