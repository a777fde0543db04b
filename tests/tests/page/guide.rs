//! The set-up in the browser.

use std::os::unix::fs::MetadataExt;

use end_to_end::{Stage, StageOptions, issuer_keys, licence, terms};
use sandbox::{CLIENT, CLIENT_SECRET, Except, GROUP_NAME, LOGIN, MODULE, MODULE_SECRET, PASSWORD, TENANT};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;
use crate::tour::screenshots;

const MEMBERS: u32 = 5;
const SECRETS: [&str; 3] = [CLIENT_SECRET, PASSWORD, MODULE_SECRET];

/// A daemon with nothing to do, in front of a sandbox in which two people are in a call.
async fn unconfigured() -> Served {
    let stage = Stage::set(StageOptions::plain(MEMBERS as usize)).await;
    for name in ["graph.secret", "pbx.password", "chat.secret", "license.key"] {
        std::fs::remove_file(stage.path(name)).unwrap();
    }
    stage.write("issuer.pub", &issuer_keys());
    stage.write(
        "presence-sync.toml",
        "version = 1\n\n[daemon]\nlisten = \"127.0.0.1:0\"\n\n[license]\nissuer_keys_file = \"issuer.pub\"\n",
    );
    stage.says(0, "Busy", "InACall");
    stage.says(1, "Busy", "InAConferenceCall");
    Served::start(stage).await
}

/// What an administrator has at hand.
fn at_hand(served: &Served) -> Value {
    let sandbox = &served.stage.sandbox;
    json!({
        "link": served.setup_link(),
        "pbx": sandbox.pbx_url(),
        "nowhere": "http://127.0.0.1:9",
        "login": LOGIN,
        "pbxPassword": PASSWORD,
        "module": MODULE,
        "moduleSecret": MODULE_SECRET,
        "tenant": sandbox.tenant_url(),
        "tenantId": TENANT,
        "clientId": CLIENT,
        "clientSecret": CLIENT_SECRET,
        "group": GROUP_NAME,
        "members": MEMBERS,
        "due": 2,
        "licence": licence(&terms(MEMBERS)),
        "smallLicence": licence(&terms(MEMBERS - 1)),
    })
}

async fn answer(served: &Served, question: &str, about: &Value) -> Option<Value> {
    let stage = &served.stage;
    match question {
        "file" => Some(file(stage).into()),
        "written" => Some(json!({
            "enabled": !file(stage).contains("enabled = false"),
            "secrets": SECRETS.iter().any(|secret| file(stage).contains(secret)),
            "writes": stage.sandbox.history().len(),
        })),
        "secret-files" => Some(json!(readable_by_others(stage))),
        "enter-code" => {
            let (code, agrees) = (about["code"].as_str()?, about["agrees"].as_bool()?);
            Some(stage.sandbox.tenant().enter_code(code, agrees).into())
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some((stage.dnd(0) && stage.dnd(1) && !stage.dnd(2)).into())
        }
        _ => None,
    }
}

fn file(stage: &Stage) -> String {
    std::fs::read_to_string(stage.config()).unwrap()
}

/// The files beside the configuration that hold a secret and that others than their owner may read.
fn readable_by_others(stage: &Stage) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![stage.path(".")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read(&path).unwrap();
            let holds = |secret: &&str| {
                text.windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            };
            let private = std::fs::metadata(&path).unwrap().mode() & 0o077 == 0;
            if SECRETS.iter().any(holds) && !private {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_configuration_to_a_running_synchronisation_in_the_browser() {
    let Some(browser) = Browser::open() else { return };
    let served = unconfigured().await;
    let answers = async |question: &str, about: &Value| answer(&served, question, about).await;
    let scenario = "tour/every_step_of_the_set_up_looks_right";
    let given = json!({ "screenshots": screenshots() });
    browser.play_with(&served, scenario, given, answers).await;
    let scenario = "guide/from_nothing_to_a_running_synchronisation";
    browser
        .play_with(&served, scenario, at_hand(&served), answers)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_waits_for_somebody_to_enter_a_device_code() {
    let Some(browser) = Browser::open() else { return };
    let served = unconfigured().await;
    let answers = async |question: &str, about: &Value| answer(&served, question, about).await;
    let scenario = "guide/the_guide_waits_for_a_device_code";
    browser
        .play_with(&served, scenario, at_hand(&served), answers)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_outlasts_a_restart_of_the_daemon_and_not_the_set_up() {
    let Some(browser) = Browser::open() else { return };
    let served = unconfigured().await;
    browser
        .play_with(
            &served,
            "guide/three_steps_are_taken",
            at_hand(&served),
            async |_, _| None,
        )
        .await;
    let typed = served.stage.path("state.db.setup");
    assert!(typed.exists());
    assert_eq!(readable_by_others(&served.stage), Vec::<String>::new());
    assert_eq!(file(&served.stage).matches("[instances").count(), 0);

    let served = served.anew().await;
    let answers = async |question: &str, about: &Value| answer(&served, question, about).await;
    let scenario = "guide/the_steps_go_on_after_a_restart";
    browser
        .play_with(&served, scenario, at_hand(&served), answers)
        .await;
    assert!(!typed.exists(), "the file has it now");
}
