//! The way of a member from a presence to a change, a line a step, at `trace`.

use serde::Serialize;
use sync_core::{
    Decision, FieldRecord, InstanceName, MemberStep, Reading, Settled, Step, UnknownBecause, Value, Wanted,
    Written,
};

/// What the lines of all steps are found by.
const TARGET: &str = "sync_service::decision";

macro_rules! line {
    ($of:expr, $instance:expr, $($rest:tt)+) => {
        tracing::trace!(
            target: TARGET,
            instance = %$instance,
            pbx_user = %$of.user,
            address = $of.address.as_ref().map(tracing::field::display),
            $($rest)+
        )
    };
}

/// Writes one step down.
pub(super) fn write_down(instance: &InstanceName, of: &MemberStep) {
    match &of.step {
        Step::Received { presence } => line!(of, instance, %presence, "presence received"),
        Step::NotReceived { because } => {
            line!(of, instance, because = reason(*because), "presence not received");
        }
        Step::Ruled { presence, dnd, chat } => {
            line!(of, instance, %presence, dnd_rule = dnd, chat_rule = chat, "rule that won");
        }
        Step::Outcome { outcome } => {
            line!(of, instance, dnd = %outcome.dnd, chat = %outcome.chat, "outcome");
        }
        Step::Remembered {
            field,
            record,
            reading,
        } => remembered(instance, of, *field, record, *reading),
        Step::Busy { field } => {
            line!(of, instance, %field, "decided already: something is under way, or waits after a failure");
        }
        Step::Decided {
            field,
            wanted,
            decision,
            rest,
        } => {
            let rest = rest.map(word);
            line!(of, instance, %field, wanted = wish(*wanted), decision = verdict(*decision), because = rest, "decided");
        }
        Step::Held { field, to, until } => line!(of, instance, %field, %to, %until, "held by the breaker"),
        Step::Read { field, found } => line!(of, instance, %field, %found, "PBX read"),
        Step::Writing { field, from, to } => line!(of, instance, %field, %from, %to, "change written"),
        Step::Answered { field, answer } => {
            let (answer, found, error) = match answer {
                Ok(Written::Applied { before }) => ("applied", Some(*before), None),
                Ok(Written::AlreadyEqual) => ("already-equal", None, None),
                Ok(Written::Conflict { found }) => ("conflict", Some(*found), None),
                Err(error) => ("failed", None, Some(error.chain())),
            };
            let found = found.map(|value| value.to_string());
            line!(of, instance, %field, answer, found, error, "change answered");
        }
        _ => {}
    }
}

fn remembered(
    instance: &InstanceName,
    of: &MemberStep,
    field: sync_core::Field,
    record: &FieldRecord,
    reading: Option<Reading>,
) {
    let settled = match record.settled {
        Settled::Never => "never".to_owned(),
        Settled::At(value) => value.to_string(),
        Settled::Released(value) => format!("released to {value}"),
    };
    let text = |value: Value| value.to_string();
    line!(
        of,
        instance,
        %field,
        settled,
        intent = record.intent.as_ref().map(|intent| text(intent.to)),
        stray = record.stray.as_ref().map(|stray| text(stray.intent.to)),
        ours = record.ours.map(|ours| text(ours.value)),
        before_ours = record.ours.map(|ours| text(ours.before)),
        pbx = reading.map(|reading| text(reading.value)),
        pbx_fresh = reading.map(|reading| reading.fresh),
        "ledger"
    );
}

fn wish(wanted: Wanted) -> String {
    match wanted {
        Wanted::Leave => "leave".to_owned(),
        Wanted::Set(value) => value.to_string(),
        Wanted::TakeBack => "take back".to_owned(),
    }
}

fn verdict(decision: Decision) -> String {
    match decision {
        Decision::Rest(_) => "nothing".to_owned(),
        Decision::Read { to } => format!("read, then {to}"),
        Decision::Settle { .. } => "settle".to_owned(),
        Decision::Disown => "give up".to_owned(),
        Decision::Write { from, to, release } => {
            let release = if release { ", taking back" } else { "" };
            format!("write {to} in place of {from}{release}")
        }
    }
}

fn reason(because: UnknownBecause) -> String {
    word(because)
}

/// The word that the local API has for a value.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
