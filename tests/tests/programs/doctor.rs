//! The diagnosis names the cause first, whatever is broken.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Output, Stage, StageOptions, presencectl_with};
use sandbox::{Fault, Operation};
use serde_json::Value;

/// What is wrong, and how it is named: verdict, check and code of the first finding that is not good.
struct Case {
    name: &'static str,
    break_it: fn(&Stage),
    found: (&'static str, &'static str, &'static str),
}

const fn case(
    name: &'static str,
    break_it: fn(&Stage),
    found: (&'static str, &'static str, &'static str),
) -> Case {
    Case {
        name,
        break_it,
        found,
    }
}

fn edit(stage: &Stage, from: &str, to: &str) {
    let text = std::fs::read_to_string(stage.config()).expect("the configuration is there");
    assert!(text.contains(from), "{text}");
    std::fs::write(stage.config(), text.replace(from, to)).expect("the configuration can be written");
}

fn fails(stage: &Stage, operation: Operation, status: u16) {
    stage.sandbox.fault(operation, Fault::Status(status, None), None);
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    format!("http://{address}")
}

const CASES: &[Case] = &[
    case(
        "a key that does not exist",
        |stage| edit(stage, "poll_interval", "pol_interval"),
        ("failure", "configuration", "bad"),
    ),
    case(
        "another program's state",
        |stage| stage.write("state.db", &"no state at all. ".repeat(200)),
        ("failure", "state", "failed"),
    ),
    case(
        "a name of Microsoft's that is not found",
        |stage| {
            edit(
                stage,
                &format!("login_url = \"{}\"", stage.sandbox.tenant_url()),
                "login_url = \"https://login.invalid\"",
            );
        },
        ("failure", "teams-names", "unknown"),
    ),
    case(
        "a Microsoft that does not answer",
        |stage| edit(stage, &stage.sandbox.tenant_url(), &nobody()),
        ("failure", "teams-reach", "unreachable"),
    ),
    case(
        "a Microsoft whose port is one for plain HTTP",
        |stage| {
            let plain = stage.sandbox.tenant_url();
            edit(stage, &plain, &plain.replace("http://", "https://"));
        },
        ("failure", "teams-reach", "no-tls"),
    ),
    case(
        "a clock that is slow",
        |stage| stage.sandbox.set_clocks_ahead(600),
        ("warning", "clock", "slow"),
    ),
    case(
        "a clock that is fast",
        |stage| stage.sandbox.set_clocks_ahead(-600),
        ("warning", "clock", "fast"),
    ),
    case(
        "a wrong client secret",
        |stage| stage.write("graph.secret", "wrong"),
        ("failure", "teams-sign-in", "failed"),
    ),
    case(
        "a tenant of another cloud",
        |stage| stage.sandbox.tenant().refuse_sign_ins(Some(90_002)),
        ("failure", "teams-sign-in", "failed"),
    ),
    case(
        "a sign-in that is not answered by Entra",
        |stage| stage.sandbox.fault(Operation::Token, Fault::Html, None),
        ("failure", "teams-sign-in", "failed"),
    ),
    case(
        "a missing permission",
        |stage| stage.sandbox.tenant().permit("Presence.Read.All", false),
        ("failure", "teams-permissions", "missing"),
    ),
    case(
        "a permission too many",
        |stage| stage.sandbox.tenant().permit("Mail.Read", true),
        ("warning", "teams-permissions", "superfluous"),
    ),
    case(
        "a PBX whose name is not found",
        |stage| edit(stage, &stage.sandbox.pbx_url(), "https://pbx.invalid"),
        ("failure", "pbx-names", "unknown"),
    ),
    case(
        "a PBX that does not answer",
        |stage| edit(stage, &stage.sandbox.pbx_url(), &nobody()),
        ("failure", "pbx-reach", "unreachable"),
    ),
    case(
        "a PBX whose port is one for plain HTTP",
        |stage| {
            let plain = stage.sandbox.pbx_url();
            edit(stage, &plain, &plain.replace("http://", "https://"));
        },
        ("failure", "pbx-reach", "no-tls"),
    ),
    case(
        "a wrong password",
        |stage| stage.write("pbx.password", "wrong"),
        ("failure", "pbx-sign-in", "failed"),
    ),
    case(
        "a PBX that is none",
        |stage| stage.sandbox.fault(Operation::LoginTemplate, Fault::Html, None),
        ("failure", "pbx-sign-in", "failed"),
    ),
    case(
        "users who may not be read",
        |stage| fails(stage, Operation::Users, 403),
        ("failure", "pbx-users", "failed"),
    ),
    case(
        "a group that does not exist",
        |stage| stage.sandbox.pbx().rename_group("Others"),
        ("failure", "group", "failed"),
    ),
    case(
        "a group without members",
        |stage| (0..3).for_each(|number| stage.sandbox.pbx().assign(stage.user(number), false)),
        ("warning", "group", "empty"),
    ),
    case(
        "a directory that may not be read",
        |stage| fails(stage, Operation::Batch, 403),
        ("failure", "matches", "failed"),
    ),
    case(
        "an address that nobody has",
        |stage| {
            stage
                .sandbox
                .pbx()
                .edit(stage.user(1), |user| user.email = "nobody@example.com".to_owned());
        },
        ("warning", "matches", "some"),
    ),
    case(
        "addresses that nobody has",
        |stage| {
            (0..3).for_each(|number| {
                stage.sandbox.pbx().edit(stage.user(number), |user| {
                    user.email = format!("nobody{number}@example.com");
                });
            });
        },
        ("failure", "matches", "nobody"),
    ),
    case(
        "a presence that may not be read",
        |stage| fails(stage, Operation::Presence, 403),
        ("failure", "presence", "failed"),
    ),
    case(
        "a pattern that never wins",
        |stage| {
            edit(
                stage,
                "[instances.main.sync]",
                "[instances.main.rules]\ndnd = [\"Busy/InACall\", \"Bsy/InACall\"]\n\n[instances.main.sync]",
            );
        },
        ("warning", "configuration", "remarks"),
    ),
    case(
        "no licence",
        |stage| std::fs::remove_file(stage.path("license.key")).expect("it is there"),
        ("failure", "licence", "none"),
    ),
    case(
        "a phone that may not be looked at",
        |stage| fails(stage, Operation::PhoneconfigGet, 403),
        ("failure", "pbx-rights", "failed"),
    ),
    case(
        "a module with another secret",
        |stage| stage.write("chat.secret", "wrong"),
        ("failure", "module", "failed"),
    ),
];

fn diagnosed(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_is_named_first_with_what_to_do_in_both_languages() {
    for Case {
        name,
        break_it,
        found,
    } in CASES
    {
        let stage = Stage::set(StageOptions::plain(3)).await;
        break_it(&stage);
        for language in ["en", "de"] {
            let output = stage.presencectl(&["doctor", "--output", "json", "--language", language]);
            let diagnosis = diagnosed(&output);
            let findings = diagnosis["findings"].as_array().expect("a list");
            // What is only worth a warning may stand before the cause.
            let worst = |finding: &&Value| finding["verdict"] == diagnosis["verdict"];
            let first = findings
                .iter()
                .find(worst)
                .unwrap_or_else(|| panic!("{name}: {output:?}"));
            let text = |key: &str| first[key].as_str().unwrap_or_default();
            assert_eq!(
                (text("verdict"), text("check"), text("code")),
                *found,
                "{name}: {first:#}"
            );
            assert!(!text("remedy").is_empty(), "{name}: {first:#}");
            assert_eq!(diagnosis["verdict"].as_str(), Some(found.0), "{name}: {output:?}");
            let code = if found.0 == "failure" { 1 } else { 0 };
            assert_eq!(output.code, Some(code), "{name}: {output:?}");
        }
    }
}

/// The kinds of requests, and the link that they are made for.
const LINKS: [(Operation, &str); 8] = [
    (Operation::Token, "teams-sign-in"),
    (Operation::Batch, "matches"),
    (Operation::Presence, "presence"),
    (Operation::LoginTemplate, "pbx-sign-in"),
    (Operation::Users, "pbx-users"),
    (Operation::Groups, "group"),
    (Operation::PhoneconfigGet, "pbx-rights"),
    (Operation::ChatGet, "module"),
];

const FAULTS: [Fault; 8] = [
    Fault::Status(429, Some(7)),
    Fault::Status(503, None),
    Fault::Status(302, None),
    Fault::Drop,
    Fault::Html,
    Fault::Malformed,
    Fault::WrongTypes,
    Fault::Endless,
];

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_answer_is_named_at_its_link() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    for (number, (operation, check)) in LINKS.into_iter().enumerate() {
        // Each kind of request meets two of the faults, so that each fault is met on either side.
        for fault in [number, number + 4].map(|at| FAULTS[at % FAULTS.len()]) {
            stage.sandbox.fault(operation, fault, None);
            let output = stage.presencectl(&["doctor", "--output", "json"]);
            stage.sandbox.clear_fault(operation);
            let diagnosis = diagnosed(&output);
            let findings = diagnosis["findings"].as_array().expect("a list");
            let failed = findings.iter().find(|finding| finding["verdict"] == "failure");
            let failed = failed.unwrap_or_else(|| panic!("{fault:?} of {operation:?}: {output:?}"));
            assert_eq!(failed["check"], check, "{fault:?} of {operation:?}: {failed:#}");
            assert!(
                failed["remedy"].is_string(),
                "{fault:?} of {operation:?}: {failed:#}"
            );
        }
    }
    assert!(stage.sandbox.history().is_empty());
}

/// What takes for ever, and the link that it is named at.
const SLOW: [(Operation, Fault, &str); 9] = [
    (Operation::TenantOther, Fault::Hang, "teams-reach"),
    (Operation::Token, Fault::Hang, "teams-sign-in"),
    (Operation::Batch, Fault::Drip, "matches"),
    (Operation::Presence, Fault::Drip, "presence"),
    (Operation::LoginTemplate, Fault::Hang, "pbx-sign-in"),
    (Operation::Users, Fault::Drip, "pbx-users"),
    (Operation::Groups, Fault::Hang, "group"),
    (Operation::PhoneconfigGet, Fault::Drip, "pbx-rights"),
    (Operation::ChatGet, Fault::Hang, "module"),
];

/// The longest call is given up after half a minute, and none of these needs more than one. All wait at the same time.
const BOUND: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_for_ever_is_given_up_in_time_and_named_at_its_link() {
    let mut stages = Vec::new();
    for (operation, fault, check) in SLOW {
        let stage = Stage::set(StageOptions::plain(3)).await;
        stage.sandbox.fault(operation, fault, None);
        stages.push((stage, operation, check));
    }
    let begin = |(stage, operation, check): (Stage, Operation, &'static str)| {
        tokio::task::spawn_blocking(move || {
            let output = stage.presencectl(&["doctor", "--output", "json"]);
            assert!(stage.sandbox.history().is_empty());
            (output, operation, check)
        })
    };
    let diagnoses: Vec<_> = stages.into_iter().map(begin).collect();
    let end = tokio::time::Instant::now() + BOUND;
    for diagnosis in diagnoses {
        let ended = tokio::time::timeout_at(end, diagnosis).await;
        let (output, operation, check) = ended.expect("in time").expect("it has ended");
        let diagnosis = diagnosed(&output);
        let findings = diagnosis["findings"].as_array().expect("a list");
        let failed: Vec<&Value> = findings
            .iter()
            .filter(|finding| finding["verdict"] == "failure")
            .map(|finding| &finding["check"])
            .collect();
        assert_eq!(failed, [check], "{operation:?}: {output:?}");
        assert_eq!(output.code, Some(1));
    }
}

/// Verdict and code of the findings about one link.
fn found_at(output: &Output, check: &str) -> Vec<(String, String)> {
    let diagnosis = diagnosed(output);
    let findings = diagnosis["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .filter(|finding| finding["check"] == check)
        .map(|finding| (text(&finding["verdict"]), text(&finding["code"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_entra_is_said_in_german_too() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    let rows = [
        (7_000_222, "secret-expired", "abgelaufen"),
        (65_001, "consent", "/adminconsent?client_id="),
        (50_076, "multi-factor", "MFA"),
        (53_003, "conditional-access", "bedingten Zugriff"),
        (900_382, "other-cloud", "in einer anderen Cloud"),
        (7_000_112, "app-disabled", "deaktiviert"),
    ];
    for (number, word, german) in rows {
        stage.sandbox.tenant().refuse_sign_ins(Some(number));
        let output = stage.presencectl(&["doctor", "--output", "json", "--language", "de"]);
        let diagnosis = diagnosed(&output);
        let findings = diagnosis["findings"].as_array().expect("a list");
        let failed = findings.iter().find(|finding| finding["verdict"] == "failure");
        let failed = failed.unwrap_or_else(|| panic!("{number}: {output:?}"));
        assert_eq!(
            (&failed["check"], &failed["advice"]),
            (&"teams-sign-in".into(), &word.into()),
            "{failed:#}"
        );
        let remedy = failed["remedy"].as_str().unwrap_or_default();
        assert!(remedy.contains(german), "{number}: {remedy}");
    }
    // A failure of which no more is known than whose fault it is has no such word.
    stage.sandbox.tenant().refuse_sign_ins(None);
    stage.write("pbx.password", "wrong");
    let output = stage.presencectl(&["doctor", "--output", "json", "--language", "de"]);
    let diagnosis = diagnosed(&output);
    let findings = diagnosis["findings"].as_array().expect("a list");
    let failed = findings.iter().find(|finding| finding["verdict"] == "failure");
    assert!(failed.is_some_and(|failed| failed["advice"].is_null() && failed["remedy"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_is_named_for_what_it_is_asked_for_and_for_nothing_else() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    edit(&stage, &stage.sandbox.pbx_url(), "https://pbx.invalid");
    let nobody = nobody();
    let diagnose = |without: &str| {
        let variables = [("HTTPS_PROXY", nobody.as_str()), ("NO_PROXY", without)];
        presencectl_with(stage.config(), &["doctor", "--output", "json"], &variables)
    };
    let pair = |verdict: &str, code: &str| vec![(verdict.to_owned(), code.to_owned())];
    let proxied = diagnose("");
    assert_eq!(found_at(&proxied, "pbx-names"), pair("skipped", "proxied"));
    assert_eq!(
        found_at(&proxied, "pbx-reach"),
        pair("failure", "unreachable-by-proxy")
    );
    let direct = diagnose("other.example,pbx.invalid");
    assert_eq!(found_at(&direct, "pbx-names"), pair("failure", "unknown"));
    assert_eq!(found_at(&direct, "pbx-reach"), []);
    // Found, on loopback, where no proxy is asked: the way itself has failed.
    edit(
        &stage,
        "https://pbx.invalid",
        &nobody.replace("http://", "https://"),
    );
    let direct = diagnose("");
    assert_eq!(found_at(&direct, "pbx-reach"), pair("failure", "unreachable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_that_has_blocked_this_machine_is_named_as_one_that_does_not_answer() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.sandbox.pbx().block();
    let output = stage.presencectl(&["doctor"]);
    assert_eq!(output.code, Some(1));
    assert!(output.stdout.contains("pbx-reach"), "{output:?}");
    assert!(output.stdout.contains("blacklisted this machine"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_wrong_each_link_is_good_and_nothing_is_written() {
    let stage = Stage::set(StageOptions::plain(3)).await;
    stage.says(0, "Busy", "InACall");
    let output = stage.presencectl(&["doctor", "main", "--output", "json"]);
    let diagnosis = diagnosed(&output);
    assert_eq!(
        (output.code, diagnosis["verdict"].as_str()),
        (Some(0), Some("ok")),
        "{output:?}"
    );
    let findings = diagnosis["findings"].as_array().expect("a list");
    assert!(findings.len() >= 19, "{diagnosis:#}");
    assert!(stage.sandbox.history().is_empty());
    assert!(!stage.path("state.db").exists());
}

#[test]
fn each_check_is_explained_in_both_languages() {
    for page in ["doctor.md", "doctor.de.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
        let text = std::fs::read_to_string(&path).expect("the page is there");
        for check in sync_service::doctor::Check::ALL {
            assert!(text.contains(&format!("\n## {check}\n")), "{page}: {check}");
        }
    }
}
