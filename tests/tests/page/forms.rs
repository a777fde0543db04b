//! Forms that nobody of ours sent.

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_the_token_of_its_session_changes_nothing() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    for scenario in [
        "a_session_ends_when_somebody_signs_out",
        "another_site_cannot_send_a_form",
        "a_form_needs_the_token_of_its_session",
    ] {
        browser.play(&served, &format!("forms/{scenario}")).await;
    }
}
