//! How the daemon and its instances do, in words.

use std::fmt::Write;

use sync_core::{Health, InstanceView, LicenceView, LinkView};
use sync_service::api::{DaemonStatus, InstanceState, InstanceStatus, SignInStatus};

use super::time::{Now, age, ago};
use super::words::count;

/// The daemon, without its instances.
pub(crate) fn status(daemon: &DaemonStatus, now: &Now) -> String {
    let DaemonStatus {
        program,
        pid,
        started,
        notices,
    } = daemon;
    let mut text = format!(
        "daemon {program}, process {pid}, since {}\n",
        now.moment_and_age(*started)
    );
    for notice in notices {
        let _ = writeln!(text, "  note: {notice}");
    }
    text
}

/// What is said instead where no daemon runs.
pub(crate) fn offline(state: &str) -> String {
    format!("no daemon runs for the state {state}: nothing is synchronised\n")
}

/// One instance with its links.
pub(crate) fn instance(status: &InstanceStatus, now: &Now) -> String {
    let InstanceStatus {
        instance,
        state,
        reason,
        notices,
        sign_in,
        view,
    } = status;
    let account = sign_in.as_ref().and_then(account);
    let Some(view) = view else {
        let reason = reason
            .as_ref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        let mut text = format!("\n{instance}: {}{reason}\n", word(*state));
        note(&mut text, notices);
        text.extend(account);
        return text;
    };
    let health = match view.readiness.state {
        Health::Ready => "ready",
        Health::Degraded => "degraded",
        Health::NotReady => "NOT READY",
    };
    let observing = if view.observe { ", only observing" } else { "" };
    let until = view
        .paused_until
        .map(|until| format!(" until {}", now.moment(until)))
        .unwrap_or_default();
    let mut text = format!("\n{instance}: {health}, {}{until}{observing}\n", view.mode);
    for reason in &view.readiness.reasons {
        let _ = writeln!(text, "  because    {reason}");
    }
    note(&mut text, notices);
    text.extend(account);
    if let Some(view) = &view.licence {
        let _ = writeln!(text, "  licence    {}", licence(view, now));
        if let Some(shut) = &view.shut {
            let _ = writeln!(text, "  {:10} hint: {}", "", shut.advice);
        }
        for warning in &view.warnings {
            note(&mut text, std::slice::from_ref(&warning.message));
        }
    }
    let _ = writeln!(text, "  members    {}", members(view));
    let _ = writeln!(text, "  sweeps     {}", sweeps(view));
    let _ = writeln!(text, "  changes    {}", changes(view));
    for view in &view.links {
        let _ = writeln!(text, "  {:10} {}", view.link.to_string(), link(view, now));
        if let Some(advice) = &view.advice {
            let _ = writeln!(text, "  {:10} hint: {advice}", "");
        }
    }
    text
}

/// Who signed in, where somebody has to; with a secret or a certificate the app signs in by itself.
fn account(sign_in: &SignInStatus) -> Option<String> {
    let says = match (sign_in.signed_in?, &sign_in.account) {
        (true, Some(account)) => format!("signed in as {account}"),
        (true, None) => "somebody is signed in".to_owned(),
        (false, _) => "nobody has signed in".to_owned(),
    };
    Some(format!("  account    {says}\n"))
}

fn note(text: &mut String, notices: &[String]) {
    for notice in notices {
        let _ = writeln!(text, "  note       {notice}");
    }
}

fn licence(view: &LicenceView, now: &Now) -> String {
    let (Some(number), Some(customer), Some(mode), Some(seats), Some(until)) =
        (&view.number, &view.customer, view.mode, view.seats, view.until)
    else {
        return "none".to_owned();
    };
    let used = view
        .needed()
        .map_or_else(|| "?".to_owned(), |used| used.to_string());
    format!(
        "{number} for {customer}, {mode}, {used} of {seats} seats, until {}",
        now.moment(until)
    )
}

fn word(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Starting => "starting",
        InstanceState::Waiting => "waiting",
        InstanceState::Running => "running",
        InstanceState::Failed => "FAILED",
        InstanceState::Disabled => "disabled",
        InstanceState::Stopped => "stopped",
        _ => "unknown",
    }
}

fn members(view: &InstanceView) -> String {
    let mut text = format!("{}, {} matched", view.members, view.matched);
    for (reason, number) in &view.skipped {
        let _ = write!(text, ", {number} {reason}");
    }
    if view.unknown > 0 {
        let _ = write!(text, ", {} unknown", view.unknown);
    }
    if let Some(seconds) = view.roster_age_seconds {
        let _ = write!(text, "; read {}", ago(seconds));
    }
    text
}

fn sweeps(view: &InstanceView) -> String {
    match view.sweep_age_seconds {
        Some(seconds) => {
            format!(
                "read every {:.1} s, last complete {}, {} in all",
                view.sweep_interval_seconds,
                ago(seconds),
                count(to_usize(view.sweeps), "sweep")
            )
        }
        None => "not read completely yet".to_owned(),
    }
}

fn changes(view: &InstanceView) -> String {
    let InstanceView {
        changes,
        due,
        held,
        owned,
        drifted,
        ..
    } = view;
    let drifted = match drifted {
        0 => String::new(),
        _ => format!(", {} changed by somebody else", count(*drifted, "value")),
    };
    format!(
        "{changes} since the start, {due} due, {held} held; {} ours{drifted}",
        count(*owned, "value")
    )
}

pub(super) fn link(view: &LinkView, now: &Now) -> String {
    match &view.error {
        None => match view.last_success_seconds {
            Some(seconds) => format!("{}, used {}", view.state, ago(seconds)),
            None => view.state.clone(),
        },
        Some(error) => {
            let since = view
                .since
                .map(|since| format!(" since {}", now.moment_and_age(since)))
                .unwrap_or_default();
            let again = view
                .retry_in_seconds
                .map(|seconds| format!(" (tried again in {})", age(seconds)))
                .unwrap_or_default();
            format!("DOWN{since}: {error}{again}")
        }
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;

    fn now() -> Now {
        Now::new("2026-11-23T09:03:00Z".parse().unwrap(), TimeZone::UTC)
    }

    #[test]
    fn an_instance_with_a_link_that_is_down_says_what_to_do() {
        let link = |name: &str| {
            json!({
                "link": name, "state": "up", "error": null, "fault": null, "advice": null, "since": null,
                "retry_in_seconds": null, "last_success_seconds": 1.0,
            })
        };
        let down = json!({
            "link": "chat", "state": "down", "error": "cannot set the chat status: no such module", "fault": "configuration",
            "advice": "check the module's name", "since": "2026-11-23T09:00:00Z", "retry_in_seconds": 61.0,
            "last_success_seconds": null,
        });
        let status = json!({
            "instance": "main", "state": "running", "reason": null,
            "notices": ["in this version only presence synchronisation is active"],
            "view": {
                "instance": "main", "mode": "running", "observe": false, "policy": "own-only",
                "readiness": {"state": "degraded", "reasons": ["chat: cannot set the chat status: no such module"]},
                "licence": {
                    "gate": "open", "shut": null, "number": "2026-0001", "customer": "Example GmbH",
                    "mode": "full-integration", "seats": 50, "used": 25, "from": "2026-01-01T00:00:00Z",
                    "until": "2027-01-01T00:00:00Z", "grace_days": 14, "pbx": null,
                    "warnings": [{"code": "ending", "message": "the licence ends at 2027-01-01T00:00:00Z"}],
                },
                "members": 25, "matched": 23, "skipped": {"no-address": 1, "ambiguous": 1}, "unknown": 2, "owned": 8,
                "due": 1, "held": 0, "links": [link("presence"), link("pbx"), down], "sweep_interval_seconds": 2.0,
                "sweep_age_seconds": 1.0, "presence_age_seconds": 1.5, "roster_age_seconds": 30.0, "sweeps": 90, "looks": 3,
                "rosters": 3, "readbacks": 4, "changes": 12, "drifts": 0, "drifted": 0, "settled": true,
            },
        });
        insta::assert_snapshot!(instance(&serde_json::from_value(status).unwrap(), &now()));
    }

    #[test]
    fn a_shut_gate_says_by_how_many_seats_and_what_to_do() {
        let shut = json!({
            "reason": "too-few-seats", "message": "it has 2 seats, and 3 are needed: 1 more",
            "advice": "get a licence with more seats", "needed": 3, "licensed": 2, "taking_back": 1,
        });
        let view = json!({
            "gate": "shut", "shut": shut, "number": "7", "customer": "Example GmbH", "mode": "presence-sync", "seats": 2,
            "used": 3, "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "grace_days": 0, "pbx": null,
            "warnings": [],
        });
        assert_eq!(
            licence(&serde_json::from_value(view).unwrap(), &now()),
            "7 for Example GmbH, presence-sync, 3 of 2 seats, until 2027-01-01 00:00"
        );
    }

    #[test]
    fn an_instance_that_does_not_run_says_why() {
        let waiting =
            json!({"instance": "main", "state": "waiting", "reason": "held by process 7", "view": null});
        let text = instance(&serde_json::from_value(waiting).unwrap(), &now());
        assert_eq!(text, "\nmain: waiting: held by process 7\n");
    }

    #[test]
    fn where_somebody_has_to_sign_in_it_is_said_who_did() {
        let says = |signed_in: Option<bool>, account: Option<&str>| {
            let sign_in = json!({
                "auth": "device-code", "client_id": "c", "valid_until": null, "signed_in": signed_in, "account": account,
            });
            let starting = json!({
                "instance": "main", "state": "starting", "reason": null, "sign_in": sign_in, "view": null,
            });
            let text = instance(&serde_json::from_value(starting).unwrap(), &now());
            text.lines().nth(2).map(str::to_owned)
        };
        let anna = says(Some(true), Some("anna@example.com"));
        assert_eq!(
            anna.as_deref(),
            Some("  account    signed in as anna@example.com")
        );
        assert_eq!(
            says(Some(true), None).as_deref(),
            Some("  account    somebody is signed in")
        );
        assert_eq!(
            says(Some(false), None).as_deref(),
            Some("  account    nobody has signed in")
        );
        assert_eq!(says(None, None), None, "the app signs in by itself");
    }

    #[test]
    fn the_daemon_is_shown_with_what_it_has_to_say() {
        let daemon = json!({
            "program": "0.1.0", "pid": 7, "started": "2026-11-23T09:00:00Z", "notices": ["something to know"],
        });
        let text = status(&serde_json::from_value(daemon).unwrap(), &now());
        assert_eq!(
            text,
            "daemon 0.1.0, process 7, since 09:00:00, 3 min ago\n  note: something to know\n"
        );
    }
}
