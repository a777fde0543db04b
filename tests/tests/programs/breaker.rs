//! The breaker, as an operator meets it: too many at once are held, shown, and pass when the plan is approved.

use end_to_end::{Stage, StageOptions, eventually};
use sandbox::{Except, Options};
use serde_json::Value;

async fn held() -> Stage {
    let mut options = StageOptions::plain(12);
    options.options = Options {
        sync: "breaker = { share = 0.5, at_least = 3, confirm_for = \"30m\" }".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    for number in 0..12 {
        stage.says(number, "Available", "Available");
    }
    stage
}

fn plan(stage: &Stage) -> Value {
    let shown = stage.presencectl(&["plan", "main", "--output", "json"]);
    assert_eq!(shown.code, Some(2), "{}", shown.stderr);
    serde_json::from_str(&shown.stdout).expect("a plan")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_held_shown_and_approved() {
    let stage = held().await;
    let _daemon = stage.daemon();
    stage.settle().await;
    for number in 0..12 {
        stage.says(number, "Busy", "InAMeeting");
    }
    let held = eventually(|| async {
        let view = stage.status().await?.view?;
        (view.held >= 11 && view.settled).then_some(view)
    });
    let view = held.await.unwrap_or_else(|| panic!("{}", stage.log()));
    let silenced = (0..12).filter(|number| stage.dnd(*number)).count();
    assert!(silenced <= 1, "{silenced} were silenced");
    assert!(
        stage.log().contains("too many members would change at once"),
        "{}",
        stage.log()
    );
    assert_eq!(stage.presencectl(&["sync", "--once", "main"]).code, Some(1));

    let form = plan(&stage);
    let id = form["plan"].as_str().expect("an id").to_owned();
    assert_eq!(view.held_plan.map(|plan| plan.to_string()), Some(id.clone()));
    let status = stage.presencectl(&["status"]).stdout;
    assert!(status.contains(&format!("presencectl approve {id}")), "{status}");

    let unknown = stage.presencectl(&["approve", "01JD0000000000000000000000"]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.stdout);
    assert!(unknown.stderr.contains("hint: "), "{}", unknown.stderr);
    assert_eq!(stage.presencectl(&["approve", "scribble"]).code, Some(64));

    let approved = stage.presencectl(&["approve", &id]);
    assert_eq!(approved.code, Some(0), "{}", approved.stderr);
    stage.converge(&Except::default()).await;
    assert!((0..12).all(|number| stage.dnd(number)));
    assert_eq!(stage.presencectl(&["plan", "main"]).code, Some(0));
}
