//! Signing in to Microsoft.

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{Auth, Except};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

/// Whom the sandbox lets sign in.
const READER: &str = "anna.reader@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_by_device_code_and_the_instance_begins_to_work() {
    let Some(browser) = Browser::open() else { return };
    let mut options = StageOptions::plain(5);
    options.options.auth = Auth::DeviceCode;
    let stage = Stage::set(options).await;
    stage.sandbox.tenant().whoever_signs_in(READER, "Anna Reader");
    let served = Served::start(stage).await;
    let stage = &served.stage;
    let waits = eventually(|| async { stage.log().contains("nobody has signed in yet").then_some(()) });
    waits.await.unwrap_or_else(|| panic!("{}", stage.log()));
    stage.says(0, "Busy", "InACall");
    let answers = async |question: &str, about: &Value| match question {
        "enter-code" => {
            let (code, agrees) = (about["code"].as_str()?, about["agrees"].as_bool()?);
            Some(stage.sandbox.tenant().enter_code(code, agrees).into())
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some(stage.dnd(0).into())
        }
        _ => None,
    };
    let given = json!({ "link": format!("{}/devicelogin", stage.sandbox.tenant_url()), "account": READER });
    let scenario = "azure/somebody_signs_in_by_device_code";
    browser.play_with(&served, scenario, given, answers).await;
}
