//! Signing in to the tenant with the built programs: a certificate, a browser, a device code; and what becomes of the token.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use end_to_end::{Login, Output, Stage, StageOptions, eventually};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use sandbox::{Auth, Except, Fault, Operation};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::{InstanceName, Side};
use sync_service::api::Order;
use url::Url;

/// A stage on which employee 0 is in a call.
async fn stage(auth: Auth) -> Stage {
    let mut options = StageOptions::plain(5);
    options.options.auth = auth;
    let stage = Stage::set(options).await;
    stage.says(0, "Busy", "InACall");
    stage
}

/// Opens a link as a browser does, and tells what page is shown in the end.
async fn browse(link: &str) -> (u16, String) {
    let http = HttpClient::build(&HttpSettings::default()).unwrap();
    let answer = http.get(link).send().await.unwrap();
    let Some(location) = answer.headers().get("location").cloned() else {
        return (answer.status().as_u16(), answer.text().await.unwrap());
    };
    let page = http.get(location.to_str().unwrap()).send().await.unwrap();
    let headers = page.headers();
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    (page.status().as_u16(), page.text().await.unwrap())
}

fn text(value: &serde_json::Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
        .to_owned()
}

/// Signs in by browser as a person who agrees, and tells how that ended.
async fn sign_in_by_browser(stage: &Stage) -> Output {
    let mut login = stage.login(&[]);
    let waiting = login.line().expect("a link");
    assert_eq!(
        (text(&waiting, "state").as_str(), &waiting["code"]),
        ("waiting", &serde_json::Value::Null)
    );
    let (status, page) = browse(&text(&waiting, "link")).await;
    assert!(status == 200 && page.contains("<h1>Signed in</h1>"), "{page}");
    ended(login).await
}

/// The end of a sign-in, which does its work while it is waited for.
async fn ended(login: Login) -> Output {
    tokio::task::spawn_blocking(|| login.end()).await.unwrap()
}

/// Enters the code of a sign-in as a person does.
async fn sign_in_by_device_code(stage: &Stage, arguments: &[&str], agrees: bool) -> Output {
    let mut login = stage.login(arguments);
    let waiting = login.line().expect("a code");
    assert_eq!(
        text(&waiting, "link"),
        format!("{}/devicelogin", stage.sandbox.tenant_url())
    );
    assert!(stage.sandbox.tenant().enter_code(&text(&waiting, "code"), agrees));
    ended(login).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_by_browser_need_not_do_so_again_after_a_restart() {
    let stage = stage(Auth::Browser).await;
    let signed_in = sign_in_by_browser(&stage).await;
    assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
    let done: serde_json::Value = serde_json::from_str(&signed_in.stdout).unwrap();
    assert_eq!(text(&done, "state"), "signed-in");
    assert_eq!(
        (text(&done, "daemon").as_str(), &done["missing_permissions"]),
        ("none", &serde_json::json!([]))
    );
    assert_eq!(text(&done, "account"), "reader@example.com", "as Graph says");
    assert_eq!(
        std::fs::metadata(stage.path("state.key")).unwrap().mode() & 0o777,
        0o600
    );

    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    assert_eq!(daemon.stop(), Some(0));
    stage.says(0, "Available", "Available");
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(!stage.dnd(0));
    let status = stage.presencectl(&["status"]).stdout;
    assert!(
        status.contains("account    signed in as reader@example.com"),
        "{status}"
    );
    let diagnosis = stage.presencectl(&["doctor", "--language", "de"]).stdout;
    assert!(
        diagnosis.contains("als `reader@example.com` angemeldet"),
        "{diagnosis}"
    );
    assert!(!stage.log().contains("reader@"), "{}", stage.log());
    daemon.kill();

    let presented = stage.sandbox.tenant().presented_refresh_tokens();
    assert!(presented.len() >= 2, "{presented:?}");
    let mut once = presented.clone();
    once.sort();
    once.dedup();
    assert_eq!(
        once.len(),
        presented.len(),
        "each start used the token that the one before stored"
    );
    let state: Vec<u8> = ["state.db", "state.db-wal", "daemon.log"]
        .into_iter()
        .flat_map(|name| std::fs::read(stage.path(name)).unwrap_or_default())
        .collect();
    for token in &presented {
        assert!(
            !state
                .windows(token.len())
                .any(|window| window == token.as_bytes()),
            "{token} is on the disk"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_by_device_code_brings_a_waiting_daemon_to_work() {
    let stage = stage(Auth::DeviceCode).await;
    let daemon = stage.daemon();
    let waits = eventually(|| async { stage.log().contains("presencectl login main").then_some(()) });
    waits.await.unwrap_or_else(|| panic!("{}", stage.log()));
    assert_eq!(
        stage.sandbox.counters().of(Operation::Token),
        0,
        "there was nothing to ask with"
    );
    stage
        .sandbox
        .tenant()
        .script_device_answers(&["authorization_pending", "slow_down"]);
    let signed_in = sign_in_by_device_code(&stage, &[], true).await;
    assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
    assert!(signed_in.stdout.contains("\"daemon\":\"told\""), "{signed_in:?}");
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    daemon.kill();
    let daemon = stage.daemon();
    stage.says(0, "Available", "Available");
    stage.converge(&Except::default()).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_the_daemon_could_not_be_told_of_is_noticed_and_nobody_was_asked_before() {
    let stage = stage(Auth::DeviceCode).await;
    let daemon = stage.daemon();
    let waits = eventually(|| async { stage.log().contains("presencectl login main").then_some(()) });
    waits.await.unwrap_or_else(|| panic!("{}", stage.log()));
    let diagnosis = stage.presencectl(&["doctor", "--language", "de"]);
    assert!(
        diagnosis.stdout.contains("`presencectl login main`"),
        "{diagnosis:?}"
    );
    assert_eq!(stage.sandbox.counters().of(Operation::Token), 0);
    // Without this file the command line finds no daemon.
    std::fs::remove_file(stage.path("state.db.api")).unwrap();
    let signed_in = sign_in_by_device_code(&stage, &[], true).await;
    assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
    assert!(signed_in.stdout.contains("\"daemon\":\"none\""), "{signed_in:?}");
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_revoked_is_said_and_mended_by_a_new_one() {
    let stage = stage(Auth::Browser).await;
    assert_eq!(
        sign_in_by_device_code(&stage, &["--device-code"], true)
            .await
            .code,
        Some(0)
    );
    stage.sandbox.tenant().end_refresh_tokens(50_173);
    stage
        .sandbox
        .tenant()
        .whoever_signs_in("second@example.com", "Second Reader");
    let daemon = stage.daemon();
    let waits = eventually(|| async { stage.log().contains("AADSTS50173").then_some(()) });
    waits.await.unwrap_or_else(|| panic!("{}", stage.log()));
    assert!(stage.log().contains("presencectl login main"), "{}", stage.log());
    assert_eq!(sign_in_by_browser(&stage).await.code, Some(0));
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    let status = stage.status().await.unwrap().sign_in.unwrap();
    assert_eq!(status.account.as_deref(), Some("second@example.com"));
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_new_token_and_its_storing_costs_no_sign_in() {
    let stage = stage(Auth::DeviceCode).await;
    assert_eq!(sign_in_by_device_code(&stage, &[], true).await.code, Some(0));
    let granted = stage.sandbox.counters().with_status(Operation::Token, 200);
    // Entra hands out the next token, and the daemon dies before the answer has reached it.
    stage.sandbox.fault(Operation::Token, Fault::Lost, Some(1));
    let daemon = stage.daemon();
    let presented = |sandbox: &sandbox::Sandbox| sandbox.tenant().presented_refresh_tokens().len() == 1;
    assert!(
        stage.sandbox.wait_until(Duration::from_secs(30), presented).await,
        "{}",
        stage.log()
    );
    daemon.kill();
    assert_eq!(
        stage.sandbox.counters().with_status(Operation::Token, 200),
        granted,
        "no answer arrived"
    );
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0));
    let presented = stage.sandbox.tenant().presented_refresh_tokens();
    assert_eq!(
        presented[0], presented[1],
        "the old token was still there, and still good"
    );
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_is_told_what_helps_and_nothing_is_stored() {
    let stage = stage(Auth::Browser).await;
    let declined = sign_in_by_device_code(&stage, &["--device-code"], false).await;
    assert_eq!(declined.code, Some(1));
    assert!(
        declined.stderr.contains("`authorization_declined` (AADSTS70017)"),
        "{declined:?}"
    );
    assert!(
        declined.stderr.contains("hint: Whoever was to sign in declined"),
        "{declined:?}"
    );

    stage.sandbox.tenant().agree(false);
    let mut login = stage.login(&["--language", "de"]);
    let link = text(&login.line().unwrap(), "link");
    let (status, page) = browse(&link).await;
    assert!(
        status == 200 && page.contains("<h1>Nicht angemeldet</h1>"),
        "{page}"
    );
    let ended = ended(login).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("AADSTS65004") && ended.stderr.contains("/adminconsent?client_id="),
        "{ended:?}"
    );
    let plan = stage.presencectl(&["plan", "main"]);
    assert_eq!(plan.code, Some(1));
    assert!(plan.stderr.contains("nobody has signed in yet"), "{plan:?}");
    assert!(plan.stderr.contains("presencectl login main"), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_brings_something_else_does_not_end_the_sign_in() {
    let stage = stage(Auth::Browser).await;
    let mut login = stage.login(&[]);
    let link = text(&login.line().unwrap(), "link");
    let redirect = Url::parse(&link)
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri")
        .unwrap()
        .1
        .into_owned();
    for query in [
        "",
        "/?code=forged&state=forged",
        "/?error=access_denied&state=forged",
    ] {
        let (status, page) = browse(&format!("{redirect}{query}")).await;
        assert!(
            status == 400 && page.contains("<h1>Nothing was done</h1>"),
            "{page}"
        );
    }
    assert_eq!(browse(&format!("{redirect}/favicon.ico")).await.0, 404);
    let (status, _) = browse(&link).await;
    assert_eq!((status, ended(login).await.code), (200, Some(0)));
    assert_eq!(
        stage.sandbox.counters().of(Operation::Token),
        1,
        "the forged code was sent nowhere"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_another_key_of_the_state_nothing_is_lost_and_it_is_said_what_to_do() {
    let stage = stage(Auth::DeviceCode).await;
    assert_eq!(sign_in_by_device_code(&stage, &[], true).await.code, Some(0));
    let key = std::fs::read(stage.path("state.key")).unwrap();
    std::fs::write(stage.path("state.key"), [7; 32]).unwrap();
    let plan = stage.presencectl(&["plan", "main"]);
    assert_eq!(plan.code, Some(1));
    assert!(plan.stderr.contains("sealed with another key"), "{plan:?}");
    assert!(plan.stderr.contains("presencectl login"), "{plan:?}");
    std::fs::write(stage.path("state.key"), key).unwrap();
    let plan = stage.presencectl(&["plan", "main"]);
    assert_eq!(plan.code, Some(2), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_for_an_instance_that_does_so_itself() {
    let stage = stage(Auth::ClientSecret).await;
    let ended = stage.presencectl(&["login", "main"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended
            .stderr
            .contains("nobody has to sign in for instance `main`: its `teams.auth` is `client-secret`"),
        "{ended:?}"
    );
    assert_eq!(stage.presencectl(&["login"]).code, Some(64));
    assert_eq!(stage.presencectl(&["login", "other"]).code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_signs_in_with_a_certificate_by_both_algorithms() {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    for lines in ["", "assertion_algorithm = \"RS256\""] {
        let auth = Auth::ClientCertificate {
            pem: pem.clone(),
            lines: lines.to_owned(),
        };
        let stage = stage(auth).await;
        let daemon = stage.daemon();
        let refused = eventually(|| async { stage.log().contains("AADSTS700027").then_some(()) });
        refused.await.unwrap_or_else(|| panic!("{}", stage.log()));
        drop(daemon);
        stage.sandbox.tenant().upload_certificate(certificate.der());
        // The next daemon remembers the refusal; whoever has mended it says so.
        let daemon = stage.daemon();
        let main = InstanceName("main".into());
        let retried = eventually(|| async {
            stage
                .client()?
                .order(
                    &main,
                    &Order::Retry {
                        sides: Side::ALL.into(),
                    },
                )
                .await
                .ok()
        });
        retried.await.unwrap_or_else(|| panic!("{}", stage.log()));
        stage.converge(&Except::default()).await;
        assert!(stage.dnd(0));
        drop(daemon);
    }
}
