//! The members of an instance as a table.

use sync_core::{FieldView, InstanceName, MemberView, OwnerView, Rest, SkipReason, Value, WorkView};

use super::plan::member as named;
use super::table::Table;
use super::time::{Now, age};

/// The members, one line each.
pub(crate) fn members(instance: &InstanceName, members: &[MemberView], now: &Now) -> String {
    let mut table = Table::new(["member", "name", "teams", "for", "seen", "dnd", "chat", "remark"]);
    for member in members {
        let seconds = |seconds: Option<f64>| seconds.map_or_else(dash, age);
        table.row([
            named(member.address.as_ref(), member.pbx_user),
            if member.name.is_empty() {
                member.login.to_string()
            } else {
                member.name.clone()
            },
            member.presence.as_ref().map_or_else(dash, teams),
            member
                .since
                .map_or_else(dash, |since| age(now.since(since).as_secs_f64())),
            seconds(member.age_seconds),
            field(&member.dnd),
            member.chat.as_ref().map_or_else(dash, field),
            remark(member),
        ]);
    }
    if table.is_empty() {
        return format!("{instance}: the group has no members, or it was not read yet\n");
    }
    let any = |fits: fn(&FieldView) -> bool| {
        members
            .iter()
            .any(|member| fits(&member.dnd) || member.chat.as_ref().is_some_and(fits))
    };
    let mut text = table.text(0);
    if any(|view| view.owner != OwnerView::Others) {
        text.push_str("* a value that stands there because of us\n");
    }
    if any(|view| view.pbx.is_none() && remembered(view).is_some()) {
        text.push_str("( ) not read since the start: what was carried out last\n");
    }
    text
}

/// What stands in the PBX as far as the ledger remembers.
fn remembered(view: &FieldView) -> Option<Value> {
    let ours = view
        .last_write
        .filter(|_| view.owner == OwnerView::Us)
        .map(|write| write.to);
    ours.or(view.wanted.filter(|_| view.rest == Some(Rest::InLine)))
}

fn dash() -> String {
    "-".to_owned()
}

fn teams(presence: &presence_mapping::Presence) -> String {
    if presence.is_unknown() {
        return "unknown".to_owned();
    }
    let out = if presence.out_of_office {
        ", out of office"
    } else {
        ""
    };
    format!("{presence}{out}")
}

fn field(view: &FieldView) -> String {
    let star = if view.owner == OwnerView::Others { "" } else { "*" };
    let value = match (view.pbx, remembered(view)) {
        (Some(value), _) => value.to_string(),
        (None, Some(value)) => format!("({value})"),
        (None, None) => "not read".to_owned(),
    };
    match (view.work, view.wanted) {
        (WorkView::None, _) | (_, None) => format!("{value}{star}"),
        (WorkView::Held, Some(wanted)) => format!("{value}{star} (held: {wanted})"),
        (_, Some(wanted)) => format!("{value}{star} (due: {wanted})"),
    }
}

fn remark(member: &MemberView) -> String {
    match (&member.skipped, member.unknown_for_seconds) {
        (Some(SkipReason::Paused), _) => "paused".to_owned(),
        (Some(reason), _) => reason.to_string(),
        (None, Some(seconds)) => format!("unknown for {}", age(seconds)),
        (None, None) if member.dnd.drift => "DND changed by somebody else".to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::{Value as Json, json};

    use super::*;

    fn field(pbx: &Json, wanted: &Json, owner: &str, work: &str) -> Json {
        json!({
            "pbx": pbx, "read_seconds": 1.0, "wanted": wanted, "owner": owner, "before": null, "ours_since": null,
            "work": work, "rest": null, "drift": false, "last_write": null,
        })
    }

    fn in_line() -> Json {
        let mut field = field(&Json::Null, &json!(true), "others", "none");
        field["rest"] = json!("in-line");
        field
    }

    fn member(
        user: i64,
        address: Option<&str>,
        presence: &Json,
        skipped: Option<&str>,
        dnd: &Json,
    ) -> MemberView {
        let chat = field(&json!("away"), &json!("away"), "others", "none");
        let since = (!presence.is_null()).then_some("2026-11-23T09:00:00Z");
        let view = json!({
            "pbx_user": user, "login": format!("{user:04}"), "name": "", "address": address, "teams_user": null,
            "skipped": skipped, "standing": null, "presence": presence, "since": since, "age_seconds": 2.0,
            "unknown_for_seconds": skipped.is_none().then_some(65.0).filter(|_| presence.is_null()),
            "dnd": dnd, "chat": chat,
        });
        serde_json::from_value(view).unwrap()
    }

    fn shown(list: &[MemberView]) -> String {
        let now = Now::new("2026-11-23T09:03:00Z".parse().unwrap(), TimeZone::UTC);
        members(&InstanceName("main".into()), list, &now)
    }

    #[test]
    fn each_member_has_a_line_with_what_stands_there_and_what_is_to_come() {
        let busy = json!({"availability": "Busy", "activity": "InACall", "out_of_office": true});
        let list = [
            member(
                1,
                Some("a@example.com"),
                &busy,
                None,
                &field(&json!(true), &json!(true), "us", "none"),
            ),
            member(
                2,
                Some("b@example.com"),
                &busy,
                None,
                &field(&json!(false), &json!(true), "others", "held"),
            ),
            member(
                3,
                Some("c@example.com"),
                &busy,
                None,
                &field(&Json::Null, &json!(true), "unconfirmed", "writing"),
            ),
            member(6, Some("f@example.com"), &busy, None, &in_line()),
            member(
                4,
                Some("d@example.com"),
                &Json::Null,
                None,
                &field(&Json::Null, &Json::Null, "others", "none"),
            ),
            member(
                5,
                None,
                &Json::Null,
                Some("no-address"),
                &field(&Json::Null, &Json::Null, "others", "none"),
            ),
        ];
        insta::assert_snapshot!(shown(&list));
    }

    #[test]
    fn an_empty_group_says_what_is_missing() {
        assert_eq!(
            shown(&[]),
            "main: the group has no members, or it was not read yet\n"
        );
    }
}
