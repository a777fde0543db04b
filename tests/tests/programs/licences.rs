//! Licences end to end: a gate that is shut writes nothing to the PBX, takes back what is ours, and says why in every place;
//! a good licence opens it within a roster interval, without a restart.

use std::time::Duration;

use end_to_end::{Stage, StageOptions, eventually, issuer_keys, licence, terms};
use licensing::{SigningKey, Terms};
use sandbox::{Author, Except, License, Options};

const SEATS: u32 = 5;

/// Five people, the first in a call, and a roster that is read each second.
async fn office(license: Option<String>) -> Stage {
    let mut options = StageOptions::plain(SEATS as usize);
    options.options = Options {
        roster_interval: "1s".to_owned(),
        license: Some(License {
            key: license.clone().unwrap_or_default(),
            issuer_keys: issuer_keys(),
        }),
        ..options.options
    };
    let stage = Stage::set(options).await;
    if license.is_none() {
        std::fs::remove_file(stage.path("license.key")).expect("it was written");
    }
    stage.says(0, "Busy", "InACall");
    stage
}

fn altered(change: impl FnOnce(&mut Terms)) -> String {
    let mut terms = terms(SEATS);
    change(&mut terms);
    licence(&terms)
}

fn writes(stage: &Stage) -> usize {
    stage
        .sandbox
        .history()
        .iter()
        .filter(|record| record.author == Author::Program)
        .count()
}

async fn log_has(stage: &Stage, parts: &[&str]) {
    let found = eventually(|| async {
        stage
            .log()
            .lines()
            .any(|line| parts.iter().all(|part| line.contains(part)))
            .then_some(())
    });
    assert!(
        found.await.is_some(),
        "no line with {parts:?} in\n{}",
        stage.log()
    );
}

/// The gate is shut for this reason in each of the places where an operator looks.
async fn shut_everywhere(stage: &Stage, reason: &str, message: &str) {
    log_has(
        stage,
        &[
            "ERROR",
            "nobody is synchronised",
            &format!("reason=\"{reason}\""),
            message,
        ],
    )
    .await;

    let view = eventually(|| async {
        let view = stage.status().await?.view?;
        view.licence.as_ref()?.shut.as_ref()?.needed?;
        Some(view)
    });
    let view = view.await.unwrap_or_else(|| panic!("{reason}\n{}", stage.log()));
    let shut = view.licence.and_then(|licence| licence.shut).expect("it is shut");
    assert_eq!(
        (shut.reason.as_str(), shut.needed),
        (reason, Some(SEATS as usize))
    );
    assert!(shut.message.contains(message), "{}", shut.message);

    let status = stage.presencectl(&["status"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    assert!(
        status.stdout.contains("NOT READY") && status.stdout.contains(message),
        "{}",
        status.stdout
    );
    let (code, ready) = stage.get("/readyz/main").await;
    assert_eq!(code, 503, "{ready}");
    assert!(
        ready.contains("not-ready") && ready.contains(message.split('`').next().unwrap_or(message)),
        "{ready}"
    );
    assert_eq!(stage.get("/healthz").await.0, 200);
    let (_, metrics) = stage.get("/metrics").await;
    assert!(
        metrics.contains("presence_sync_gate_open{instance=\"main\"} 0"),
        "{metrics}"
    );

    let plan = stage.presencectl(&["plan", "main", "--output", "json"]);
    let form: serde_json::Value = serde_json::from_str(&plan.stdout).expect("a plan");
    assert_eq!(plan.code, Some(2), "{}", plan.stderr);
    assert_eq!(form["gate"]["reason"], reason);
    assert_eq!(form["gate"]["needed"], SEATS);
    assert_eq!(
        (&form["changes"], &form["held"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let text = stage.presencectl(&["plan", "main"]).stdout;
    assert!(
        text.contains("nobody is synchronised") && text.contains("hint: "),
        "{text}"
    );
    let once = stage.presencectl(&["sync", "--once", "main"]);
    assert_eq!(once.code, Some(1), "{}", once.stdout);
    let explained = stage.presencectl(&["explain", &stage.address(0)]);
    assert!(
        explained.stdout.contains("nobody is synchronised: "),
        "{}",
        explained.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_licence_that_does_not_do_synchronises_nobody_and_says_why() {
    let foreign = SigningKey::from_seed(&[9; 32]).expect("a key");
    let whole = licence(&terms(SEATS));
    let mut flipped = whole.clone().into_bytes();
    let last = flipped.len() - 10;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let cases = [
        ("no-licence", None, "there is no licence"),
        ("not-a-licence", Some("scribble".to_owned()), "this is no licence"),
        (
            "unknown-issuer",
            Some(foreign.issue(&terms(SEATS)).expect("good terms")),
            "which is not accepted here",
        ),
        (
            "wrong-signature",
            Some(String::from_utf8(flipped).expect("a text")),
            "it was altered after it was issued",
        ),
        (
            "expired",
            Some(altered(|terms| {
                terms.until = "2026-02-01T00:00:00Z".parse().expect("a time");
            })),
            "it expired at 2026-02-01T00:00:00Z",
        ),
        (
            "not-yet-valid",
            Some(altered(|terms| {
                terms.from = "2098-01-01T00:00:00Z".parse().expect("a time");
            })),
            "it is not valid before 2098-01-01T00:00:00Z",
        ),
        (
            "other-pbx",
            Some(altered(|terms| terms.pbx = "pbx.example".parse().ok())),
            "it is for the PBX `pbx.example`, and this one is `127.0.0.1`",
        ),
        (
            "too-few-seats",
            Some(altered(|terms| terms.seats = 3)),
            "it has 3 seats, and 5 are needed: 2 more",
        ),
    ];
    for (reason, license, message) in cases {
        let stage = office(license).await;
        let daemon = stage.daemon();
        shut_everywhere(&stage, reason, message).await;
        assert_eq!(writes(&stage), 0, "{reason}");

        // A good licence is installed, and everybody is synchronised without a restart.
        stage.write("good.license", &whole);
        let path = stage.path("good.license");
        let path = path.to_str().expect("a path in UTF-8");
        let installed = stage.presencectl(&["license", "install", path]);
        assert_eq!(installed.code, Some(0), "{reason}: {}", installed.stderr);
        assert!(
            installed
                .stdout
                .contains("main: the licence covers the whole group"),
            "{}",
            installed.stdout
        );
        stage.converge(&Except::default()).await;
        assert!(stage.dnd(0), "{reason}");
        assert_eq!(stage.presencectl(&["status"]).code, Some(0), "{reason}");
        assert_eq!(stage.get("/readyz/main").await.0, 200, "{reason}");
        daemon.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_that_is_not_licensed_is_refused_and_one_that_is_says_what_is_active() {
    let stage = office(Some(licence(&terms(SEATS)))).await;
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    let full = text.replace(
        "[instances.main.teams]",
        "[instances.main]\nmode = \"full-integration\"\n[instances.main.teams]",
    );
    stage.write("presence-sync.toml", &full);
    let _daemon = stage.daemon();
    shut_everywhere(
        &stage,
        "wrong-mode",
        "it is for the mode `presence-sync`, and `full-integration` is needed",
    )
    .await;
    assert_eq!(writes(&stage), 0);
    stage.write(
        "full.license",
        &altered(|terms| terms.mode = licensing::OperatingMode::FullIntegration),
    );
    let path = stage.path("full.license");
    let installed = stage.presencectl(&["license", "install", path.to_str().expect("a path")]);
    assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    stage.converge(&Except::default()).await;
    let status = stage.presencectl(&["status"]).stdout;
    assert!(
        status.contains("only presence synchronisation is active"),
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_outgrows_its_seats_shuts_the_gate_and_shrinking_opens_it() {
    let mut options = StageOptions::plain(SEATS as usize + 1);
    options.options = Options {
        roster_interval: "1s".to_owned(),
        license: Some(License {
            key: licence(&terms(SEATS)),
            issuer_keys: issuer_keys(),
        }),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let late = stage.user(SEATS as usize);
    stage.sandbox.pbx().assign(late, false);
    stage.says(0, "Busy", "InACall");
    stage.says(SEATS as usize, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.settle().await;
    assert!(stage.dnd(0));

    stage.sandbox.pbx().assign(late, true);
    log_has(
        &stage,
        &["ERROR", "too-few-seats", "5 seats, and 6 are needed: 1 more"],
    )
    .await;
    let released = stage
        .sandbox
        .wait_until(Duration::from_secs(20), |_| !stage.dnd(0))
        .await;
    assert!(released, "ours is taken back\n{}", stage.log());
    let settled = writes(&stage);
    stage.says(1, "Busy", "InACall");
    let never = |_: &sandbox::Sandbox| writes(&stage) > settled + 1;
    assert!(
        !stage.sandbox.wait_until(Duration::from_secs(3), never).await,
        "nothing is written while it is shut"
    );
    assert!(
        !stage.dnd(1) && !stage.dnd(SEATS as usize),
        "nobody is synchronised"
    );
    let late_writes = stage
        .sandbox
        .history()
        .iter()
        .filter(|record| record.user == late && record.author == Author::Program)
        .count();
    assert_eq!(late_writes, 0, "whoever joined was counted first");

    stage.sandbox.pbx().assign(late, false);
    let again = stage
        .sandbox
        .wait_until(Duration::from_secs(20), |_| stage.dnd(0) && stage.dnd(1))
        .await;
    assert!(again, "{}", stage.log());
    let shown = stage.presencectl(&["license", "show", "--language", "de"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(
        shown.stdout.contains("5 von 5 Plätzen belegt"),
        "{}",
        shown.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_expires_at_its_moment_and_what_is_ours_is_taken_back() {
    // A licence counts in whole seconds.
    let until = jiff::Timestamp::from_second(now().as_second() + 10).expect("a time");
    let stage = office(Some(altered(|terms| terms.until = until))).await;
    let _daemon = stage.daemon();
    let set = stage
        .sandbox
        .wait_until(Duration::from_secs(8), |_| stage.dnd(0))
        .await;
    assert!(set, "{}", stage.log());
    log_has(&stage, &["ERROR", "the licence ends soon"]).await;
    let released = stage
        .sandbox
        .wait_until(Duration::from_secs(20), |_| !stage.dnd(0))
        .await;
    assert!(released, "{}", stage.log());
    assert!(now() >= until, "not before its end");
    log_has(&stage, &["ERROR", "reason=\"expired\""]).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a licence that ends in a moment is issued by the clock of this machine"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_replacement_leaves_the_licence_in_force_also_over_a_restart() {
    let stage = office(Some(licence(&terms(SEATS)))).await;
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    stage.write("license.key", "scribble");
    daemon.reload();
    log_has(
        &stage,
        &["ERROR", "the licence was not replaced", "this is no licence"],
    )
    .await;
    stage.says(1, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    daemon.stop();

    stage.says(2, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    assert!(stage.dnd(0) && stage.dnd(1) && stage.dnd(2));
    let shown = stage.presencectl(&["license", "show", "--language", "de"]);
    assert!(
        shown
            .stdout
            .contains("die bisherige Lizenz gilt bis zu ihrem Ende weiter"),
        "{}",
        shown.stdout
    );
    let (code, _) = stage.get("/readyz/main").await;
    assert_eq!(code, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_is_taken_away_takes_back_what_is_ours() {
    let stage = office(Some(licence(&terms(SEATS)))).await;
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    std::fs::remove_file(stage.path("license.key")).expect("it is there");
    daemon.reload();
    let released = stage
        .sandbox
        .wait_until(Duration::from_secs(20), |_| !stage.dnd(0))
        .await;
    assert!(released, "{}", stage.log());
    log_has(&stage, &["ERROR", "no-licence"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_shut_the_gate_is_not_installed() {
    let good = licence(&terms(SEATS));
    let stage = office(Some(good.clone())).await;
    let _daemon = stage.daemon();
    stage.settle().await;
    for (name, text, message) in [
        ("scribble", "scribble".to_owned(), "this is no licence"),
        (
            "few",
            altered(|terms| terms.seats = 4),
            "it has 4 seats, and 5 are needed: 1 more",
        ),
        (
            "other",
            altered(|terms| terms.pbx = "pbx.example".parse().ok()),
            "it is for the PBX",
        ),
    ] {
        stage.write(name, &text);
        let path = stage.path(name);
        let refused = stage.presencectl(&["license", "install", path.to_str().expect("a path")]);
        assert_eq!(refused.code, Some(1), "{name}");
        assert!(
            refused
                .stderr
                .contains("is not installed, and nothing was changed")
                && refused.stderr.contains(message),
            "{}",
            refused.stderr
        );
    }
    let kept = std::fs::read_to_string(stage.path("license.key")).expect("the licence");
    assert_eq!(kept, good);
    assert_eq!(stage.get("/readyz/main").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn next_years_licence_is_installed_early_and_waits() {
    let stage = office(Some(licence(&terms(SEATS)))).await;
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    let later = altered(|terms| {
        terms.number = "test-2".parse().expect("a name");
        terms.from = "2098-01-01T00:00:00Z".parse().expect("a time");
    });
    stage.write("later.license", &later);
    let path = stage.path("later.license");
    let installed = stage.presencectl(&["license", "install", path.to_str().expect("a path")]);
    assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    assert_eq!(stage.get("/readyz/main").await.0, 200);
    let status = stage.presencectl(&["status"]).stdout;
    assert!(
        status.contains("test-1 for") && status.contains("takes over at 2098-01-01T00:00:00Z"),
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_file_that_cannot_be_read_stops_nothing_that_works() {
    let stage = office(Some(licence(&terms(SEATS)))).await;
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    stage.settle().await;
    std::fs::remove_file(stage.path("license.key")).expect("it is there");
    std::fs::create_dir(stage.path("license.key")).expect("a folder in its place");
    daemon.reload();
    log_has(
        &stage,
        &["ERROR", "the licence was not replaced", "cannot be read"],
    )
    .await;
    assert_eq!(stage.get("/readyz/main").await.0, 200);
    daemon.stop();
    let daemon = stage.daemon();
    stage.says(1, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    daemon.stop();
    let released = stage.presencectl(&["release", "main"]);
    assert_eq!(released.code, Some(0), "{}", released.stderr);
    assert!(!stage.dnd(0) && !stage.dnd(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_without_a_daemon_has_a_gate_too() {
    let stage = office(None).await;
    let once = stage.presencectl(&["sync", "--once", "main"]);
    assert_eq!(once.code, Some(1), "{}", once.stdout);
    assert!(once.stdout.contains("there is no licence"), "{}", once.stdout);
    assert_eq!(writes(&stage), 0);
    let plan = stage.presencectl(&["plan", "main", "--output", "json"]);
    assert_eq!(plan.code, Some(2), "{}", plan.stderr);
    assert!(
        plan.stdout.contains("\"gate\":{\"reason\":\"no-licence\""),
        "{}",
        plan.stdout
    );

    stage.write("good.license", &licence(&terms(SEATS)));
    let path = stage.path("good.license");
    let installed = stage.presencectl(&["license", "install", path.to_str().expect("a path")]);
    assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    assert!(
        installed.stdout.contains("no daemon runs"),
        "{}",
        installed.stdout
    );
    assert_eq!(stage.presencectl(&["sync", "--once", "main"]).code, Some(0));
    assert!(stage.sandbox.judge(&Except::default()).converged());
    let shown = stage.presencectl(&["license", "show", "--output", "json"]);
    let form: serde_json::Value = serde_json::from_str(&shown.stdout).expect("a form");
    assert_eq!(
        (&form["licences"][0]["used"], &form["licences"][0]["good"]),
        (&SEATS.into(), &true.into())
    );
}
