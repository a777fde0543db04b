//! What a scenario prints: what was done, what the PBX saw, what the daemon said, and who owns what in the end.

use sync_core::Report;

use crate::op::Schedule;
use crate::world::World;

/// Runs a scenario and tells its story.
pub(crate) fn story(schedule: &Schedule) -> String {
    let mut world = World::new(&schedule.setup, true);
    for op in &schedule.ops {
        world.tell(|| format!("> {op}"));
        world.perform(*op);
    }
    let mut lines = world.trace.take().unwrap_or_default();
    lines.push("in the end".to_owned());
    for (id, user) in &world.pbx.users {
        let owner = |field| match world.oracle.slots.find(*id, field) {
            Some(slot) if slot.ours => " (ours)",
            _ => "",
        };
        let dnd = if user.dnd { "on" } else { "off" };
        let mut line = format!("  {id}: dnd {dnd}{}", owner(sync_core::Field::Dnd));
        if world.setup.chat {
            line += &format!(", chat {}{}", user.chat, owner(sync_core::Field::Chat));
        }
        lines.push(line);
    }
    lines.extend(
        world
            .oracle
            .failures
            .iter()
            .map(|failure| format!("BROKEN PROMISE {failure}")),
    );
    lines.join("\n") + "\n"
}

/// What happened in a schedule that failed, with what followed after its end.
pub(crate) fn whole_story(schedule: &Schedule) -> String {
    let mut world = World::new(&schedule.setup, true);
    let failures = world.run(schedule);
    let mut lines = world.trace.take().unwrap_or_default();
    lines.extend(failures);
    lines.join("\n")
}

/// A report in words, where it is worth a line.
pub(crate) fn report(report: &Report) -> Option<String> {
    Some(match report {
        Report::Applied { change, .. } => {
            let rule = &change.because.rule;
            format!(
                "{} of {} is {}, by {rule}",
                change.field, change.pbx_user, change.to
            )
        }
        Report::AlreadyEqual { change } => {
            format!(
                "{} of {} was {} already",
                change.field, change.pbx_user, change.to
            )
        }
        Report::Conflict { change, found } => {
            format!("{} of {} was found to be {found}", change.field, change.pbx_user)
        }
        Report::Held { held, matched } => format!("{held} of {matched} are held"),
        Report::RosterHeld { losing, of } => format!("a group without {losing} of {of} is not believed yet"),
        Report::Drift {
            user,
            field,
            expected,
            found,
        } => {
            format!("{field} of {user} is {found} and was left {expected}")
        }
        Report::Failed {
            user, field, error, ..
        } => format!("{field} of {user} failed: {}", error.fault),
        Report::LinkDown {
            link,
            error,
            retry_in,
        } => format!(
            "{link} fails: {}, to be tried in {} s",
            error.fault,
            retry_in.as_secs()
        ),
        Report::LinkUp { link, .. } => format!("{link} works again"),
        Report::GateShut(shut) => format!("the gate is shut: {shut}"),
        Report::GateOpened => "the gate is open".to_owned(),
        Report::Stopped { user, lasts, .. } => {
            format!("dnd of {user} is left alone for {} s", lasts.as_secs())
        }
        Report::Approved { changes, roster } => {
            let group = if *roster { ", and the group" } else { "" };
            format!("{changes} changes are approved{group}")
        }
        Report::LicenceNotReplaced(refusal) => format!("the licence is not replaced: {refusal}"),
        Report::Released => "everything is released".to_owned(),
        Report::Violation(violation) => format!("violation: {violation}"),
        _ => return None,
    })
}
