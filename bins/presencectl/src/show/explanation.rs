//! Why a member is as they are, in plain words.

use std::fmt::Write;

use sync_core::{
    DueView, ExplainView, Field, FieldView, MemberView, Mode, OwnerView, Rest, SkipReason, Standing, WaitView,
};

use super::plan::member as named;
use super::status;
use super::time::{Now, age, ago};
use super::words;

/// The whole explanation of one member.
pub(crate) fn explanation(view: &ExplainView, now: &Now) -> String {
    let ExplainView {
        instance,
        policy,
        gate,
        links,
        member,
        changes,
        rules,
        next_check_seconds,
        ..
    } = view;
    let mut lines = Lines::default();
    let name = if member.name.is_empty() {
        String::new()
    } else {
        format!("{}, ", member.name)
    };
    let who = named(member.address.as_ref(), member.pbx_user);
    lines.at(
        0,
        &format!(
            "{who} ({name}PBX user {}, login {}), instance {instance}",
            member.pbx_user, member.login
        ),
    );
    if let Some(doing) = doing(view, now) {
        lines.at(0, &doing);
    }
    if let Some(gate) = gate {
        lines.at(0, &format!("nobody is synchronised: {}", gate.message));
    }
    // A pause of the whole instance was said above.
    let pauses_alone = |reason: &SkipReason| *reason != SkipReason::Paused || member.paused.is_some();
    if let Some(reason) = member.skipped.filter(pauses_alone) {
        let until = member
            .paused
            .and_then(|pause| pause.until)
            .map(|until| format!("; goes on at {}", now.moment(until)))
            .or_else(|| {
                let left = member.stopped_for_seconds?;
                Some(format!("; goes on in {}", age(left)))
            })
            .unwrap_or_default();
        let why = match member.standing {
            Some(Standing::NotLookedUp) => "the directory has not answered yet",
            _ => words::skipped(reason),
        };
        lines.at(0, &format!("not synchronised: {why}{until}"));
    }
    teams(&mut lines, member, now);
    match rules {
        Some(rules) => {
            lines.head("Rules");
            lines.block(2, &rules.to_string());
        }
        None => lines.head("Rules: not asked, because nothing is known"),
    }
    lines.at(2, &format!("policy {}", words::policy(*policy)));
    let change = |field: Field| changes.iter().find(|change| change.field == field);
    field(&mut lines, "Do Not Disturb", &member.dnd, change(Field::Dnd), now);
    match &member.chat {
        Some(chat) => field(&mut lines, "Chat status", chat, change(Field::Chat), now),
        None => lines.head("Chat status: not synchronised; the configuration names no companion module"),
    }
    if !links.is_empty() {
        lines.head("Links that are down");
    }
    for link in links {
        lines.at(2, &format!("{}: {}", link.link, status::link(link, now)));
        link.advice
            .iter()
            .for_each(|advice| lines.at(4, &format!("what to do: {advice}")));
    }
    match next_check_seconds {
        Some(seconds) if *seconds < 1.0 => lines.head("Next check in less than a second"),
        Some(seconds) => lines.head(&format!("Next check in {}", age(*seconds))),
        None if member.teams_user.is_some() => lines.head("Next check: due now"),
        None => lines.head("Next check: at the next reading of group and directory"),
    }
    lines.0
}

/// What the instance does, where that is anything but keeping presence in line.
fn doing(view: &ExplainView, now: &Now) -> Option<String> {
    let instance = &view.instance;
    match view.mode {
        Mode::Paused => {
            let until = view
                .paused_until
                .map(|until| format!(" until {}", now.moment(until)))
                .unwrap_or_default();
            Some(format!(
                "the instance is paused{until}; `presencectl resume {instance}` goes on"
            ))
        }
        Mode::Releasing => {
            Some("the instance is being released: everything of ours is taken back".to_owned())
        }
        Mode::Running => view
            .observe
            .then(|| "the instance only observes (`observe = true`): nothing is set".to_owned()),
    }
}

fn teams(lines: &mut Lines, member: &MemberView, now: &Now) {
    lines.head("Teams");
    match &member.standing {
        Some(Standing::Matched { teams_user }) => {
            lines.at(2, &format!("joined to the Teams user {teams_user}"));
        }
        Some(Standing::Ambiguous { candidates, rivals }) => {
            let list = |items: Vec<String>| items.join(", ");
            if !candidates.is_empty() {
                let candidates = candidates.iter().map(ToString::to_string).collect();
                lines.at(2, &format!("could be these Teams users: {}", list(candidates)));
            }
            if !rivals.is_empty() {
                let rivals = rivals.iter().map(ToString::to_string).collect();
                lines.at(
                    2,
                    &format!("these PBX users have the address too: {}", list(rivals)),
                );
            }
        }
        Some(Standing::NotLookedUp) => lines.at(2, "the directory has not answered yet"),
        Some(_) => lines.at(2, "joined to no Teams user"),
        None => lines.at(2, "is no member of the group any more"),
    }
    match (&member.presence, member.since) {
        (Some(presence), Some(since)) => {
            let seen = member
                .age_seconds
                .map(|seconds| format!(", seen {}", ago(seconds)))
                .unwrap_or_default();
            lines.at(
                2,
                &format!("says {presence} since {}{seen}", now.moment_and_age(since)),
            );
        }
        _ => lines.at(2, "no presence was read yet"),
    }
    if let Some(seconds) = member.unknown_for_seconds {
        lines.at(
            2,
            &format!(
                "unknown for {}{}{}",
                age(seconds),
                member
                    .unknown_because
                    .map(|because| format!(", because {}", words::unknown(because)))
                    .unwrap_or_default(),
                member
                    .taken_back_in_seconds
                    .map(|left| format!("; if it stays so, ours is taken back in {}", age(left)))
                    .unwrap_or_default()
            ),
        );
    }
}

fn field(lines: &mut Lines, title: &str, view: &FieldView, change: Option<&DueView>, now: &Now) {
    lines.head(title);
    let FieldView {
        pbx,
        read_seconds,
        wanted,
        owner,
        before,
        ours_since,
        work,
        rest,
        drift,
        last_write,
    } = view;
    match (wanted, change.filter(|change| change.release)) {
        (_, Some(change)) => {
            let why = words::taken_back(&change.because.rule);
            lines.at(2, &format!("wanted: ours is taken back, {why}"));
        }
        (Some(value), None) => lines.at(2, &format!("wanted: {value}")),
        (None, None) => lines.at(2, "wanted: as it is"),
    }
    match (pbx, read_seconds) {
        (Some(value), Some(seconds)) => lines.at(2, &format!("the PBX said {value}, {}", ago(*seconds))),
        (Some(value), None) => lines.at(2, &format!("the PBX said {value}")),
        (None, _) => lines.at(2, "the PBX was not read since the start"),
    }
    match owner {
        OwnerView::Us => {
            let since = ours_since
                .map(|since| format!(" since {}", now.moment_and_age(since)))
                .unwrap_or_default();
            let before = before
                .map(|before| format!("; before that it was {before}"))
                .unwrap_or_default();
            lines.at(2, &format!("the value is ours{since}{before}"));
        }
        OwnerView::Unconfirmed => lines.at(
            2,
            "a write of ours is not confirmed; the PBX is asked before anything else",
        ),
        OwnerView::Others => lines.at(2, &format!("the value is {}", words::owner(*owner))),
    }
    let waits = change.and_then(|change| Some((change, change.waits.as_ref()?)));
    match (waits, words::work(*work), rest) {
        (Some((change, waits)), ..) => {
            lines.at(
                2,
                &format!("to be set to {}; waits for {}", change.to, waiting(waits, now)),
            );
        }
        (None, Some(work), _) => lines.at(2, work),
        (None, None, Some(Rest::InLine)) if *drift => lines.at(
            2,
            "nothing is under way: somebody changed it after it was carried out, and by the policy that stands until \
             Teams changes again",
        ),
        (None, None, Some(rest)) => lines.at(2, &format!("nothing is under way: {}", words::rest(*rest))),
        (None, None, None) => lines.at(2, "nothing is under way yet"),
    }
    match last_write {
        Some(write) => {
            lines.at(
                2,
                &format!(
                    "our last write: {} to {}, {}",
                    write.from,
                    write.to,
                    now.moment_and_age(write.at)
                ),
            );
        }
        None => lines.at(2, "we have never written it"),
    }
}

/// What a change waits for, to follow "waits for".
fn waiting(waits: &WaitView, now: &Now) -> String {
    match waits {
        WaitView::Breaker { plan, until } => {
            let approve = plan
                .map(|plan| format!("; `presencectl approve {plan}` lets it pass"))
                .unwrap_or_default();
            format!(
                "the breaker, because too many members would change at once: until {} if Teams still says the same{approve}",
                now.moment(*until)
            )
        }
        WaitView::Link { link } => format!("the link `{link}`, which is down (see below)"),
        WaitView::Retry { error, seconds } => {
            format!("the next try in {}, after this: {error}", age(*seconds))
        }
        WaitView::Roster => "the first list of users from the PBX".to_owned(),
        WaitView::Observe => "the end of `observe`".to_owned(),
        _ => "something else".to_owned(),
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn at(&mut self, indent: usize, line: &str) {
        let _ = writeln!(self.0, "{:indent$}{line}", "");
    }

    /// A headline, with an empty line above it.
    fn head(&mut self, line: &str) {
        let _ = writeln!(self.0, "\n{line}");
    }

    fn block(&mut self, indent: usize, text: &str) {
        text.lines().for_each(|line| self.at(indent, line));
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::*;

    fn member() -> Value {
        json!({
            "pbx_user": 1004, "login": "0001", "name": "Anna Weber", "address": "anna@example.com",
            "teams_user": "00000000-0000-0000-0000-000000000001", "skipped": null,
            "standing": {"standing": "matched", "teams_user": "00000000-0000-0000-0000-000000000001"},
            "presence": {"availability": "Busy", "activity": "InAMeeting"},
            "since": "2026-11-23T09:00:00Z", "age_seconds": 1.2, "unknown_for_seconds": null,
            "dnd": {
                "pbx": true, "read_seconds": 179.0, "wanted": true, "owner": "us", "before": false,
                "ours_since": "2026-11-23T09:00:01Z", "work": "none", "rest": "in-line", "drift": false,
                "last_write": {"from": false, "to": true, "at": "2026-11-23T09:00:01Z"},
            },
            "chat": {
                "pbx": null, "read_seconds": null, "wanted": "do-not-disturb", "owner": "others", "before": null,
                "ours_since": null, "work": "due", "rest": null, "drift": false, "last_write": null,
            },
        })
    }

    fn explained(member: &Value, presence: Option<&str>, next_check: Option<f64>) -> String {
        explained_with(member, presence, next_check, &json!({}))
    }

    /// `more` replaces members of the explanation.
    fn explained_with(
        member: &Value,
        presence: Option<&str>,
        next_check: Option<f64>,
        more: &Value,
    ) -> String {
        let rules = presence_mapping::Rules::new(&presence_mapping::RulesTable::default()).unwrap();
        let mut view = json!({
            "instance": "main", "mode": "running", "paused_until": null, "observe": false,
            "policy": "last-change-wins", "gate": null, "links": [], "member": member, "changes": [],
            "rules": presence.map(|presence| rules.explain(&presence.parse().unwrap())),
            "next_check_seconds": next_check,
        });
        for (key, value) in more.as_object().unwrap() {
            view[key] = value.clone();
        }
        let now = Now::new("2026-11-23T09:03:00Z".parse().unwrap(), TimeZone::UTC);
        explanation(&serde_json::from_value(view).unwrap(), &now)
    }

    #[test]
    fn a_member_in_a_meeting_is_explained_from_teams_to_the_last_write() {
        insta::assert_snapshot!(explained(&member(), Some("Busy/InAMeeting"), Some(0.8)));
    }

    #[test]
    fn a_member_who_is_not_synchronised_is_told_why() {
        let mut member = member();
        member["skipped"] = json!("ambiguous");
        member["standing"] =
            json!({"standing": "ambiguous", "candidates": ["id-1", "id-2"], "rivals": [1009]});
        for key in ["teams_user", "presence", "since", "age_seconds", "chat"] {
            member[key] = Value::Null;
        }
        member["dnd"] = json!({
            "pbx": null, "read_seconds": null, "wanted": null, "owner": "others", "before": null, "ours_since": null,
            "work": "none", "rest": "left", "drift": false, "last_write": null,
        });
        insta::assert_snapshot!(explained(&member, None, None));
    }

    #[test]
    fn a_change_that_waits_says_for_what_and_what_to_do() {
        let change = |field: &str, to: Value, release: bool, rule: &str, waits: Value| {
            json!({
                "field": field, "to": to, "because": {"presence": "Away/Away", "rule": rule}, "release": release,
                "waits": waits,
            })
        };
        let mut member = member();
        member["dnd"]["wanted"] = Value::Null;
        member["dnd"]["rest"] = Value::Null;
        member["dnd"]["work"] = json!("due");
        member["unknown_for_seconds"] = json!(1_000.0);
        member["unknown_because"] = json!("no-answer");
        member["taken_back_in_seconds"] = json!(200.0);
        let link = json!({
            "link": "pbx", "state": "down", "error": "cannot sign in: the PBX refused the password", "fault": "credentials",
            "advice": "Correct `password_file`.", "since": "2026-11-23T09:00:00Z", "retry_in_seconds": 1_700.0,
            "last_success_seconds": null,
        });
        let waits = [
            json!({"for": "breaker", "plan": "01JD0000000000000000000000", "until": "2026-11-23T09:04:00Z"}),
            json!({"for": "retry", "error": "cannot change the phone of 1004: server error", "seconds": 7.9}),
            json!({"for": "observe"}),
        ];
        let changes = json!([
            change(
                "dnd",
                json!(false),
                true,
                "unknown-presence",
                json!({"for": "link", "link": "pbx"})
            ),
            change("chat", json!("away"), false, "Away", json!({"for": "roster"})),
        ]);
        let mut text = explained_with(
            &member,
            Some("Away/Away"),
            Some(0.8),
            &json!({"links": [link], "changes": changes, "mode": "paused", "paused_until": "2026-11-23T10:00:00Z"}),
        );
        for waits in waits {
            let waits = serde_json::from_value(waits).unwrap();
            let now = Now::new("2026-11-23T09:03:00Z".parse().unwrap(), TimeZone::UTC);
            let _ = writeln!(text, "\nwaits for {}", waiting(&waits, &now));
        }
        insta::assert_snapshot!(text);
    }
}
