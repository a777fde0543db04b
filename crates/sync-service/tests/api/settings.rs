//! The settings by the client, as its types have them.

use sync_core::PbxUserId;
use sync_service::api::ClientError;
use sync_service::config::edit::{Change, Edit, KeyPath, Revision};

use super::support::{Home, instance};

fn key(path: &str) -> KeyPath {
    KeyPath::new(path.split('.'))
}

#[tokio::test]
async fn settings_are_looked_at_tried_out_changed_and_audited() {
    let home = Home::new().await;
    let client = home.client();
    let settings = client.settings().await.unwrap();
    assert!(settings.values.pointer("/instances/main").is_some());
    let secret = "SAMPLE typed".to_owned();
    let edit = Edit {
        base: settings.revision.clone(),
        changes: vec![
            Change::Set {
                key: key("instances.main.sync.poll_interval"),
                value: "3s".into(),
            },
            Change::Secret {
                key: key("instances.main.starface.password_file"),
                secret: secret.clone().into(),
            },
        ],
    };
    let preview = client.preview_settings(&edit).await.unwrap();
    assert_eq!(preview.differences.len(), 2, "{preview:?}");
    assert_eq!(client.settings().await.unwrap().revision, settings.revision);

    let changed = client.change_settings(&edit).await.unwrap();
    let now = client.settings().await.unwrap();
    assert_eq!(now.revision, changed.revision);
    assert_eq!(
        now.values.pointer("/instances/main/sync/poll_interval"),
        Some(&"3s".into())
    );
    let audit = client.settings_audit(None, None).await.unwrap();
    let last = audit.changes.last().unwrap();
    assert!(
        client
            .settings_audit(None, Some(last.number))
            .await
            .unwrap()
            .changes
            .is_empty()
    );
    let told = format!("{edit:?} {preview:?} {changed:?} {now:?} {audit:?}");
    assert!(!told.contains(secret.as_str()), "{told}");

    let stale = client.change_settings(&edit).await.unwrap_err();
    let ClientError::NotChanged(refusal) = stale else {
        panic!("{stale:?}")
    };
    assert_eq!(refusal.revision, Some(changed.revision.clone()));
    let bad = Edit {
        base: changed.revision,
        changes: vec![Change::Set {
            key: key("instances.main.sync.poll_interval"),
            value: "soon".into(),
        }],
    };
    let refused = client.preview_settings(&bad).await.unwrap_err();
    let ClientError::NotChanged(refusal) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        refusal.faults[0].key.as_deref(),
        Some("instances.main.sync.poll_interval")
    );
    let none = Edit {
        base: Revision::none(),
        ..bad
    };
    assert!(matches!(
        client.change_settings(&none).await,
        Err(ClientError::NotChanged(_))
    ));
    home.stop().await;
}

#[tokio::test]
async fn a_user_of_the_pbx_is_asked_for_by_instance_and_id() {
    let home = Home::new().await;
    let client = home.client();
    let nobody = client
        .explain_user(&instance("main"), PbxUserId(1))
        .await
        .unwrap();
    assert!(nobody.explanations.is_empty(), "the PBX is dead");
    let unknown = client.explain_user(&instance("none"), PbxUserId(1)).await;
    assert!(matches!(unknown, Err(ClientError::Refused { unknown: true, .. })));
    for question in ["", "?user=1", "?instance=main", "?address=a@b.example&user=1"] {
        let (status, answer) = home.ask(&format!("/api/v1/explain{question}")).await;
        assert_eq!(status, 400, "{question}: {answer}");
    }
    home.stop().await;
}
