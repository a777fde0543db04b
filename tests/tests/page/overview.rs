//! The overview.

use end_to_end::{StageOptions, eventually};
use sandbox::{Except, Fault, Operation};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_freezes_the_instance_and_releasing_takes_everything_back() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    let answers = async |question: &str, _: &Value| match question {
        "a-call" => {
            stage.says(0, "Busy", "InACall");
            let seen = eventually(|| async {
                let address = stage.address(0);
                let explained = stage.presencectl(&["explain", &address, "--output", "json"]);
                explained.stdout.contains("InACall").then_some(())
            });
            let seen = seen.await.is_some();
            Some(json!({ "seen": seen, "dnd": stage.dnd(0) }))
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some(stage.dnd(0).into())
        }
        "ours" => Some(json!({ "mode": served.mode().await, "dnd": stage.dnd(0) })),
        "taken-back" => {
            let off = eventually(|| async { (!stage.dnd(0)).then_some(()) }).await;
            eventually(|| async { (served.mode().await == "paused").then_some(()) })
                .await
                .unwrap();
            Some(off.is_some().into())
        }
        _ => None,
    };
    for scenario in ["an_instance_is_paused", "everything_is_taken_back"] {
        let scenario = format!("overview/{scenario}");
        browser.play_with(&served, &scenario, json!({}), answers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_held_is_approved_on_the_page() {
    let Some(browser) = Browser::open() else { return };
    let mut options = StageOptions::plain(12);
    options.options.sync = "breaker = { share = 0.5, at_least = 3, confirm_for = \"30m\" }".to_owned();
    let served = Served::set(options).await;
    let stage = &served.stage;
    let answers = async |question: &str, _: &Value| match question {
        "everybody-meets" => {
            for number in 0..12 {
                stage.says(number, "Busy", "InAMeeting");
            }
            let held = eventually(|| async {
                let view = stage.status().await?.view?;
                (view.held > 0 && view.settled).then_some(view.held)
            });
            let held = held.await.unwrap_or_else(|| panic!("{}", stage.log()));
            Some(held.into())
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some((0..12).all(|number| stage.dnd(number)).into())
        }
        _ => None,
    };
    browser
        .play_with(&served, "overview/a_held_plan_is_approved", json!({}), answers)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_that_breaks_shows_without_loading_the_page_again() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    let answers = async |question: &str, _: &Value| {
        match question {
            "pbx-breaks" => {
                let broken = Fault::Status(503, None);
                stage.sandbox.fault(Operation::PhoneconfigGet, broken, None);
                stage.says(0, "Busy", "InACall");
            }
            "pbx-is-mended" => stage.sandbox.clear_fault(Operation::PhoneconfigGet),
            _ => return None,
        }
        Some(Value::Null)
    };
    browser
        .play_with(
            &served,
            "overview/a_broken_pbx_shows_by_itself",
            json!({}),
            answers,
        )
        .await;
}
