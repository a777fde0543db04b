//! The basic settings of an instance: a form over the one configuration file, with a look at what they would change before
//! they are saved.

mod changes;
pub(crate) mod field;
mod form;
mod rules;
mod save;
mod seen;

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use sync_core::InstanceName;
use sync_service::config::Fault;
use sync_service::config::edit::{Document, ReadOnlyCode};
use sync_service::daemon::{GroupChoice, SettingsAnswer};

pub(crate) use changes::{changes, rule_changes};
pub(crate) use field::{BEFORE, BEHIND, GROUP, MODE_AT_FIRST, POLICY, STARFACE, Section, TEAMS};
pub(crate) use form::{FaultText, Filling, Part, fault_text, key};
pub(crate) use rules::{Choice, Chosen};
pub(crate) use save::{Pending, confirm, save};
pub(crate) use seen::Seen;

use crate::address::{Path, Query};
use crate::door::{Fields, Visitor};
use crate::entrance;
use crate::frame::{Done, Frame, Tab};
use crate::page::Page;
use crate::respond::{html, plain_failure};
use crate::said::Said;

/// The PBX is asked for its groups while the page is loaded, and not waited for longer than this.
const GROUPS: Duration = Duration::from_secs(4);

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    f: Frame,
    instance: String,
    revision: String,
    read_only: Option<String>,
    faults: Vec<FaultText>,
    before: Vec<Part>,
    choice: Choice,
    chats: [&'static str; 4],
    behind: Vec<Part>,
    signed_in: Option<bool>,
    sign_in: Option<String>,
    file: String,
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(query): Query<Done>,
) -> Response {
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Settings).await;
    f.done(query.done.as_deref());
    fill(&page, f, &instance, None, &[], StatusCode::OK).await
}

/// The form with what was sent, where it comes back, and with what is wrong with it.
pub(crate) async fn fill(
    page: &Page,
    mut f: Frame,
    instance: &str,
    sent: Option<&Fields>,
    faults: &[Fault],
    status: StatusCode,
) -> Response {
    let tongue = f.tongue;
    let written = page.api.files.written().await;
    let instances = written.values.get("instances");
    if instances.and_then(|all| all.get(instance)).is_none() {
        // Of a file that cannot be read nothing is known; the instance may well run with what it said before.
        return match page.instance(instance).await {
            Some(_) if !written.faults.is_empty() => {
                plain_failure(StatusCode::CONFLICT, tongue, "fault-file")
            }
            _ => entrance::no_instance(tongue),
        };
    }
    let effective = effective(&written, instance);
    let base = sent
        .filter(|_| status == StatusCode::CONFLICT)
        .and_then(|sent| page.seen.of(instance, &sent.first("revision").parse().ok()?));
    page.seen.put(instance, &written.revision, &effective);
    let groups = groups(page, instance).await;
    let faults: Vec<Fault> = if faults.is_empty() {
        written.faults.clone()
    } else {
        faults.to_vec()
    };
    let filling = Filling {
        tongue,
        instance,
        effective: &effective,
        sent,
        base: base.as_ref(),
        written: &written,
        groups: groups.as_deref(),
        faults: &faults,
    };
    let before = Chosen::of_values(&effective);
    let chosen = match (sent, base.as_ref().map(Chosen::of_values)) {
        (None, _) => before,
        (Some(sent), None) => Chosen::of_form(sent, &before),
        (Some(sent), Some(base)) => Chosen::of_form(sent, &base).moved(&base, &before),
    };
    if groups.is_none() {
        f.note("warning", "settings-no-groups");
    }
    for warning in &written.warnings {
        let key = warning
            .key
            .as_ref()
            .map(|key| format!("{key}: "))
            .unwrap_or_default();
        f.tell("warning", Said::foreign(format!("{key}{}", warning.what)));
    }
    let view = SettingsPage {
        revision: sent.filter(|_| status != StatusCode::CONFLICT).map_or_else(
            || written.revision.to_string(),
            |sent| sent.first("revision").to_owned(),
        ),
        read_only: written.read_only.as_ref().map(|why| {
            tongue.say(match why.code {
                ReadOnlyCode::Managed => "read-only-managed",
                _ => "read-only-unwritable",
            })
        }),
        faults: filling.other_faults(),
        before: filling.parts(&BEFORE),
        choice: chosen.shown(tongue),
        chats: ["available", "away", "do-not-disturb", "leave"],
        behind: filling.parts(&BEHIND),
        signed_in: page.signed_in(instance).await,
        sign_in: page.sign_in(tongue, instance).await,
        file: written.file.display().to_string(),
        instance: instance.to_owned(),
        f,
    };
    html(status, &view)
}

/// The values of an instance as they take effect by what is written.
pub(crate) fn effective(written: &SettingsAnswer, instance: &str) -> Value {
    Document::open(&written.file).map_or(Value::Null, |document| document.effective(instance))
}

/// The groups of the PBX that an instance runs with; `None` where it does not answer in time.
async fn groups(page: &Page, instance: &str) -> Option<Vec<GroupChoice>> {
    let name = InstanceName(instance.into());
    let config = page.api.files.instance(&name).await?;
    let asked = page.api.supervisor.groups(&name, &config.starface);
    tokio::time::timeout(GROUPS, asked).await.ok()?.ok()
}
