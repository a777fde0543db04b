//! The log and the history over the local API of a daemon whose tenant and PBX are dead.

use std::time::Duration;

use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::{Health, InstanceName};
use sync_service::api::{Client, ClientError};
use sync_service::config::LogLevel;
use sync_service::telemetry::LogQuery;

use crate::home::Home;
use crate::support::Log;

/// Nobody listens on this port: it is reserved.
const CONFIGURATION: &str = r#"
version = 1

[daemon]
listen = "127.0.0.1:0"
log = "LEVEL"

[instances.main.teams]
cloud = "custom"
login_url = "http://127.0.0.1:1"
graph_url = "http://127.0.0.1:1"
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "secret"
quota_share = 0.25

[instances.main.starface]
url = "http://127.0.0.1:1"
group = "Teams"
login = "0001"
password_file = "secret"
"#;

const SECRET: &str = "SAMPLE-secret";

fn dead() -> Home {
    let home = Home::with(&[("secret", SECRET)]);
    configure(&home, "error");
    home
}

fn configure(home: &Home, level: &str) {
    home.write("presence-sync.toml", &CONFIGURATION.replace("LEVEL", level));
}

fn client(home: &Home) -> Client {
    Client::new(
        HttpClient::build(&HttpSettings::default()).unwrap(),
        home.endpoint(),
    )
}

fn main_instance() -> InstanceName {
    InstanceName("main".into())
}

/// Lines of this test alone.
fn mine(after: Option<u64>) -> LogQuery {
    LogQuery {
        after,
        search: Some("spoken by the test".to_owned()),
        ..LogQuery::default()
    }
}

fn speak() {
    tracing::info!(target: "sync_service", "spoken by the test");
}

#[tokio::test]
async fn whoever_waits_for_a_line_gets_it_when_it_comes() {
    let log = Log::at(LogLevel::Info);
    let home = dead();
    let daemon = home.start(Some(log.logging.clone())).await.unwrap();
    let client = client(&home);
    let answer = client.log(&mine(None), Duration::ZERO).await.unwrap();
    assert_eq!((answer.version, answer.dropped, answer.lines.len()), (1, 0, 0));
    assert_eq!(answer.now.level, LogLevel::Info);

    let query = mine(Some(answer.seen));
    let waiting = client.log(&query, Duration::from_secs(20));
    tokio::pin!(waiting);
    // Other lines end no waiting.
    for _ in 0..20 {
        tracing::info!(target: "sync_service", "something else");
        let looked = tokio::time::timeout(Duration::from_millis(5), &mut waiting).await;
        assert!(looked.is_err(), "{looked:?}");
    }
    speak();
    let answer = waiting.await.unwrap();
    let [line] = answer.lines.as_slice() else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (line.message.as_str(), line.level),
        ("spoken by the test", LogLevel::Info)
    );
    let next = client
        .log(&mine(Some(answer.seen)), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(next.lines, []);
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_that_stops_keeps_nobody_waiting() {
    let log = Log::at(LogLevel::Info);
    let home = dead();
    let daemon = home.start(Some(log.logging.clone())).await.unwrap();
    let client = client(&home);
    let query = mine(None);
    let waiting = client.log(&query, Duration::from_secs(20));
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        daemon.stop().await;
    };
    let (answer, ()) =
        tokio::time::timeout(Duration::from_secs(15), async { tokio::join!(waiting, stopping) })
            .await
            .expect("nobody waits");
    assert_eq!(answer.unwrap().lines, []);
}

#[tokio::test]
async fn the_level_is_changed_over_the_api_and_by_a_reload() {
    let log = Log::at(LogLevel::Error);
    let home = dead();
    let daemon = home.start(Some(log.logging.clone())).await.unwrap();
    let client = client(&home);
    let day = Duration::from_secs(24 * 60 * 60);
    let now = client
        .set_log_level(LogLevel::Trace, Some(day))
        .await
        .unwrap()
        .now;
    assert_eq!((now.level, now.configured), (LogLevel::Trace, LogLevel::Error));
    assert!(now.until.is_some());
    assert_eq!(client.log_level().await.unwrap().now, now);
    let too_long = client
        .set_log_level(LogLevel::Trace, Some(day + Duration::from_secs(1)))
        .await;
    assert!(
        matches!(too_long, Err(ClientError::Refused { .. })),
        "{too_long:?}"
    );

    daemon.reload().await.unwrap();
    assert_eq!(log.logging.now(), now, "nothing was changed in the file");
    configure(&home, "info");
    daemon.reload().await.unwrap();
    let now = client.log_level().await.unwrap().now;
    assert_eq!((now.level, now.until), (LogLevel::Info, None));
    assert_eq!(
        client
            .set_log_level(LogLevel::Warn, None)
            .await
            .unwrap()
            .now
            .configured,
        LogLevel::Warn
    );
    daemon.stop().await;
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_and_nobody_asks_without_the_token() {
    let log = Log::at(LogLevel::Error);
    let home = dead();
    let daemon = home.start(Some(log.logging.clone())).await.unwrap();
    let (http, endpoint) = (
        HttpClient::build(&HttpSettings::default()).unwrap(),
        home.endpoint(),
    );
    let token = secrecy::ExposeSecret::expose_secret(&endpoint.token).to_owned();
    let ask = |path: &str, token: &str| {
        let request = http
            .get(format!("http://{}/api/v1/{path}", endpoint.address))
            .bearer_auth(token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for path in [
        "log?level=loud",
        "log?after=last",
        "log?limit=-1",
        "log?wait=long",
    ] {
        assert_eq!(ask(path, &token).await, 400, "{path}");
    }
    assert_eq!(ask("instances/nobody/history", &token).await, 404);
    for path in ["log", "log/level", "instances/main/history"] {
        assert_eq!(ask(path, "wrong").await, 401, "{path}");
        assert_eq!(ask(path, &token).await, 200, "{path}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_process_without_a_log_says_so() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let refused = client(&home).log(&LogQuery::default(), Duration::ZERO).await;
    assert!(matches!(refused, Err(ClientError::Refused { .. })), "{refused:?}");
    daemon.stop().await;
}

#[tokio::test]
async fn a_sample_says_how_an_instance_that_does_not_work_does() {
    let home = dead();
    let daemon = home.start(None).await.unwrap();
    let client = client(&home);
    assert_eq!(client.history(&main_instance()).await.unwrap().samples, []);
    daemon.sample().await;
    let answer = client.history(&main_instance()).await.unwrap();
    let [sample] = answer.samples.as_slice() else {
        panic!("{answer:?}")
    };
    assert_eq!((answer.version, answer.interval_seconds), (1, 60));
    assert_eq!((sample.health, sample.changes), (Health::NotReady, 0));
    assert_eq!(sample.added_latency_p50_seconds, None);
    assert_eq!(sample.presence_quota, 750.0, "a quarter of 1,500 in 30 seconds");
    daemon.stop().await;
}

#[tokio::test]
async fn no_secret_is_in_the_log_at_trace() {
    let log = Log::at(LogLevel::Trace);
    let home = dead();
    let daemon = home.start(Some(log.logging.clone())).await.unwrap();
    let client = client(&home);
    let token = secrecy::ExposeSecret::expose_secret(&home.endpoint().token).to_owned();
    let query = LogQuery {
        search: Some("a link does not work".to_owned()),
        ..LogQuery::default()
    };
    let told = client.log(&query, Duration::from_secs(20)).await.unwrap();
    assert!(!told.lines.is_empty());
    let lines = client.log(&LogQuery::default(), Duration::ZERO).await.unwrap();
    let text = format!("{:?}{}", lines.lines, log.written.text());
    for secret in [SECRET, token.as_str()] {
        assert!(!text.contains(secret), "{text}");
    }
    daemon.stop().await;
}
