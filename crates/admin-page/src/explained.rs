//! The explanation of one person, in the visitor's language.

use presence_mapping::{ChatOutcome, DndOutcome, FieldExplanation, List, Loss};
use serde::Serialize;
use sync_core::{Because, DueView, ExplainView, Field, FieldView, Standing, WaitView, WorkView};

use crate::language::Tongue;

/// What is true of one person.
#[derive(Debug)]
pub(crate) struct Explained {
    /// Why nothing is done at all, if so.
    pub(crate) hindrances: Vec<String>,
    /// Who the person is, and what Teams says.
    pub(crate) facts: Vec<(String, String)>,
    /// DND, then the chat status.
    pub(crate) fields: Vec<Part>,
}

/// One field.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) title: String,
    /// In a sentence: what stands there, and why.
    pub(crate) says: Vec<String>,
    pub(crate) facts: Vec<(String, String)>,
    /// The rules that lost, with the reason.
    pub(crate) lost: Vec<String>,
}

/// Explains one person.
pub(crate) fn explained(tongue: Tongue, view: &ExplainView) -> Explained {
    let change = |field: Field| view.changes.iter().find(|change| change.field == field);
    let rules = view.rules.as_ref();
    let dnd = rules.map(|rules| rule(tongue, &rules.dnd));
    let mut fields = vec![part(
        tongue,
        Field::Dnd,
        &view.member.dnd,
        dnd,
        change(Field::Dnd),
    )];
    if let Some(chat) = &view.member.chat {
        let rule = rules.map(|rules| rule_of_chat(tongue, &rules.chat));
        fields.push(part(tongue, Field::Chat, chat, rule, change(Field::Chat)));
    }
    Explained {
        hindrances: hindrances(tongue, view),
        facts: facts(tongue, view),
        fields,
    }
}

fn hindrances(tongue: Tongue, view: &ExplainView) -> Vec<String> {
    let mut says = Vec::new();
    if let Some(gate) = &view.gate {
        says.push(tongue.word("gate", &gate.reason));
    }
    match view.mode {
        sync_core::Mode::Paused => says.push(tongue.say("says-paused")),
        sync_core::Mode::Releasing => says.push(tongue.say("says-releasing")),
        sync_core::Mode::Running if view.observe => says.push(tongue.say("says-observe")),
        sync_core::Mode::Running => {}
    }
    if let Some(reason) = view.member.skipped {
        let looked_up = view.member.standing != Some(Standing::NotLookedUp);
        says.push(match looked_up {
            true => tongue.word("skip-why", &reason),
            false => tongue.say("skip-not-looked-up"),
        });
    }
    if let Some(Standing::Ambiguous { candidates, rivals }) = &view.member.standing {
        let list = |name: &str, items: Vec<String>| {
            (!items.is_empty()).then(|| tongue.with(name, &[("who", &items.join(", "))]))
        };
        says.extend(list(
            "ambiguous-teams",
            candidates.iter().map(ToString::to_string).collect(),
        ));
        says.extend(list(
            "ambiguous-pbx",
            rivals.iter().map(ToString::to_string).collect(),
        ));
    }
    if let Some(because) = view.member.unknown_because {
        says.push(tongue.word("unknown-because", &because));
    }
    if let Some(seconds) = view.member.taken_back_in_seconds {
        says.push(tongue.with("taken-back-in", &[("age", &tongue.age(seconds))]));
    }
    says.extend(view.links.iter().map(|link| {
        let fault = link.fault.as_ref().map(|fault| tongue.word("fault", fault));
        let name = tongue.word("link", &link.link);
        tongue.with(
            "says-link-down",
            &[("link", &name), ("fault", &fault.unwrap_or_default())],
        )
    }));
    says
}

fn facts(tongue: Tongue, view: &ExplainView) -> Vec<(String, String)> {
    let member = &view.member;
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (tongue.say(name), value)));
    };
    add("person-address", member.address.as_ref().map(ToString::to_string));
    add(
        "person-login",
        Some(format!("{} ({})", member.login, member.pbx_user)),
    );
    add(
        "person-teams",
        member.teams_user.as_ref().map(ToString::to_string),
    );
    let said = member.presence.as_ref();
    add("person-presence", said.map(|presence| tongue.presence(presence)));
    add("person-raw", said.map(ToString::to_string));
    let read_as = view.rules.as_ref().and_then(|rules| rules.read_as.clone());
    add("person-read-as", read_as);
    add("person-since", member.since.map(|since| tongue.moment(since)));
    let ago = |seconds: f64| tongue.with("ago", &[("age", &tongue.age(seconds))]);
    add("person-seen", member.age_seconds.map(ago));
    let next = view
        .next_check_seconds
        .map(|seconds| tongue.with("in", &[("age", &tongue.age(seconds))]));
    add("person-next", next);
    add("fact-policy", Some(tongue.word("policy", &view.policy)));
    facts
}

/// A rule that won: what it decides, what it is, and who lost.
struct Won {
    says: String,
    lost: Vec<String>,
}

fn rule(tongue: Tongue, won: &FieldExplanation<DndOutcome>) -> Won {
    won_by(tongue, won, |outcome| tongue.word("outcome-dnd", outcome))
}

fn rule_of_chat(tongue: Tongue, won: &FieldExplanation<ChatOutcome>) -> Won {
    won_by(tongue, won, |outcome| tongue.word("outcome-chat", outcome))
}

fn won_by<O: Serialize>(tongue: Tongue, won: &FieldExplanation<O>, outcome: impl Fn(&O) -> String) -> Won {
    let named = |rule: &str, list: Option<List>| match list {
        Some(list) => tongue.with("rule-in", &[("rule", rule), ("list", &list.to_string())]),
        None => tongue.with("rule-built-in", &[("rule", rule)]),
    };
    let lost = |because: &Loss| tongue.word("loss", because);
    Won {
        says: tongue.with(
            "rule-won",
            &[
                ("rule", &named(&won.rule, won.list)),
                ("outcome", &outcome(&won.outcome)),
            ],
        ),
        lost: won
            .lost
            .iter()
            .map(|losing| {
                let (rule, because) = (named(&losing.rule, losing.list), lost(&losing.because));
                tongue.with(
                    "rule-lost",
                    &[
                        ("rule", &rule),
                        ("outcome", &outcome(&losing.outcome)),
                        ("because", &because),
                    ],
                )
            })
            .collect(),
    }
}

fn part(tongue: Tongue, field: Field, view: &FieldView, won: Option<Won>, change: Option<&DueView>) -> Part {
    let mut says = Vec::new();
    let (won, lost) = won.map_or((None, Vec::new()), |won| (Some(won.says), won.lost));
    says.extend(won);
    says.extend(view.rest.map(|rest| tongue.word("rest", &rest)));
    if let Some(change) = change {
        says.push(due(tongue, change));
    } else if view.work != WorkView::None {
        says.push(tongue.word("work-says", &view.work));
    }
    if view.drift {
        says.push(tongue.say("drift"));
    }
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (tongue.say(name), value)));
    };
    let ago = |seconds: f64| tongue.with("ago", &[("age", &tongue.age(seconds))]);
    let stands = view
        .pbx
        .map_or_else(|| tongue.say("not-read"), |value| tongue.value(value));
    let read = view
        .read_seconds
        .map(|seconds| format!(" ({})", ago(seconds)))
        .unwrap_or_default();
    add("field-stands", Some(format!("{stands}{read}")));
    add("field-wanted", view.wanted.map(|value| tongue.value(value)));
    add("field-owner", Some(tongue.owner(view.owner)));
    add("field-since", view.ours_since.map(|since| tongue.moment(since)));
    add("field-before", view.before.map(|value| tongue.value(value)));
    let written = view
        .last_write
        .map(|write| format!("{} ({})", tongue.value(write.to), tongue.moment(write.at)));
    add("field-written", written);
    Part {
        title: tongue.word("field", &field),
        says,
        facts,
        lost,
    }
}

fn due(tongue: Tongue, change: &DueView) -> String {
    let value = tongue.value(change.to);
    let why = match (&change.because, change.release) {
        (Because { rule, .. }, false) => tongue.with("due-rule", &[("value", &value), ("rule", rule)]),
        (Because { rule, .. }, true) => {
            let because = tongue.word("release-because", rule);
            tongue.with("due-release", &[("value", &value), ("because", &because)])
        }
    };
    let waits = match &change.waits {
        None => tongue.say("waits-nothing"),
        Some(WaitView::Breaker { until, .. }) => {
            tongue.with("waits-breaker", &[("until", &tongue.moment(*until))])
        }
        Some(WaitView::Link { link }) => tongue.with("waits-link", &[("link", &tongue.word("link", link))]),
        Some(WaitView::Retry { seconds, .. }) => {
            tongue.with("waits-retry", &[("age", &tongue.age(*seconds))])
        }
        Some(WaitView::Roster) => tongue.say("waits-roster"),
        Some(WaitView::Observe) => tongue.say("says-observe"),
        Some(_) => String::new(),
    };
    format!("{why} {waits}")
}
