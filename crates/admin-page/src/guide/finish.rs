//! The end of the set-up: somebody signs in, everything is tried, and the instance is turned on.

use axum::response::{IntoResponse, Redirect, Response};
use sync_core::InstanceName;
use sync_service::config::edit::{Change, Edit, EditError};
use sync_service::daemon::Proposal;
use sync_service::doctor::{Case, Finding, Running, Verdict, examine};

use super::INSTANCE;
use super::draft::{propose, taken};
use super::step::Step;
use super::view::fill;
use crate::azure;
use crate::door::Visitor;
use crate::frame::Frame;
use crate::language::Tongue;
use crate::page::Page;
use crate::said::Said;
use crate::settings::key;

/// A device code for the app that was typed.
pub(super) async fn sign_in(page: &Page, mut f: Frame) -> Response {
    let began = match propose(page, &taken(page, Step::Azure)).await {
        Ok(proposal) => azure::start(page, &proposal.loaded().settings, INSTANCE)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = began {
        let said = Said::of(f.t("azure-failed"), error);
        f.tell("bad", said);
        return fill(page, f, Step::Azure, None, &[], None).await;
    }
    Redirect::to("/guide/azure").into_response()
}

/// Writes the instance, turned off, and tries every link of the chain.
pub(super) async fn check(page: &Page, visitor: &Visitor, mut f: Frame) -> Response {
    let tongue = f.tongue;
    let stored = match propose(page, &Step::ALL).await {
        Ok(proposal) => page.api.files.change(proposal, &visitor.author()).await.map(drop),
        Err(error) => Err(error),
    };
    match stored {
        Ok(()) => {}
        Err(EditError::NotGood(errors)) => {
            f.note("bad", "guide-not-complete");
            return fill(page, f, Step::Check, None, errors.faults(), None).await;
        }
        Err(error) => {
            let said = Said::of(tongue.say("guide-not-written"), error.to_string());
            f.tell("bad", said);
            return fill(page, f, Step::Check, None, &[], None).await;
        }
    }
    let findings = diagnosis(page).await;
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failure);
    page.drafts.change(|draft| {
        draft.findings = findings;
        draft.done.retain(|step| *step != Step::Check);
        if !failed {
            draft.done.push(Step::Check);
        }
    });
    fill(page, f, Step::Check, None, &[], None).await
}

pub(super) async fn diagnosis(page: &Page) -> Vec<Finding> {
    let statuses = page.instances().await;
    let name = InstanceName(INSTANCE.into());
    let file = page.api.files.written().await.file;
    let case = Case {
        file: &file,
        environment: page.api.files.environment(),
        instance: Some(&name),
        daemon: Running::Answers(&statuses),
    };
    let mut findings = Vec::new();
    examine(&case, &mut |finding| findings.push(finding)).await;
    findings
}

/// The instance turned on.
pub(super) async fn turned_on(page: &Page) -> Result<Proposal, EditError> {
    let edit = Edit {
        base: page.api.files.written().await.revision,
        changes: vec![Change::Set {
            key: key(INSTANCE, "enabled"),
            value: true.into(),
        }],
    };
    page.api.files.propose(&edit).await
}

/// What activating would change.
pub(super) async fn preview(page: &Page, tongue: Tongue) -> Option<Said> {
    let proposal = turned_on(page).await.ok()?;
    let previews = page.api.files.preview(&proposal).await;
    let preview = previews
        .into_iter()
        .find(|preview| &*preview.instance.0 == INSTANCE)?;
    let gate = preview.plan.as_ref().and_then(|plan| plan.gate.as_ref());
    Some(match (&preview.error, gate) {
        (Some(error), _) => Said::of(tongue.say("preview-unknown"), error),
        (None, Some(gate)) => Said::ours(tongue.word("gate", &gate.reason)),
        (None, None) if preview.observe => Said::ours(tongue.counted("preview-observe", preview.people)),
        (None, None) => Said::ours(tongue.counted("preview-people", preview.people)),
    })
}

pub(super) async fn activate(page: &Page, visitor: &Visitor, mut f: Frame) -> Response {
    let changed = match turned_on(page).await {
        Ok(proposal) => page.api.files.change(proposal, &visitor.author()).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = changed {
        let said = Said::of(f.t("guide-not-written"), error.to_string());
        f.tell("bad", said);
        return fill(page, f, Step::Activate, None, &[], None).await;
    }
    page.drafts.forget();
    Redirect::to(&format!("/i/{INSTANCE}/overview?done=activated")).into_response()
}
