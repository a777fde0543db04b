//! Secrets that are typed in.

use super::*;

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
async fn no_secret_is_told_by_what_is_asked_or_answered() {
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
    ] {
        told.push_str(&part);
    }
    assert!(told.contains(PASSWORD), "{told}");
    for part in ["TYPED", "OPERATORS"] {
        assert!(!told.contains(part), "{told}");
    }
}
