//! The licence: what it says, whether it suffices, and a new one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use licensing::{Licence, Refusal};
use sync_core::{InstanceName, LicenceView};
use sync_service::Assembly;
use sync_service::config::Instance;
use sync_service::config::edit::{Change, Edit, KeyPath};

use crate::address::{Path, Query};
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::frame::{Done, Frame, Tab};
use crate::language::Tongue;
use crate::page::Page;
use crate::respond::html;
use crate::said::Said;

#[derive(Template)]
#[template(path = "licence.html")]
struct LicencePage {
    f: Frame,
    instance: String,
    gate: Option<(&'static str, String)>,
    facts: Vec<(String, String)>,
    warnings: Vec<Said>,
    seats: Option<Seats>,
    read_only: bool,
    /// What was typed, where it comes back.
    typed: String,
    fault: Option<Said>,
}

/// Seats in use, for the bar.
struct Seats {
    used: usize,
    of: u32,
    enough: bool,
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(query): Query<Done>,
) -> Response {
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Licence).await;
    f.done(query.done.as_deref());
    fill(&page, f, &instance, String::new(), None).await
}

async fn fill(page: &Page, f: Frame, instance: &str, typed: String, fault: Option<Said>) -> Response {
    let tongue = f.tongue;
    let Some(status) = page.instance(instance).await else {
        return entrance::no_instance(tongue);
    };
    let view = status.view.and_then(|view| view.licence);
    let code = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let view = LicencePage {
        gate: view.as_ref().map(|view| gate(tongue, view)),
        facts: view.as_ref().map(|view| facts(tongue, view)).unwrap_or_default(),
        warnings: view
            .as_ref()
            .map(|view| warnings(tongue, view))
            .unwrap_or_default(),
        seats: view.as_ref().and_then(|view| {
            let (used, of) = (view.needed()?, view.seats?);
            Some(Seats {
                used,
                of,
                enough: used <= usize::try_from(of).unwrap_or(usize::MAX),
            })
        }),
        read_only: page.api.files.written().await.read_only.is_some(),
        instance: instance.to_owned(),
        typed,
        fault,
        f,
    };
    html(code, &view)
}

fn gate(tongue: Tongue, view: &LicenceView) -> (&'static str, String) {
    match &view.shut {
        Some(shut) => ("bad", tongue.word("gate", &shut.reason)),
        None if view.gate == "open" => ("good", tongue.say("licence-open")),
        None => ("warning", tongue.say("licence-unchecked")),
    }
}

fn facts(tongue: Tongue, view: &LicenceView) -> Vec<(String, String)> {
    let mode = view.mode.map(|mode| tongue.word("set-mode", &mode));
    let grace = view
        .grace_days
        .filter(|days| *days > 0)
        .map(|days| tongue.counted("age-days", days.into()));
    let facts = [
        ("licence-number", view.number.clone()),
        ("licence-customer", view.customer.clone()),
        ("licence-mode", mode),
        ("licence-seats", view.seats.map(|seats| seats.to_string())),
        ("licence-used", view.needed().map(|used| used.to_string())),
        ("licence-from", view.from.map(|at| tongue.day(at))),
        ("licence-until", view.until.map(|at| tongue.day(at))),
        ("licence-grace", grace),
        ("licence-pbx", view.pbx.clone()),
    ];
    facts
        .into_iter()
        .filter_map(|(name, value)| Some((tongue.say(name), value?)))
        .collect()
}

/// What is to be known of a licence.
pub(crate) fn warnings(tongue: Tongue, view: &LicenceView) -> Vec<Said> {
    let until = view.until.map(|at| tongue.day(at)).unwrap_or_default();
    view.warnings
        .iter()
        .map(|warning| {
            let name = format!("licence-warning-{}", warning.code);
            if tongue.texts().has(&name) {
                Said::ours(tongue.with(&name, &[("until", &until)]))
            } else {
                Said::foreign(&warning.message)
            }
        })
        .collect()
}

/// A new licence. One that would shut the gate is refused, and nothing is changed.
pub(crate) async fn save(State(page): State<Page>, Path(instance): Path<String>, posted: Posted) -> Response {
    let Posted { visitor, fields } = posted;
    let tongue = visitor.tongue;
    let typed: String = fields.first("key").split_whitespace().collect();
    let f = Frame::of(&page, &visitor, &instance, Tab::Licence).await;
    let name = InstanceName(instance.as_str().into());
    let settings = page.api.files.settings().await;
    let licence = match Licence::verified(typed.as_bytes(), &settings.issuers) {
        Ok(licence) => licence,
        Err(refusal) => return fill(&page, f, &instance, typed, Some(refused(tongue, &refusal))).await,
    };
    if let Some(config) = settings.instances.get(&name)
        && let Err(refusal) = suits(&page, &name, config, &licence).await
    {
        return fill(&page, f, &instance, typed, Some(refused(tongue, &refusal))).await;
    }
    let written = page.api.files.written().await;
    let own = KeyPath::new(["instances", instance.as_str(), "license_file"]);
    let has_own = written
        .values
        .pointer(&format!("/instances/{instance}/license_file"))
        .is_some();
    let edit = Edit {
        base: written.revision,
        changes: vec![Change::Secret {
            key: if has_own {
                own
            } else {
                KeyPath::new(["license", "key_file"])
            },
            secret: licence.text().to_owned().into(),
        }],
    };
    let changed = match page.api.files.propose(&edit).await {
        Ok(proposal) => page.api.files.change(proposal, &visitor.author()).await.map(drop),
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Redirect::to(&format!("/i/{instance}/licence?done=licence")).into_response(),
        Err(error) => {
            tracing::error!(%error, "the licence is not installed");
            let fault = Said::of(tongue.say("licence-not-saved"), error.to_string());
            fill(&page, f, &instance, typed, Some(fault)).await
        }
    }
}

/// Whether a licence would open the gate of an instance now, or later if it begins later.
async fn suits(
    page: &Page,
    name: &InstanceName,
    config: &Instance,
    licence: &Licence,
) -> Result<(), Refusal> {
    let now = page.api.supervisor.now();
    let in_force = licence.in_force(now.max(licence.terms().from))?;
    let needed = page
        .instance(&name.0)
        .await
        .and_then(|status| status.view)
        .map_or(0, |view| view.members);
    in_force.covers(&Assembly::demand(config), needed)?;
    Ok(())
}

/// Why a licence is refused.
pub(crate) fn refused(tongue: Tongue, refusal: &Refusal) -> Said {
    use licensing::NotCovered;
    Said::ours(match refusal {
        Refusal::NotCovered(NotCovered::TooFewSeats { needed, licensed }) => {
            let (needed, licensed) = (needed.to_string(), licensed.to_string());
            tongue.with("licence-too-few", &[("needed", &needed), ("licensed", &licensed)])
        }
        _ => tongue.say(&format!("licence-refused-{}", refusal.code())),
    })
}
