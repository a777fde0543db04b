//! Those who have no script or no mouse.

use serde_json::json;

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn without_script_or_without_a_mouse_one_gets_everywhere() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let given = json!({ "link": served.setup_link(), "name": served.stage.employee(3).name });
    for scenario in [
        "without_script_everything_works",
        "without_a_mouse_one_gets_everywhere",
    ] {
        let scenario = format!("plain/{scenario}");
        browser
            .play_with(&served, &scenario, given.clone(), async |_, _| None)
            .await;
    }
}
