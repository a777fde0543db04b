//! The plan of an instance: what a pass would change now, what is held, and who is skipped.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sync_core::{Change, InstanceName, Plan};

use crate::address::Path;
use crate::door::Visitor;
use crate::frame::{Frame, Tab};
use crate::language::Tongue;
use crate::page::Page;
use crate::respond::{ok, plain_failure};

/// So many rows are shown.
const LISTED: usize = 500;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    f: Frame,
    instance: String,
    id: String,
    says: String,
    rows: Vec<Row>,
    more: usize,
    skipped: Vec<(String, String)>,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) held: bool,
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    let name = InstanceName(instance.as_str().into());
    let tongue = visitor.tongue;
    let Ok(plan) = page.api.supervisor.plan(&name).await else {
        return plain_failure(StatusCode::CONFLICT, tongue, "people-silent");
    };
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Overview).await;
    f.title = f.t("plan-title");
    let all = rows(tongue, &plan);
    let skipped = plan.skipped.iter().take(LISTED).map(|skipped| {
        let address = skipped.address.as_ref().map(ToString::to_string);
        let who = address.unwrap_or_else(|| skipped.pbx_user.to_string());
        (who, tongue.word("skip", &skipped.reason))
    });
    ok(&PlanPage {
        id: plan.id.to_string(),
        says: match &plan.gate {
            Some(gate) => tongue.word("gate", &gate.reason),
            None => tongue.counted("plan-changes", all.len()),
        },
        more: all.len().saturating_sub(LISTED),
        rows: all.into_iter().take(LISTED).collect(),
        skipped: skipped.collect(),
        instance,
        f,
    })
}

/// What a plan changes, and what it holds.
pub(crate) fn rows(tongue: Tongue, plan: &Plan) -> Vec<Row> {
    let row = |change: &Change, held: bool| {
        let address = change.address.as_ref().map(ToString::to_string);
        let from = change
            .from
            .map_or_else(|| "?".to_owned(), |from| tongue.value(from));
        Row {
            who: address.unwrap_or_else(|| change.pbx_user.to_string()),
            what: format!("{from} → {}", tongue.value(change.to)),
            why: format!("{} ({})", change.because.presence, change.because.rule),
            held,
        }
    };
    let changes = plan.changes.iter().map(|change| row(change, false));
    changes
        .chain(plan.held.iter().map(|held| row(&held.change, true)))
        .collect()
}
