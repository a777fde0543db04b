//! A plan in words.

use std::fmt::Write;

use sync_core::{Address, Change, GateView, PbxUserId, Plan};

use super::table::Table;
use super::time::Now;
use super::words::{self, count};

/// A plan for people: what would be changed, what is held, who is skipped and why.
pub(crate) fn plan(plan: &Plan, now: &Now) -> String {
    let mut text = String::new();
    let Plan {
        instance,
        changes,
        held,
        skipped,
        members,
        gate,
        id,
        ..
    } = plan;
    if let Some(gate) = gate {
        push(
            &mut text,
            &format!("{instance}: nobody is synchronised, because {}", behind(gate)),
        );
        push(&mut text, &format!("  hint: {}", gate.advice));
        return text;
    }
    let headline = match (changes.len(), held.len(), skipped.len()) {
        (0, 0, 0) => format!("{instance}: nothing to change for {}", count(*members, "member")),
        (0, 0, out) => format!(
            "{instance}: nothing to change for {}, {out} of them not synchronised",
            count(*members, "member")
        ),
        (changes, held, out) => format!(
            "{instance}: {} and {held} held, for {}, {out} of them not synchronised",
            count(changes, "change"),
            count(*members, "member"),
        ),
    };
    push(&mut text, &headline);
    if !changes.is_empty() {
        let mut table = Table::new(["member", "what", "now", "then", "because"]);
        changes.iter().for_each(|change| table.row(cells(change)));
        section(&mut text, "would be changed", &table);
    }
    if !held.is_empty() {
        let mut table = Table::new(["member", "what", "now", "then", "because", "until"]);
        for held in held {
            let [member, what, from, to, because] = cells(&held.change);
            table.row([member, what, from, to, because, now.moment(held.until)]);
        }
        section(
            &mut text,
            "held, because too many members would change at once",
            &table,
        );
        push(
            &mut text,
            &format!("  `presencectl approve {id}` lets a running daemon carry them out"),
        );
    }
    if !skipped.is_empty() {
        let mut table = Table::new(["member", "reason", ""]);
        for skipped in skipped {
            let reason = words::skipped(skipped.reason).to_owned();
            table.row([
                member(skipped.address.as_ref(), skipped.pbx_user),
                skipped.reason.to_string(),
                reason,
            ]);
        }
        section(&mut text, "not synchronised", &table);
    }
    text
}

/// Why the gate is shut, and what is being taken back.
fn behind(gate: &GateView) -> String {
    match gate.taking_back {
        0 => gate.message.clone(),
        values => format!("{}; {} of ours taken back", gate.message, count(values, "value")),
    }
}

fn cells(change: &Change) -> [String; 5] {
    let because = &change.because;
    let why = if change.release {
        format!("taken back: {}", because.rule)
    } else if because.presence.eq_ignore_ascii_case(&because.rule) {
        because.presence.to_string()
    } else {
        format!("{} by `{}`", because.presence, because.rule)
    };
    [
        member(change.address.as_ref(), change.pbx_user),
        words::field(change.field).to_owned(),
        change
            .from
            .map_or_else(|| "not read".to_owned(), |value| value.to_string()),
        change.to.to_string(),
        why,
    ]
}

/// A member by address, or else by number.
pub(super) fn member(address: Option<&Address>, user: PbxUserId) -> String {
    address.map_or_else(|| format!("PBX user {user}"), ToString::to_string)
}

fn section(text: &mut String, title: &str, table: &Table) {
    let _ = write!(text, "\n{title}:\n{}", table.text(2));
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use sync_core::{Because, Field, Held, HeldReason, InstanceName, SkipReason, Skipped, Value};

    use super::*;

    fn change(to: bool, release: bool) -> Change {
        let rule = if release {
            "unknown presence"
        } else {
            "Busy/InACall"
        };
        Change {
            address: "anna@example.com".parse().ok(),
            pbx_user: PbxUserId(1004),
            field: Field::Dnd,
            from: Some(Value::Dnd(!to)),
            to: Value::Dnd(to),
            because: Because {
                presence: "busy/inacall".into(),
                rule: rule.into(),
            },
            release,
        }
    }

    #[test]
    fn everything_that_a_plan_holds_is_said() {
        let at: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let chat = Change {
            field: Field::Chat,
            from: None,
            to: Value::Chat(sync_core::ChatPresence::DoNotDisturb),
            because: Because {
                presence: "Busy/InACall".into(),
                rule: "Busy".into(),
            },
            ..change(true, false)
        };
        let until = at + std::time::Duration::from_secs(60);
        let held = Held {
            change: change(true, false),
            reason: HeldReason::Breaker,
            until,
        };
        let skipped = Skipped {
            address: None,
            pbx_user: PbxUserId(7),
            reason: SkipReason::NoAddress,
        };
        let changes = vec![change(true, false), chat, change(false, true)];
        let whole = Plan::new(
            InstanceName("main".into()),
            at,
            3,
            changes,
            vec![held],
            vec![skipped],
        );
        insta::assert_snapshot!(plan(&whole, &Now::new(at, TimeZone::UTC)));
    }

    #[test]
    fn a_plan_behind_a_shut_gate_says_why_and_nothing_else() {
        let at = Timestamp::UNIX_EPOCH;
        let whole = Plan::new(
            InstanceName("main".into()),
            at,
            3,
            vec![change(true, false)],
            vec![],
            vec![],
        );
        let gate = GateView {
            reason: "too-few-seats".into(),
            message: "the licence does not suffice: it has 2 seats, and 3 are needed: 1 more".into(),
            advice: "get a licence with more seats".into(),
            needed: Some(3),
            licensed: Some(2),
            taking_back: 1,
        };
        let text = plan(&whole.behind(gate), &Now::new(at, TimeZone::UTC));
        assert_eq!(
            text,
            "main: nobody is synchronised, because the licence does not suffice: it has 2 seats, and 3 are needed: 1 more; \
             1 value of ours taken back\n  hint: get a licence with more seats\n"
        );
    }

    #[test]
    fn an_empty_plan_says_so() {
        let empty = Plan::new(
            InstanceName("main".into()),
            Timestamp::UNIX_EPOCH,
            1,
            vec![],
            vec![],
            vec![],
        );
        let text = plan(&empty, &Now::new(Timestamp::UNIX_EPOCH, TimeZone::UTC));
        assert_eq!(text, "main: nothing to change for 1 member\n");
    }
}
