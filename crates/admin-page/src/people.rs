//! People: everybody of the group, whoever needs somebody first; and why one of them is as they are.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sync_core::{InstanceName, MemberQuery, MemberView, OwnerView, PbxUserId, Show, SkipReason, Standing};
use sync_service::api::Order;

use crate::address::{Path, Query};
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::explained::{Explained, explained};
use crate::frame::{Frame, Tab};
use crate::language::Tongue;
use crate::page::Page;
use crate::respond::{ok, plain_failure};

/// Rows of one page.
const ROWS: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: Show,
    #[serde(default)]
    page: usize,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    f: Frame,
    instance: String,
    search: String,
    choices: Vec<(String, String, bool)>,
    says: String,
    rows: Vec<Row>,
    before: Option<String>,
    after: Option<String>,
    /// Why nobody can be shown.
    silent: Option<String>,
}

struct Row {
    user: i64,
    name: String,
    address: String,
    presence: String,
    since: String,
    seen: String,
    dnd: String,
    chat: String,
    owner: String,
    remark: Option<(&'static str, String)>,
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let tongue = visitor.tongue;
    let name = InstanceName(instance.as_str().into());
    if page.instance(&instance).await.is_none() {
        return entrance::no_instance(tongue);
    }
    let query = MemberQuery {
        show: asked.show,
        search: asked.q.clone(),
        offset: asked.page.saturating_mul(ROWS),
        limit: ROWS,
    };
    let found = page.api.supervisor.member_page(&name, query).await;
    let mut f = Frame::of(&page, &visitor, &instance, Tab::People).await;
    f.done(asked.done.as_deref());
    let (says, rows, fitting, silent) = match found {
        Ok(found) => {
            let (members, fitting) = (found.members.to_string(), found.fitting.to_string());
            let says = tongue.with("people-count", &[("fitting", &fitting), ("members", &members)]);
            let rows = found.page.iter().map(|member| row(tongue, member)).collect();
            (says, rows, found.fitting, None)
        }
        Err(_) => (String::new(), Vec::new(), 0, Some(tongue.say("people-silent"))),
    };
    let link = |number: usize| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &asked.q)
            .append_pair("show", &word(asked.show))
            .append_pair("page", &number.to_string())
            .finish();
        format!("/i/{instance}/people?{query}")
    };
    f.here = link(asked.page);
    let more = asked.page.saturating_add(1).saturating_mul(ROWS) < fitting;
    ok(&People {
        before: asked.page.checked_sub(1).map(link),
        after: more.then(|| link(asked.page + 1)),
        choices: Show::ALL
            .map(|show| (word(show), tongue.word("show", &show), show == asked.show))
            .into(),
        search: asked.q,
        instance,
        says,
        rows,
        silent,
        f,
    })
}

fn word(show: Show) -> String {
    let word = serde_json::to_value(show).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn row(tongue: Tongue, member: &MemberView) -> Row {
    let ago = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| tongue.age(seconds));
    let chat = member.chat.as_ref();
    let ours = member.dnd.owner != OwnerView::Others;
    Row {
        user: member.pbx_user.0,
        name: name_of(member),
        address: member
            .address
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        presence: member.presence.as_ref().map_or_else(
            || tongue.say("presence-unknown"),
            |presence| tongue.presence(presence),
        ),
        since: member.since.map(|since| tongue.moment(since)).unwrap_or_default(),
        seen: ago(member.age_seconds),
        dnd: tongue.field(&member.dnd),
        chat: chat.map_or_else(|| tongue.say("not-synchronised"), |chat| tongue.field(chat)),
        owner: match chat {
            Some(chat) if !ours => tongue.owner(chat.owner),
            _ => tongue.owner(member.dnd.owner),
        },
        remark: remark(tongue, member),
    }
}

/// The name, or else the login.
pub(crate) fn name_of(member: &MemberView) -> String {
    if member.name.is_empty() {
        member.login.to_string()
    } else {
        member.name.clone()
    }
}

fn remark(tongue: Tongue, member: &MemberView) -> Option<(&'static str, String)> {
    match (member.skipped, member.unknown_for_seconds) {
        (Some(SkipReason::NoTeamsUser), _) if member.standing == Some(Standing::NotLookedUp) => {
            Some(("quiet", tongue.say("skip-not-looked-up")))
        }
        (Some(reason @ (SkipReason::Excluded | SkipReason::Paused)), _) => {
            Some(("quiet", tongue.word("skip", &reason)))
        }
        (Some(reason), _) => Some(("bad", tongue.word("skip", &reason))),
        (None, Some(seconds)) => {
            let age = tongue.age(seconds);
            Some(("warning", tongue.with("unknown-for", &[("age", &age)])))
        }
        (None, None) if member.dnd.drift => Some(("warning", tongue.say("drift"))),
        (None, None) => None,
    }
}

#[derive(Template)]
#[template(path = "person.html")]
struct Person {
    f: Frame,
    instance: String,
    user: i64,
    address: Option<String>,
    paused: bool,
    explained: Explained,
}

/// One person, explained.
pub(crate) async fn person(
    State(page): State<Page>,
    visitor: Visitor,
    Path((instance, user)): Path<(String, i64)>,
) -> Response {
    let tongue = visitor.tongue;
    let name = InstanceName(instance.as_str().into());
    let view = page.api.supervisor.explain_user(&name, PbxUserId(user)).await;
    let view = match view {
        Ok(Some(view)) => view,
        Ok(None) => return plain_failure(StatusCode::NOT_FOUND, tongue, "error-no-person"),
        Err(_) => return plain_failure(StatusCode::CONFLICT, tongue, "people-silent"),
    };
    let mut f = Frame::of(&page, &visitor, &instance, Tab::People).await;
    f.title = name_of(&view.member);
    f.here = format!("/i/{instance}/people/{user}");
    ok(&Person {
        user,
        address: view.member.address.as_ref().map(ToString::to_string),
        paused: view.member.paused.is_some(),
        explained: explained(tongue, &view),
        instance,
        f,
    })
}

/// One person is paused, or goes on.
pub(crate) async fn order(
    State(page): State<Page>,
    Path((instance, user, order)): Path<(String, i64, String)>,
    posted: Posted,
) -> Response {
    let tongue = posted.visitor.tongue;
    let name = InstanceName(instance.as_str().into());
    let supervisor = &page.api.supervisor;
    let Ok(Some(view)) = supervisor.explain_user(&name, PbxUserId(user)).await else {
        return plain_failure(StatusCode::NOT_FOUND, tongue, "error-no-person");
    };
    let Some(address) = view.member.address else {
        return plain_failure(StatusCode::CONFLICT, tongue, "error-no-address");
    };
    let member = Some(address);
    let (done, order) = match order.as_str() {
        "pause" => {
            let seconds = posted.fields.first("seconds").parse().ok();
            let lasts = seconds.map(Duration::from_secs);
            ("person-paused", Order::Pause { member, lasts })
        }
        "resume" => ("person-resumed", Order::Resume { member }),
        _ => return entrance::unclear(tongue),
    };
    let word = match supervisor.order(&name, &order).await {
        Ok(_) => done,
        Err(_) => "refused",
    };
    tracing::warn!(
        instance,
        user,
        order = done,
        "ordered on the administrator's page"
    );
    Redirect::to(&format!("/i/{instance}/people?done={word}")).into_response()
}
