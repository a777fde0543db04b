//! A daemon in this process whose tenant and PBX are dead: it lives, says what is wrong, and harms nobody.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

#[path = "home/dead.rs"]
mod dead_site;
mod home;

use std::path::Path;
use std::time::Duration;

use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::{Health, InstanceName, LinkName, Mode};
use sync_service::api::{Client, ClientError, Endpoint, InstanceState, InstanceStatus, Order, endpoint_file};
use sync_service::daemon::StartError;

use dead_site::CONFIGURATION;
use home::Home;

fn dead() -> Home {
    Home::with(&[
        ("presence-sync.toml", CONFIGURATION),
        ("secret", "SAMPLE-secret\n"),
    ])
}

fn client(home: &Home) -> Client {
    Client::new(http(), home.endpoint())
}

fn http() -> reqwest::Client {
    HttpClient::build(&HttpSettings::default()).unwrap()
}

fn pause() -> Order {
    Order::Pause {
        member: None,
        lasts: None,
    }
}

fn main_instance() -> InstanceName {
    InstanceName("main".into())
}

/// Asks until the answer is there; the daemon needs a moment to find out that nobody answers it.
async fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..200 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it did not come about")
}

#[tokio::test]
async fn a_dead_pbx_is_told_and_tried_again_without_a_storm() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let client = client(&home);
    let view = eventually(|| async {
        let status = client.status().await.ok()?;
        let view = status
            .instances
            .into_iter()
            .find(|status| status.instance == main_instance())?
            .view?;
        view.links
            .iter()
            .any(|link| link.link == LinkName::Roster && link.error.is_some())
            .then_some(view)
    })
    .await;
    assert_eq!(view.readiness.state, Health::NotReady);
    let roster = view
        .links
        .iter()
        .find(|link| link.link == LinkName::Roster)
        .unwrap();
    assert_eq!(roster.fault.as_deref(), Some("unreachable"));
    assert!(
        roster
            .error
            .as_deref()
            .is_some_and(|error| error.starts_with("cannot ")),
        "{roster:?}"
    );
    assert!(roster.advice.is_some());
    daemon.stop().await;
}

#[tokio::test]
async fn health_and_metrics_need_no_sign_in_and_everything_else_does() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let base = format!("http://{}", daemon.address());
    let get = |path: &str, token: Option<&str>| {
        let mut request = http().get(format!("{base}{path}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    assert_eq!(get("/healthz", None).await, (200, "ok\n".to_owned()));
    assert_eq!(get("/readyz", None).await.0, 200);
    let (status, body) = get("/readyz/main", None).await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""status":"not-ready""#), "{body}");
    assert_eq!(get("/readyz/nobody", None).await.0, 404);
    assert_eq!(get("/readyz/off", None).await.0, 503);
    let (status, body) = get("/metrics", None).await;
    assert_eq!(status, 200);
    assert!(
        body.contains(r#"presence_sync_build_info{version="0.0.0-test"} 1"#),
        "{body}"
    );
    for path in [
        "/api/v1/status",
        "/api/v1/instances/main",
        "/api/v1/explain?address=a@example.com",
    ] {
        assert_eq!(get(path, None).await.0, 401, "{path}");
        assert_eq!(get(path, Some("wrong")).await.0, 401, "{path}");
    }
    assert_eq!(get("/elsewhere", None).await.0, 404);
    daemon.stop().await;
}

#[tokio::test]
async fn the_client_finds_the_daemon_and_notices_when_it_is_gone() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let client = client(&home);
    let status = client.status().await.unwrap();
    let [notice] = status.daemon.notices.as_slice() else {
        panic!("{:?}", status.daemon.notices)
    };
    assert!(notice.contains("there is no licence"), "{notice}");
    let states: Vec<_> = status
        .instances
        .iter()
        .map(|status| (&*status.instance.0, status.state))
        .collect();
    assert!(states.contains(&("off", InstanceState::Disabled)), "{states:?}");
    let unknown = client.order(&InstanceName("nobody".into()), &pause()).await;
    assert!(
        matches!(unknown, Err(ClientError::Refused { unknown: true, .. })),
        "{unknown:?}"
    );
    let off = client.order(&InstanceName("off".into()), &pause()).await;
    assert!(
        matches!(off, Err(ClientError::Refused { unknown: false, .. })),
        "{off:?}"
    );
    eventually(|| async { client.members(&main_instance()).await.ok() }).await;
    let paused = client.order(&main_instance(), &pause()).await.unwrap();
    assert_eq!(paused.instance.view.unwrap().mode, Mode::Paused);
    daemon.stop().await;
    assert!(matches!(client.status().await, Err(ClientError::NotRunning(_))));
    assert!(
        Endpoint::find(&endpoint_file(&home.path("state.db")))
            .unwrap()
            .is_none(),
        "the file is taken back"
    );
}

#[tokio::test]
async fn a_second_daemon_on_the_same_state_waits() {
    let home = dead();
    let first = home.start(None).await.unwrap();
    eventually(|| async { client(&home).members(&main_instance()).await.ok() }).await;
    let second = home.start(None).await.unwrap();
    let status = eventually(|| async {
        let status = second.supervisor().status(&main_instance()).await.ok()?;
        (status.state == InstanceState::Waiting).then_some(status)
    })
    .await;
    assert!(status.reason.unwrap().contains(&std::process::id().to_string()));
    first.stop().await;
    eventually(|| async {
        let status = second.supervisor().status(&main_instance()).await.ok()?;
        (status.state == InstanceState::Running).then_some(())
    })
    .await;
    second.stop().await;
}

#[tokio::test]
async fn a_bad_new_file_leaves_the_old_settings_running() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    eventually(|| async { client(&home).members(&main_instance()).await.ok() }).await;
    home.write("presence-sync.toml", "version = 1\n[daemon]\nlog = \"loud\"\n");
    assert!(daemon.reload().await.is_err());
    assert!(daemon.supervisor().members(&main_instance()).await.is_ok());
    home.write(
        "presence-sync.toml",
        &CONFIGURATION.replace(
            "[instances.off]\nenabled = false",
            "[instances.off]\nenabled = true",
        ),
    );
    daemon.reload().await.unwrap();
    eventually(|| async {
        daemon
            .supervisor()
            .members(&InstanceName("off".into()))
            .await
            .ok()
    })
    .await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_error() {
    let home = dead();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen = \"{}\"", taken.local_addr().unwrap());
    home.write(
        "presence-sync.toml",
        &CONFIGURATION.replace("listen = \"127.0.0.1:0\"", &listen),
    );
    let error = home.start(None).await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }));
    assert!(error.hint().unwrap().contains("daemon.listen"));
}

#[tokio::test]
async fn a_state_in_a_folder_that_does_not_exist_is_a_clear_error() {
    let home = dead();
    let text = CONFIGURATION.replace("[daemon]", "[daemon]\nstate = \"sqlite:nowhere/state.db\"");
    home.write("presence-sync.toml", &text);
    let error = home.start(None).await.unwrap_err();
    assert!(matches!(error, StartError::State(_)), "{error:?}");
    assert!(error.hint().is_some());
    assert!(!Path::new(&home.path("nowhere")).exists());
}

#[tokio::test]
async fn an_instance_begins_anew_when_somebody_has_signed_in_and_a_stranger_is_refused() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let client = client(&home);
    eventually(|| async { client.status().await.ok()?.instances.swap_remove(0).view }).await;
    let answer = client.signed_in(&main_instance()).await.unwrap();
    assert_eq!(answer.instance.instance, main_instance());
    assert!(matches!(
        answer.instance.state,
        InstanceState::Starting | InstanceState::Running
    ));
    let off = client.signed_in(&InstanceName("off".into())).await.unwrap();
    assert_eq!(off.instance.state, InstanceState::Disabled);
    let error = client
        .signed_in(&InstanceName("nobody".into()))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Refused { unknown: true, .. }),
        "{error:?}"
    );
    assert_eq!(client.status().await.unwrap().instances.len(), 2);
    daemon.stop().await;
}

#[tokio::test]
async fn the_end_of_a_certificate_is_in_the_status() {
    let home = dead();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    home.write("graph.pem", &format!("{certificate}{}", key.serialize_pem()));
    let certificate = "auth = \"client-certificate\"\nclient_certificate_file = \"graph.pem\"";
    let text = CONFIGURATION.replacen("client_secret_file = \"secret\"", certificate, 1);
    home.write("presence-sync.toml", &text);
    let daemon = home.start(None).await.unwrap();
    let status = client(&home).status().await.unwrap();
    let [notice] = status.instances[0].notices.as_slice() else {
        panic!("{:?}", status.instances[0].notices)
    };
    assert!(
        notice.contains("graph.pem` expired at 2020-01-01T00:00:00Z"),
        "{notice}"
    );
    assert!(status.instances[1].notices.is_empty());
    daemon.stop().await;
}

#[tokio::test]
async fn a_key_that_is_none_stops_only_whoever_signed_in_with_it() {
    let home = dead();
    home.write("state.key", "too short");
    let text = CONFIGURATION
        .replacen("client_secret_file = \"secret\"", "auth = \"browser\"", 1)
        .replace("enabled = false", "enabled = true");
    home.write("presence-sync.toml", &text);
    let daemon = home.start(None).await.unwrap();
    let client = client(&home);
    let instances = eventually(|| async {
        let instances = client.status().await.ok()?.instances;
        let settled = |status: &InstanceStatus| status.state != InstanceState::Starting;
        instances.iter().all(settled).then_some(instances)
    })
    .await;
    let states: Vec<InstanceState> = instances.iter().map(|status| status.state).collect();
    assert_eq!(states, [InstanceState::Failed, InstanceState::Running]);
    let reason = instances[0].reason.as_deref().unwrap_or_default();
    assert!(reason.contains("state.key` does not hold 32 bytes"), "{reason}");
    assert_eq!(std::fs::read(home.path("state.key")).unwrap(), b"too short");
    daemon.stop().await;
}
