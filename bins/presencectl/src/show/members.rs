//! The members of an instance as a table.

use sync_core::{FieldView, InstanceName, MemberView, OwnerView, SkipReason, WorkView};

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
    let footnote = "* a value that stands there because of us\n";
    let ours = |view: &FieldView| view.owner != OwnerView::Others;
    let any_ours = members
        .iter()
        .any(|member| ours(&member.dnd) || member.chat.as_ref().is_some_and(ours));
    format!("{}{}", table.text(0), if any_ours { footnote } else { "" })
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
    let value = match (view.pbx, view.last_write) {
        (Some(value), _) => value.to_string(),
        (None, Some(write)) if view.owner == OwnerView::Us => write.to.to_string(),
        (None, _) => "not read".to_owned(),
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
        (None, None) => String::new(),
    }
}
