//! The licence.

use end_to_end::{StageOptions, issuer_keys, licence, terms};
use sandbox::{Except, License};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_is_too_small_is_said_and_replaced_on_the_page() {
    let Some(browser) = Browser::open() else { return };
    let mut options = StageOptions::plain(5);
    options.options.license = Some(License {
        key: licence(&terms(3)),
        issuer_keys: issuer_keys(),
    });
    let served = Served::set(options).await;
    let stage = &served.stage;
    stage.says(0, "Busy", "InACall");
    let given = json!({
        "seats": 3,
        "members": 5,
        "smaller": licence(&terms(4)),
        "larger": licence(&terms(5)),
    });
    let answers = async |question: &str, _: &Value| match question {
        "in-force" => {
            let view = stage.status().await?.view?;
            Some(json!(view.licence?.shut?.reason))
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some(stage.dnd(0).into())
        }
        _ => None,
    };
    let scenario = "licence/a_licence_that_is_too_small_is_replaced";
    browser.play_with(&served, scenario, given, answers).await;
}
