//! Saving: what the form asks for is tried out, shown with what it would change, and written when that is confirmed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use sync_core::InstanceName;
use sync_service::api::new_token;
use sync_service::config::edit::{Difference, Edit, EditError};
use sync_service::daemon::{Preview, Proposal};
use tokio::time::Instant;

use super::changes::{changes, rule_changes};
use super::field::{BEFORE, BEHIND};
use super::rules::Chosen;
use super::{effective, fill};
use crate::address::Path;
use crate::door::{Fields, Posted, Session, Visitor};
use crate::entrance;
use crate::frame::{Frame, Tab};
use crate::language::Tongue;
use crate::page::Page;
use crate::plan::{Row, rows};
use crate::respond::ok;

/// Proposals that wait for a confirmation.
#[derive(Default)]
pub(crate) struct Pending(Mutex<HashMap<String, Waiting>>);

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whoever knows the id of one may confirm it.
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Pending").field("waiting", &waiting).finish()
    }
}

#[derive(Debug)]
struct Waiting {
    /// The session of whoever made it.
    session: Session,
    instance: String,
    proposal: Proposal,
    sent: Fields,
    since: Instant,
}

/// So long a proposal waits.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// And not more than so many at once; the oldest goes.
const MOST: usize = 16;
/// So many people are listed in a preview.
const LISTED: usize = 100;

impl Pending {
    fn put(&self, waiting: Waiting) -> String {
        let id = new_token().expose_secret().to_owned();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| known.since.elapsed() < WAITS);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, known)| known.since);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(id.clone(), waiting);
        id
    }

    fn take(&self, id: &str, visitor: &Visitor, instance: &str) -> Option<Waiting> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(id)?;
        let fits = known.session.sent(visitor.session.csrf())
            && known.instance == instance
            && known.since.elapsed() < WAITS;
        fits.then(|| all.remove(id)).flatten()
    }
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    f: Frame,
    instance: String,
    id: String,
    /// `save` or `apply`.
    what: String,
    differences: Vec<Changed>,
    outcomes: Vec<Outcome>,
    warnings: Vec<String>,
}

/// One key that changes.
struct Changed {
    key: String,
    before: String,
    after: String,
}

/// What becomes of one instance.
struct Outcome {
    instance: String,
    says: String,
    rows: Vec<Row>,
    more: usize,
    error: Option<String>,
}

/// The form was sent: nothing is written yet.
pub(crate) async fn save(State(page): State<Page>, Path(instance): Path<String>, posted: Posted) -> Response {
    let Posted { visitor, fields } = posted;
    let tongue = visitor.tongue;
    let written = page.api.files.written().await;
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Settings).await;
    let values = effective(&written, &instance);
    let mut wanted: Vec<_> = changes(&instance, &BEFORE, &values, &fields);
    let before = Chosen::of_values(&values);
    wanted.extend(rule_changes(
        &instance,
        &before,
        &Chosen::of_form(&fields, &before),
    ));
    wanted.extend(changes(&instance, &BEHIND, &values, &fields));
    let Ok(base) = fields.first("revision").parse() else {
        return entrance::unclear(tongue);
    };
    let edit = Edit {
        base,
        changes: wanted,
    };
    let proposal = match page.api.files.propose(&edit).await {
        Ok(proposal) => proposal,
        Err(error) => return refuse(&page, f, &instance, &fields, &error).await,
    };
    if proposal.differences().is_empty() {
        f.note("good", "settings-nothing-changed");
        return fill(&page, f, &instance, None, &[], StatusCode::OK).await;
    }
    let previews = page.api.files.preview(&proposal).await;
    let view = PreviewPage {
        differences: proposal
            .differences()
            .iter()
            .map(|difference| changed(tongue, difference))
            .collect(),
        outcomes: previews
            .into_iter()
            .map(|preview| outcome(tongue, preview))
            .collect(),
        warnings: proposal
            .loaded()
            .warnings
            .iter()
            .map(|warning| {
                let key = warning
                    .key
                    .as_ref()
                    .map(|key| format!("{key}: "))
                    .unwrap_or_default();
                format!("{key}{}", warning.what)
            })
            .collect(),
        what: match fields.first("do") {
            "apply" => "apply".to_owned(),
            _ => "save".to_owned(),
        },
        id: page.pending.put(Waiting {
            session: visitor.session.clone(),
            instance: instance.clone(),
            proposal,
            sent: fields,
            since: Instant::now(),
        }),
        instance,
        f,
    };
    ok(&view)
}

/// What was shown is confirmed, or taken back.
pub(crate) async fn confirm(
    State(page): State<Page>,
    Path(instance): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { visitor, fields } = posted;
    let Some(waiting) = page.pending.take(fields.first("id"), &visitor, &instance) else {
        let mut f = Frame::of(&page, &visitor, &instance, Tab::Settings).await;
        f.note("bad", "preview-is-old");
        return fill(&page, f, &instance, None, &[], StatusCode::GONE).await;
    };
    let f = Frame::of(&page, &visitor, &instance, Tab::Settings).await;
    let what = fields.first("do");
    if what != "save" && what != "apply" {
        return fill(&page, f, &instance, Some(&waiting.sent), &[], StatusCode::OK).await;
    }
    match page.api.files.change(waiting.proposal, &visitor.author()).await {
        Ok(_) if what == "save" => {
            Redirect::to(&format!("/i/{instance}/overview?done=saved")).into_response()
        }
        Ok(_) => Redirect::to(&format!("/i/{instance}/settings?done=saved")).into_response(),
        Err(error) => refuse(&page, f, &instance, &waiting.sent, &error).await,
    }
}

/// The form comes back with what was typed, and with the reason. Secrets have to be typed again.
async fn refuse(page: &Page, mut f: Frame, instance: &str, sent: &Fields, error: &EditError) -> Response {
    let (status, name, faults) = match error {
        EditError::Stale { .. } => (StatusCode::CONFLICT, "settings-stale", Vec::new()),
        EditError::ReadOnly(_) => (StatusCode::FORBIDDEN, "settings-read-only", Vec::new()),
        EditError::NotGood(errors) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "settings-not-good",
            errors.faults().to_vec(),
        ),
        other => {
            let cause = std::error::Error::source(other).map(ToString::to_string);
            tracing::error!(error = %other, cause, "settings cannot be changed");
            (StatusCode::INTERNAL_SERVER_ERROR, "settings-failed", Vec::new())
        }
    };
    f.note("bad", name);
    fill(page, f, instance, Some(sent), &faults, status).await
}

fn changed(tongue: Tongue, difference: &Difference) -> Changed {
    let shown = |value: &Option<Value>| match value {
        None => tongue.say("preview-unset"),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            items.collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    };
    let (before, after) = match difference.secret {
        true => (String::new(), tongue.say("preview-new-secret")),
        false => (shown(&difference.before), shown(&difference.after)),
    };
    Changed {
        key: difference.key.to_string(),
        before,
        after,
    }
}

fn outcome(tongue: Tongue, preview: Preview) -> Outcome {
    let Preview {
        instance,
        people,
        observe,
        plan,
        error,
    } = preview;
    // What would only be observed is no list of what happens.
    let gate = plan.as_ref().and_then(|plan| plan.gate.clone());
    let plan = plan.filter(|_| !observe);
    let held = plan.as_ref().map_or(0, |plan| plan.held.len());
    let mut says = match (&error, gate) {
        (Some(_), _) => tongue.say("preview-unknown"),
        (None, Some(gate)) => tongue.word("gate", &gate.reason),
        (None, None) if observe => tongue.counted("preview-observe", people),
        (None, None) if plan.is_none() => tongue.counted("preview-release", people),
        (None, None) => tongue.counted("preview-people", people),
    };
    if held > 0 {
        says.push(' ');
        says.push_str(&tongue.counted("preview-held", held));
    }
    let rows = plan.as_ref().map(|plan| rows(tongue, plan)).unwrap_or_default();
    Outcome {
        instance: InstanceName::to_string(&instance),
        says,
        more: rows.len().saturating_sub(LISTED),
        rows: rows.into_iter().take(LISTED).collect(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sync_core::Plan;

    use super::*;

    /// What is said of an instance that observes.
    fn said(people: usize) -> String {
        let name = InstanceName("main".into());
        let plan = Plan::new(
            name.clone(),
            Timestamp::UNIX_EPOCH,
            25,
            Vec::new(),
            Vec::new(),
            Vec::new(),
        );
        let preview = Preview {
            instance: name,
            people,
            observe: true,
            plan: Some(plan),
            error: None,
        };
        outcome(Tongue::named("en").unwrap(), preview).says
    }

    #[test]
    fn whoever_observes_is_not_told_of_changes() {
        assert!(said(0).contains("writes nothing"), "{}", said(0));
        assert!(said(2).contains("taken back for 2 people"), "{}", said(2));
    }
}
