//! Names that somebody chose in the PBX or in the tenant to do harm, or just to look odd.

use end_to_end::{Stage, StageOptions};
use serde_json::json;

use crate::browser::Browser;
use crate::served::Served;

/// A script, an attribute's end, marks that turn the direction of what follows, a name without an end, and one of 500
/// characters without a blank.
fn names() -> [String; 5] {
    [
        "<script>globalThis.hacked=1</script>".to_owned(),
        "\"><img src=x onerror=globalThis.hacked=1>".to_owned(),
        "\u{202e}reldnif\u{2067}\u{200f} עברית".to_owned(),
        "{{ name }} ${name} <!-- &lt;b&gt;".to_owned(),
        "ä".repeat(500),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_are_shown_as_they_are_and_do_nothing() {
    let Some(browser) = Browser::open() else { return };
    let stage = Stage::set(StageOptions::plain(6)).await;
    for (number, name) in names().iter().enumerate() {
        stage.sandbox.pbx().edit(stage.user(number), |user| {
            user.first_name = String::new();
            user.family_name.clone_from(name);
        });
    }
    let file = std::fs::read_to_string(stage.config()).unwrap();
    let by_name = file.lines().find(|line| line.starts_with("group = ")).unwrap();
    stage.write("presence-sync.toml", &file.replace(by_name, "group_id = 1000"));
    let served = Served::start(stage).await;
    served.stage.settle().await;
    for group in names() {
        served.stage.sandbox.pbx().rename_group(&group);
        let scenario = "hostile/an_odd_group_does_nothing";
        let given = json!({ "group": group });
        browser
            .play_with(&served, scenario, given, async |_, _| None)
            .await;
    }
    let given = json!({ "names": names(), "user": served.stage.user(0) });
    let scenario = "hostile/odd_people_do_nothing";
    browser
        .play_with(&served, scenario, given, async |_, _| None)
        .await;
}
