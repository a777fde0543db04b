//! Every page there is.

use end_to_end::StageOptions;
use sandbox::{Except, Office};
use serde_json::json;

use crate::browser::Browser;
use crate::served::Served;

/// Where pictures of the tabs are put for the guides, if somebody wants them.
#[expect(clippy::disallowed_methods, reason = "a test has no other way to be told")]
pub(crate) fn screenshots() -> Option<String> {
    std::env::var("PRESENCE_SYNC_SCREENSHOTS").ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_looks_right_in_both_languages_and_colours() {
    let Some(browser) = Browser::open() else { return };
    let mut options = StageOptions::plain(30);
    options.office = Office::new(30, 1);
    let served = Served::set(options).await;
    let stage = &served.stage;
    stage.says(0, "Busy", "InACall");
    stage.says(1, "DoNotDisturb", "Presenting");
    stage.says(2, "Busy", "InAMeeting");
    stage.says(3, "Away", "Away");
    stage.says(4, "Offline", "OffWork");
    stage.converge(&Except::default()).await;
    let given = json!({
        "link": served.setup_link(),
        "user": stage.user(0),
        "name": stage.employee(0).name,
        "screenshots": screenshots(),
    });
    browser
        .play_with(&served, "tour/every_page_looks_right", given, async |_, _| None)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_can_be_switched_on_every_page() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let given = json!({ "link": served.setup_link() });
    browser
        .play_with(
            &served,
            "tour/the_language_can_be_switched",
            given,
            async |_, _| None,
        )
        .await;
}
