//! The basic settings.

use std::os::unix::fs::MetadataExt;

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{CLIENT_SECRET, Except, MODULE_SECRET, PASSWORD};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

/// The configuration as it is written.
fn file(stage: &Stage) -> String {
    std::fs::read_to_string(stage.config()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_after_a_look_at_how_many_people_it_touches() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    let away = [1, 3];
    for number in away {
        stage.says(number, "Away", "Away");
    }
    stage.converge(&Except::default()).await;
    let have_dnd = || away.map(|number| stage.dnd(number));
    let answers = async |question: &str, _: &Value| match question {
        "file" => Some(file(stage).into()),
        "away-have-dnd" => Some(json!(have_dnd())),
        "away-get-dnd" => {
            let all = eventually(|| async { have_dnd().iter().all(|dnd| *dnd).then_some(()) });
            Some(all.await.is_some().into())
        }
        _ => None,
    };
    let given = json!({ "away": away.map(|number| stage.address(number)) });
    let scenario = "settings/a_rule_is_changed_after_a_look_at_what_it_does";
    browser.play_with(&served, scenario, given, answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_bad_stale_or_secret_are_handled_with_care() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    let answers = async |question: &str, _: &Value| match question {
        "file" => Some(file(stage).into()),
        "chat-secret" => Some(chat_secret(stage)),
        "audit" => Some(stage.presencectl(&["audit", "--settings"]).stdout.into()),
        _ => None,
    };
    let given = json!({ "secrets": [CLIENT_SECRET, PASSWORD, MODULE_SECRET] });
    for scenario in [
        "a_bad_value_is_told_at_its_field",
        "two_at_once_lose_nothing",
        "secrets_go_in_and_never_come_out",
        "an_optional_secret_is_taken_out_again",
    ] {
        let scenario = format!("settings/{scenario}");
        browser
            .play_with(&served, &scenario, given.clone(), answers)
            .await;
    }
}

/// The module's secret as it was typed: what its file holds, who may read that, and whether it stands in the configuration.
fn chat_secret(stage: &Stage) -> Value {
    let config = file(stage);
    let name = config
        .lines()
        .find_map(|line| line.strip_prefix("shared_secret_file = "));
    let path = stage.path(name.unwrap().trim_matches('"'));
    let text = std::fs::read_to_string(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().mode() & 0o777;
    json!({
        "text": text.trim(),
        "mode": format!("{mode:o}"),
        "inFile": config.contains(text.trim()),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_managed_elsewhere_is_shown_and_not_changed() {
    let Some(browser) = Browser::open() else { return };
    let stage = Stage::set(StageOptions::plain(5)).await;
    let managed = file(&stage).replace("[daemon]", "[daemon]\nmanaged = true");
    stage.write("presence-sync.toml", &managed);
    let served = Served::start(stage).await;
    let answers = async |question: &str, _: &Value| (question == "file").then(|| file(&served.stage).into());
    browser
        .play_with(
            &served,
            "settings/a_managed_file_is_only_shown",
            json!({}),
            answers,
        )
        .await;
}
