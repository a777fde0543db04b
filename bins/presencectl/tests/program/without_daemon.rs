//! Commands that do their work themselves, on a simulated tenant and PBX.

use sandbox::{Office, Operation, Options, Subject};
use serde_json::json;

use super::office::Simulated;

#[test]
fn a_plan_says_what_a_pass_then_does_and_writes_nothing_itself() {
    let simulated = Simulated::plain(6);
    simulated.say(1, "Busy", "InAMeeting");
    let (user, address) = simulated.member(1);
    simulated.sandbox.pbx().edit(user, |user| user.dnd = false);

    let planned = simulated.run(&["plan", "main", "--output", "json"]);
    assert_eq!(planned.code, Some(2), "{}", planned.everything());
    let plan = planned.json();
    assert_eq!(
        (&plan["version"], &plan["instance"], &plan["members"]),
        (&json!(1), &json!("main"), &json!(6))
    );
    let changes = plan["changes"].as_array().unwrap();
    let expected = json!({
        "address": address, "pbx_user": user, "field": "dnd", "from": false, "to": true,
        "because": {"presence": "Busy/InAMeeting", "rule": "Busy/InAMeeting"},
    });
    assert!(changes.contains(&expected), "{plan}");
    assert_eq!((&plan["held"], &plan["skipped"]), (&json!([]), &json!([])));
    assert!(simulated.sandbox.history().is_empty(), "a plan writes nothing");
    assert_eq!(simulated.sandbox.counters().of(Operation::PhoneconfigPut), 0);
    assert!(
        !simulated.folder.path().join("state.db").exists(),
        "not even a state"
    );

    let all = simulated.run(&["plan", "--output", "json"]);
    assert_eq!(
        (all.code, all.json().as_array().map(Vec::len)),
        (Some(2), Some(1)),
        "without an instance an array"
    );

    let synced = simulated.run(&["sync", "--once", "main", "--output", "json"]);
    assert_eq!(synced.code, Some(0), "{}", synced.everything());
    assert_eq!(
        synced.json()["changes"],
        json!(changes.len()),
        "{}",
        synced.stdout
    );
    assert_eq!(simulated.sandbox.history().len(), changes.len());
    assert!(simulated.converged());

    let planned = simulated.run(&["plan"]);
    assert_eq!(
        planned.everything(),
        "exit code: 0\n--- standard output\nmain: nothing to change for 6 members\n"
    );
    let synced = simulated.run(&["sync", "--once"]);
    assert_eq!(
        synced.everything(),
        "exit code: 0\n--- standard output\nmain: 0 changes made for 6 members\n"
    );
    assert_eq!(
        simulated.sandbox.history().len(),
        changes.len(),
        "a second pass writes nothing"
    );
}

#[test]
fn members_who_are_not_synchronised_are_listed_with_the_reason() {
    let simulated = Simulated::of(Office::new(20, 1), &Options::default());
    let plan = simulated.run(&["plan", "main", "--output", "json"]).json();
    let mut reasons: Vec<&str> = plan["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skipped| skipped["reason"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["ambiguous", "no-address", "no-teams-user"]);

    let members = simulated.run(&["members", "main"]);
    assert_eq!((members.code, members.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        members
            .stdout
            .lines()
            .filter(|line| line.contains('@') || line.starts_with("PBX user"))
            .count(),
        20
    );
    let members = simulated.run(&["members", "main", "--output", "json"]).json();
    assert_eq!(
        (&members["version"], members["members"].as_array().map(Vec::len)),
        (&json!(1), Some(20))
    );
}

#[test]
fn a_burst_is_held_and_said_by_plan_and_pass() {
    let simulated = Simulated::plain(20);
    for number in 0..15 {
        let (user, _) = simulated.member(number);
        simulated.sandbox.pbx().edit(user, |user| user.dnd = false);
        simulated.say(number, "Busy", "InACall");
    }
    let plan = simulated.run(&["plan", "main", "--output", "json"]);
    assert_eq!(
        (plan.code, plan.json()["held"].as_array().map(Vec::len)),
        (Some(2), Some(15)),
        "{}",
        plan.everything()
    );
    let synced = simulated.run(&["sync", "--once", "main", "--output", "json"]);
    assert_eq!(
        (
            synced.code,
            synced.json()["left"]["held"].as_array().map(Vec::len)
        ),
        (Some(1), Some(15))
    );
    let silenced = |record: &&sandbox::Record| record.subject == Subject::Dnd && record.to == "true";
    assert_eq!(simulated.sandbox.history().iter().filter(silenced).count(), 0);
    assert!(
        simulated
            .run(&["plan"])
            .stdout
            .contains("held, because too many members would change at once:")
    );
}

#[test]
fn a_member_is_explained_and_an_address_that_nobody_has_ends_with_3() {
    let simulated = Simulated::plain(4);
    simulated.say(2, "Busy", "InACall");
    let (user, address) = simulated.member(2);
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));

    let explained = simulated.run(&["explain", &address.to_uppercase()]);
    assert_eq!((explained.code, explained.stderr.as_str()), (Some(0), ""));
    for part in [
        &format!("PBX user {user}"),
        "says Busy/InACall since",
        "on, by `Busy/InACall` in `dnd`",
        "wanted: on",
        "the value is ours since",
    ] {
        assert!(
            explained.stdout.contains(part),
            "`{part}` in\n{}",
            explained.stdout
        );
    }
    let form = simulated.run(&["explain", &address, "--output", "json"]).json();
    assert_eq!(form["explanations"][0]["member"]["dnd"]["wanted"], json!(true));

    let nobody = simulated.run(&["explain", "nobody@example.com"]);
    assert_eq!(
        nobody.everything(),
        "exit code: 3\n--- standard error\nerror: no member of any instance has the address `nobody@example.com`\n  \
         hint: `presencectl members main` lists who is there\n"
    );
}

#[test]
fn a_release_takes_back_what_is_ours_and_pauses() {
    let simulated = Simulated::plain(4);
    simulated.say(0, "Busy", "InACall");
    let (user, _) = simulated.member(0);
    simulated.sandbox.pbx().edit(user, |user| user.dnd = false);
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    assert!(simulated.sandbox.pbx().user(user).unwrap().dnd);

    let released = simulated.run(&["release", "main", "--output", "json"]);
    let form = released.json();
    assert_eq!(
        (released.code, &form["still_ours"]),
        (Some(0), &json!(0)),
        "{}",
        released.everything()
    );
    assert_ne!(form["taken_back"], json!(0));
    assert!(!simulated.sandbox.pbx().user(user).unwrap().dnd);

    let plan = simulated.run(&["plan", "main", "--output", "json"]);
    assert_eq!(
        (plan.code, &plan.json()["skipped"][0]["reason"]),
        (Some(0), &json!("paused")),
        "{}",
        plan.stdout
    );
    assert_eq!(simulated.run(&["resume", "main"]).code, Some(0));
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    assert!(
        simulated.sandbox.pbx().user(user).unwrap().dnd,
        "after `resume` it is carried out again"
    );
}

#[test]
fn a_wrong_password_is_one_clear_error_after_one_attempt() {
    let simulated = Simulated::plain(3);
    simulated.folder.secret("pbx.password", "SAMPLE-wrong");
    let ended = simulated.run(&["plan"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended
            .stderr
            .starts_with("error: the link `roster` of instance `main` does not work: "),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("\n  hint: ") && !ended.stderr.contains("SAMPLE"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        simulated.sandbox.counters().of(Operation::Login),
        1,
        "no retry storm"
    );
}
