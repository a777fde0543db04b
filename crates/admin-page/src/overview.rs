//! The overview: how the instance and its links do, what is held, and the orders of an operator.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sync_core::{Health, InstanceName, InstanceView, LinkView, Mode, PlanId};
use sync_service::api::{InstanceState, InstanceStatus, Order};
use sync_service::doctor::Words;

use crate::address::{Path, Query};
use crate::azure;
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::frame::{Done, Frame, Tab};
use crate::guide;
use crate::language::Tongue;
use crate::licence;
use crate::live;
use crate::page::Page;
use crate::pictures::{self, Picture};
use crate::respond::ok;
use crate::said::Said;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    f: Frame,
    instance: String,
    part: Part,
    runs: bool,
    paused: bool,
    held: Option<Held>,
    pictures: [Picture; 2],
    /// The set-up goes on with this instance.
    is_set_up: bool,
}

/// What changes by itself.
#[derive(Template)]
#[template(path = "overview-part.html")]
pub(crate) struct Part {
    tongue: Tongue,
    health: (&'static str, String),
    says: Vec<String>,
    reasons: Vec<String>,
    notices: Vec<Said>,
    facts: Vec<(String, String)>,
    links: Vec<Link>,
}

struct Link {
    name: String,
    state: (&'static str, String),
    when: String,
    fault: Option<String>,
    error: Option<String>,
    advice: Option<String>,
}

/// What is held, with its button. It is sent apart from the rest, which changes every few seconds: a button that is replaced
/// while somebody presses it is not pressed.
#[derive(Template)]
#[template(path = "overview-held.html")]
struct Held {
    f: Frame,
    instance: String,
    id: String,
    changes: usize,
}

impl Held {
    fn of(visitor: &Visitor, status: &InstanceStatus) -> Option<Self> {
        let view = status.view.as_ref()?;
        Some(Self {
            id: view.held_plan?.to_string(),
            changes: view.held,
            instance: status.instance.to_string(),
            f: Frame::bare(visitor, "held-title"),
        })
    }
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(query): Query<Done>,
) -> Response {
    let Some(status) = page.instance(&instance).await else {
        return entrance::no_instance(visitor.tongue);
    };
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Overview).await;
    f.done(query.done.as_deref());
    let view = status.view.as_ref();
    ok(&Overview {
        is_set_up: guide::goes_on(&page).await && status.state == InstanceState::Disabled,
        runs: view.is_some(),
        paused: view.is_some_and(|view| view.mode == Mode::Paused),
        held: Held::of(&visitor, &status),
        part: Part::of(visitor.tongue, &status),
        pictures: pictures::of(visitor.tongue, &page.api.history.samples(&status.instance)),
        instance,
        f,
    })
}

/// The same part again whenever it changes.
pub(crate) async fn live(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    let tongue = visitor.tongue;
    live::part(&visitor.session, move || {
        let (page, instance) = (page.clone(), instance.clone());
        async move {
            let status = page.instance(&instance).await?;
            Part::of(tongue, &status).render().ok()
        }
    })
    .into_response()
}

/// What is held, whenever that changes.
pub(crate) async fn held(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    live::part_of(&visitor.session.clone(), move || {
        let (page, visitor, instance) = (page.clone(), visitor.clone(), instance.clone());
        async move {
            let status = page.instance(&instance).await?;
            let held = Held::of(&visitor, &status);
            let about = held.as_ref().map(|held| (held.id.clone(), held.changes));
            let text = held.map_or(Ok(String::new()), |held| held.render());
            Some((about, text.ok()?))
        }
    })
    .into_response()
}

/// An order of the operator.
pub(crate) async fn order(
    State(page): State<Page>,
    Path((instance, order)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let (tongue, fields) = (posted.visitor.tongue, &posted.fields);
    let name = InstanceName(instance.as_str().into());
    let supervisor = &page.api.supervisor;
    // Before it is told to the log and to the browser, which would have to make something of any text.
    if supervisor.knows(&name).is_err() {
        return entrance::no_instance(tongue);
    }
    let (done, answer) = match order.as_str() {
        "pause" => {
            let lasts = fields.first("seconds").parse().ok().map(Duration::from_secs);
            let order = Order::Pause { member: None, lasts };
            ("paused", supervisor.order(&name, &order).await)
        }
        "resume" => {
            let order = Order::Resume { member: None };
            ("resumed", supervisor.order(&name, &order).await)
        }
        "release" if fields.has("sure") => ("released", supervisor.order(&name, &Order::Release).await),
        "approve" => match fields.first("plan").parse::<PlanId>() {
            Ok(plan) => ("approved", supervisor.approve(plan).await),
            Err(_) => return entrance::unclear(tongue),
        },
        _ => return entrance::unclear(tongue),
    };
    tracing::warn!(instance, order, "ordered on the administrator's page");
    let word = match answer {
        Ok(_) => done,
        Err(error) => {
            tracing::warn!(instance, order, %error, "the order cannot be carried out");
            "refused"
        }
    };
    Redirect::to(&format!("/i/{instance}/overview?done={word}")).into_response()
}

impl Part {
    fn of(tongue: Tongue, status: &InstanceStatus) -> Self {
        let Some(view) = &status.view else {
            let kind = match status.state {
                InstanceState::Failed => "bad",
                InstanceState::Disabled | InstanceState::Stopped => "quiet",
                _ => "warning",
            };
            return Self {
                tongue,
                health: (kind, tongue.word("state", &status.state)),
                says: vec![tongue.word("state-says", &status.state)],
                reasons: status.reason.clone().into_iter().collect(),
                notices: status.notices.iter().map(Said::foreign).collect(),
                facts: Vec::new(),
                links: Vec::new(),
            };
        };
        let words = Words::new(tongue.language());
        let kind = match view.readiness.state {
            Health::Ready => "good",
            Health::Degraded => "warning",
            Health::NotReady => "bad",
        };
        let warnings = view
            .licence
            .iter()
            .flat_map(|licence| licence::warnings(tongue, licence));
        Self {
            tongue,
            health: (kind, tongue.word("health", &view.readiness.state)),
            says: says(tongue, view),
            reasons: view.readiness.reasons.clone(),
            notices: status.notices.iter().map(Said::foreign).chain(warnings).collect(),
            facts: status
                .sign_in
                .as_ref()
                .and_then(|sign_in| azure::says(tongue, sign_in))
                .map(|says| (tongue.say("fact-sign-in"), says))
                .into_iter()
                .chain(facts(tongue, view))
                .collect(),
            links: view
                .links
                .iter()
                .map(|view| link(tongue, &words, &status.instance, view))
                .collect(),
        }
    }
}

/// What an operator has to know at once, in whole sentences.
fn says(tongue: Tongue, view: &InstanceView) -> Vec<String> {
    let mut says = Vec::new();
    if let Some(shut) = view.licence.as_ref().and_then(|licence| licence.shut.as_ref()) {
        says.push(tongue.word("gate", &shut.reason));
    }
    match (view.mode, view.paused_until) {
        (Mode::Paused, Some(until)) => {
            says.push(tongue.with("says-paused-until", &[("until", &tongue.moment(until))]));
        }
        (Mode::Paused, None) => says.push(tongue.say("says-paused")),
        (Mode::Releasing, _) => says.push(tongue.say("says-releasing")),
        (Mode::Running, _) if view.observe => says.push(tongue.say("says-observe")),
        (Mode::Running, _) => {}
    }
    if view.held > 0 {
        says.push(tongue.counted("says-held", view.held));
    } else if view.held_plan.is_some() {
        says.push(tongue.say("says-roster-held"));
    }
    let down = view.links.iter().filter(|link| link.error.is_some());
    says.extend(down.map(|link| {
        let (name, fault) = (tongue.word("link", &link.link), fault(tongue, link));
        tongue.with("says-link-down", &[("link", &name), ("fault", &fault)])
    }));
    if view.readiness.state == Health::NotReady && view.sweep_age_seconds.is_none() && says.is_empty() {
        says.push(tongue.say("says-no-sweep"));
    }
    if says.is_empty() && view.readiness.state == Health::Ready {
        says.push(tongue.say("says-good"));
    }
    says
}

fn facts(tongue: Tongue, view: &InstanceView) -> Vec<(String, String)> {
    let mut facts = vec![
        ("fact-members", view.members.to_string()),
        ("fact-matched", view.matched.to_string()),
    ];
    if view.unknown > 0 {
        facts.push(("fact-unknown", view.unknown.to_string()));
    }
    let mut facts: Vec<(String, String)> = facts
        .into_iter()
        .map(|(name, value)| (tongue.say(name), value))
        .collect();
    facts.extend(
        view.skipped
            .iter()
            .map(|(reason, count)| (tongue.word("skip", reason), count.to_string())),
    );
    let ago = |seconds: Option<f64>| match seconds {
        Some(seconds) => tongue.with("ago", &[("age", &tongue.age(seconds))]),
        None => tongue.say("never"),
    };
    let rest = [
        ("fact-owned", view.owned.to_string()),
        ("fact-due", view.due.to_string()),
        ("fact-changes", view.changes.to_string()),
        ("fact-sweep", ago(view.sweep_age_seconds)),
        ("fact-interval", tongue.seconds(view.sweep_interval_seconds)),
        ("fact-roster", ago(view.roster_age_seconds)),
        ("fact-policy", tongue.word("policy", &view.policy)),
    ];
    facts.extend(rest.map(|(name, value)| (tongue.say(name), value)));
    facts
}

fn fault(tongue: Tongue, link: &LinkView) -> String {
    link.fault
        .as_ref()
        .map(|fault| tongue.word("fault", fault))
        .unwrap_or_default()
}

fn link(tongue: Tongue, words: &Words, instance: &InstanceName, view: &LinkView) -> Link {
    let kind = match view.state.as_str() {
        "up" => "good",
        "down" => "bad",
        _ => "quiet",
    };
    let when = match (view.since, view.last_success_seconds) {
        (Some(since), _) => {
            let again = view
                .retry_in_seconds
                .map(|seconds| tongue.with("link-again", &[("age", &tongue.age(seconds))]));
            let since = tongue.with("link-since", &[("since", &tongue.moment(since))]);
            [Some(since), again]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
        (None, Some(seconds)) => tongue.with("ago", &[("age", &tongue.age(seconds))]),
        (None, None) => tongue.say("never"),
    };
    Link {
        name: tongue.word("link", &view.link),
        state: (kind, tongue.word("link-state", &view.state)),
        when,
        fault: view.fault.as_ref().map(|_| fault(tongue, view)),
        error: view.error.clone(),
        advice: words.remedy_of(instance, view),
    }
}
