//! Several instances on one page.

use end_to_end::{Stage, StageOptions, eventually};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_one_instance_leaves_the_other_alone() {
    let Some(browser) = Browser::open() else { return };
    let stage = Stage::set(StageOptions::plain(5)).await;
    let file = std::fs::read_to_string(stage.config()).unwrap();
    let at = file.find("[instances.main").unwrap();
    let second = file[at..].replace("[instances.main", "[instances.zweite");
    // A group that the PBX does not have: what is wrong with one instance is not wrong with the other.
    let by_name = second.lines().find(|line| line.starts_with("group = ")).unwrap();
    let second = second.replace(by_name, "group_id = 4711");
    stage.write("presence-sync.toml", &format!("{file}\n{second}"));
    let served = Served::start(stage).await;
    let stage = &served.stage;
    let modes = async || {
        let status = stage.client()?.status().await.ok()?;
        let views = status.instances.iter().map(|instance| instance.view.as_ref());
        let modes: Option<Vec<_>> = views.map(|view| Some(view?.mode.as_str().to_owned())).collect();
        modes
    };
    eventually(|| async { modes().await.filter(|modes| modes.len() == 2) })
        .await
        .unwrap_or_else(|| panic!("{}", stage.log()));
    let answers = async |question: &str, _: &Value| match question {
        "modes" => Some(json!(modes().await)),
        "file" => Some(std::fs::read_to_string(stage.config()).unwrap().into()),
        _ => None,
    };
    let scenario = "several/each_instance_has_its_own_tabs";
    browser.play_with(&served, scenario, json!({}), answers).await;
}
