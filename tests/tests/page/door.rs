//! The door.

use serde_json::json;

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_link_lets_one_choose_the_password_once() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let given = json!({ "link": served.setup_link() });
    browser
        .play_with(&served, "door/a_link_serves_once", given, async |_, _| None)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_few_wrong_passwords_even_the_right_one_has_to_wait() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    browser.play(&served, "door/guessing_has_to_wait").await;
}
