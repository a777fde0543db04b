//! Commands that speak to a running daemon.

use sandbox::Options;
use serde_json::json;

use super::office::Simulated;
use super::support::Ended;

fn quick() -> Simulated {
    let options = Options {
        poll_interval: "100ms".to_owned(),
        ..Options::default()
    };
    Simulated::of(sandbox::Office::plain(5, 1), &options)
}

#[test]
fn a_daemon_that_does_its_work_is_healthy() {
    let simulated = quick();
    let _daemon = simulated.start_daemon();
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    let status = simulated.run(&["status", "--output", "json"]);
    let form = status.json();
    assert_eq!(status.code, Some(0), "{}", status.everything());
    assert_eq!(
        (&form["daemon"]["program"], &form["version"]),
        (&json!("0.0.0-test"), &json!(1))
    );
    assert_eq!(form["instances"][0]["view"]["readiness"]["state"], json!("ready"));
    let text = simulated.run(&["status", "main"]).stdout;
    assert!(text.starts_with("daemon 0.0.0-test, process "), "{text}");
    assert!(
        text.contains("\nmain: ready, running\n  licence    test-1 for A simulated office, presence-sync, 5 of 100000 seats")
            && text.contains("\n  members    5, 5 matched"),
        "{text}"
    );
}

#[test]
fn a_pass_is_the_daemons_own_and_leaves_nothing_to_plan() {
    let simulated = quick();
    simulated.say(0, "Busy", "InAMeeting");
    let _daemon = simulated.start_daemon();
    let synced = simulated.run(&["sync", "--once", "main", "--output", "json"]);
    assert_eq!(
        (synced.code, &synced.json()["left"]["changes"]),
        (Some(0), &json!([])),
        "{}",
        synced.everything()
    );
    assert!(simulated.converged());
    let planned = simulated.run(&["plan", "main", "--output", "json"]);
    assert_eq!((planned.code, &planned.json()["members"]), (Some(0), &json!(5)));
    let (_, address) = simulated.member(0);
    let explained = simulated.run(&["explain", &address]);
    assert!(
        explained.stdout.contains("says Busy/InAMeeting since"),
        "{}",
        explained.everything()
    );
    assert_eq!(simulated.run(&["explain", "nobody@example.com"]).code, Some(3));
    let members = simulated.run(&["members", "main", "--output", "json"]);
    assert_eq!(members.json()["members"].as_array().map(Vec::len), Some(5));
}

#[test]
fn orders_are_given_to_the_daemon() {
    let simulated = quick();
    simulated.say(0, "Busy", "InACall");
    let (user, _) = simulated.member(0);
    simulated.sandbox.pbx().edit(user, |user| user.dnd = false);
    let _daemon = simulated.start_daemon();
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    assert!(simulated.sandbox.pbx().user(user).unwrap().dnd);

    let mode = || -> serde_json::Value {
        let status: Ended = simulated.run(&["status", "main", "--output", "json"]);
        status.json()["instances"][0]["view"]["mode"].take()
    };
    let released = simulated.run(&["release", "main", "--output", "json"]);
    assert_eq!(
        (released.code, &released.json()["still_ours"]),
        (Some(0), &json!(0)),
        "{}",
        released.everything()
    );
    assert!(!simulated.sandbox.pbx().user(user).unwrap().dnd);
    assert_eq!(
        simulated.run(&["resume", "main"]).everything(),
        "exit code: 0\n--- standard output\nmain: goes on\n"
    );
    assert_eq!(mode(), json!("running"));
    assert_eq!(simulated.run(&["pause", "main"]).code, Some(0));
    assert_eq!(mode(), json!("paused"));
}

#[test]
fn one_member_is_paused_with_a_daemon_and_without_one() {
    let simulated = quick();
    let (user, address) = simulated.member(0);
    let dnd = || simulated.sandbox.pbx().user(user).unwrap().dnd;
    simulated.sandbox.pbx().edit(user, |user| user.dnd = false);
    {
        let _daemon = simulated.start_daemon();
        let paused = simulated.run(&["pause", "main", &address, "--for", "2h"]);
        assert_eq!(paused.code, Some(0), "{}", paused.everything());
        assert!(
            paused.stdout.contains(&format!("main: {address}: paused until ")),
            "{}",
            paused.stdout
        );
        simulated.say(0, "Busy", "InACall");
        assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
        assert!(!dnd());
        let explained = simulated.run(&["explain", &address]).stdout;
        assert!(
            explained.contains("not synchronised: paused; `presencectl resume` goes on; goes on at "),
            "{explained}"
        );
        let unknown = simulated.run(&["pause", "main", "nobody@example.com"]);
        assert_eq!(unknown.code, Some(1));
        assert!(unknown.stderr.contains("hint: "), "{}", unknown.stderr);
        assert_eq!(simulated.run(&["pause", "main", "--for", "soon"]).code, Some(64));
    }
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    assert!(!dnd(), "the ledger remembers it");
    assert_eq!(simulated.run(&["resume", "main", &address]).code, Some(0));
    assert_eq!(simulated.run(&["sync", "--once"]).code, Some(0));
    assert!(dnd());
    assert_eq!(
        simulated.run(&["resume", "main", "nobody@example.com"]).code,
        Some(1)
    );
}

#[test]
fn an_instance_that_cannot_work_is_unhealthy_and_plans_nothing() {
    let simulated = quick();
    simulated.sandbox.pbx().rename_group("Somebody else");
    let _daemon = simulated.start_daemon();
    let planned = simulated.run(&["plan"]);
    assert_eq!((planned.code, planned.stdout.as_str()), (Some(1), ""));
    assert!(
        planned
            .stderr
            .starts_with("error: the daemon cannot plan for instance `main` now: "),
        "{}",
        planned.stderr
    );
    let members = simulated.run(&["members", "main"]);
    assert_eq!(
        (members.code, members.stdout.as_str()),
        (Some(1), ""),
        "a group that was not read is not empty"
    );
    assert_eq!(
        simulated.run(&["explain", "nobody@example.com"]).code,
        Some(1),
        "and nobody knows who has an address"
    );
    let status = simulated.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(
        status.stdout.contains("main: NOT READY") && status.stdout.contains("hint: "),
        "{}",
        status.stdout
    );
}
