//! The log.

use sandbox::Except;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_live_and_can_be_searched_and_kept() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    let answers = async |question: &str, _: &Value| match question {
        "a-call" => {
            stage.says(0, "Busy", "InACall");
            stage.converge(&Except::default()).await;
            Some(Value::Null)
        }
        "end-of-the-call" => {
            stage.says(0, "Available", "Available");
            stage.converge(&Except::default()).await;
            Some(Value::Null)
        }
        _ => None,
    };
    let given = json!({ "address": stage.address(0), "user": stage.user(0) });
    for scenario in [
        "lines_come_by_themselves",
        "lines_are_found",
        "log_and_audit_are_files",
    ] {
        let scenario = format!("log/{scenario}");
        browser
            .play_with(&served, &scenario, given.clone(), answers)
            .await;
    }
}
