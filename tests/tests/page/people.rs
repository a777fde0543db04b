//! The tab of the people.

use end_to_end::{StageOptions, eventually};
use sandbox::{Employee, Except, Oddity, Office};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

const MEMBERS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_listed_and_found_and_whoever_needs_somebody_is_first() {
    let Some(browser) = Browser::open() else { return };
    let office = Office::new(MEMBERS, 1);
    let employees: Vec<Employee> = office.employees()[..MEMBERS].to_vec();
    let odd = |oddity: Oddity| {
        let found = employees.iter().find(|employee| employee.oddity == Some(oddity));
        found.unwrap().name.clone()
    };
    let mut options = StageOptions::plain(MEMBERS);
    options.office = office;
    let served = Served::set(options).await;
    let sought = served.stage.sandbox.pbx().user(served.stage.user(77)).unwrap();
    let relatives = employees
        .iter()
        .filter(|employee| employee.name.contains("Müller"));
    let given = json!({
        "members": MEMBERS,
        "ambiguous": odd(Oddity::Ambiguous),
        "unmatched": [odd(Oddity::NoTeamsUser), odd(Oddity::NoAddress)],
        "sought": { "name": served.stage.employee(77).name, "address": sought.email, "login": sought.login },
        "family": "Müller",
        "relatives": relatives.count(),
    });
    for scenario in ["everybody_is_listed", "people_are_found"] {
        let scenario = format!("people/{scenario}");
        browser
            .play_with(&served, &scenario, given.clone(), async |_, _| None)
            .await;
    }
    browser.play(&served, "people/a_wrong_address_is_answered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_explained_with_rule_and_owner_and_can_be_paused_alone() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::plain().await;
    let stage = &served.stage;
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    let given = json!({ "name": stage.employee(0).name });
    browser
        .play_with(&served, "people/one_person_is_explained", given, async |_, _| {
            None
        })
        .await;

    let given = json!({ "name": stage.employee(1).name, "user": stage.user(1) });
    let answers = async |question: &str, _: &Value| match question {
        // The one who is paused comes first, so that it was his turn when the other one's DND is on.
        "a-call-of-two" => {
            stage.says(1, "Busy", "InACall");
            stage.says(2, "Busy", "InACall");
            eventually(|| async { stage.dnd(2).then_some(()) }).await.unwrap();
            stage.settle().await;
            Some(json!({ "paused": stage.dnd(1), "other": stage.dnd(2) }))
        }
        "in-line" => {
            stage.converge(&Except::default()).await;
            Some(stage.dnd(1).into())
        }
        _ => None,
    };
    browser
        .play_with(&served, "people/one_person_is_paused", given, answers)
        .await;
}
