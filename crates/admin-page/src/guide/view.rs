//! A step as the visitor sees it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use sync_service::config::Fault;
use sync_service::config::edit::{Change, Document};
use sync_service::daemon::GroupChoice;
use sync_service::doctor::{InWords, Verdict, Words};

use super::INSTANCE;
use super::draft::{Draft, groups};
use super::finish::preview;
use super::step::Step;
use crate::azure::Dialogue;
use crate::door::Fields;
use crate::frame::Frame;
use crate::language::Tongue;
use crate::page::Page;
use crate::respond::html;
use crate::said::Said;
use crate::settings::{Choice, Chosen, FaultText, Filling, Part, fault_text};

#[derive(Template)]
#[template(path = "guide.html")]
pub(super) struct Guide {
    pub(super) f: Frame,
    pub(super) step: Step,
    pub(super) steps: Vec<Listed>,
    pub(super) explain: String,
    pub(super) parts: Vec<Part>,
    pub(super) choice: Option<Choice>,
    pub(super) chats: [&'static str; 4],
    pub(super) faults: Vec<FaultText>,
    pub(super) read_only: Option<String>,
    pub(super) back: Option<&'static str>,
    /// For the licence.
    pub(super) licence: String,
    pub(super) licence_fault: Option<Said>,
    pub(super) licence_says: Option<String>,
    /// For Azure.
    pub(super) delegated: bool,
    pub(super) dialogue: Option<Dialogue>,
    /// For the group.
    pub(super) seats: Option<String>,
    /// For the check.
    pub(super) findings: Vec<Shown>,
    pub(super) verdict: Option<(&'static str, String)>,
    /// For the end.
    pub(super) preview: Option<Said>,
    /// An instance runs already.
    pub(super) finished: bool,
}

/// A finding, as the list shows it.
pub(super) struct Shown(InWords);

impl std::ops::Deref for Shown {
    type Target = InWords;

    fn deref(&self) -> &InWords {
        &self.0
    }
}

impl Shown {
    pub(super) fn mark(&self) -> (&'static str, &'static str) {
        match self.verdict {
            Verdict::Ok => ("good", "verdict-ok"),
            Verdict::Skipped => ("quiet", "verdict-skipped"),
            Verdict::Warning => ("warning", "verdict-warning"),
            Verdict::Failure => ("bad", "verdict-failure"),
        }
    }
}

/// Everything but the common parts is empty where a step has no use for it.
pub(super) async fn fill(
    page: &Page,
    mut f: Frame,
    step: Step,
    sent: Option<&Fields>,
    faults: &[Fault],
    licence_fault: Option<Said>,
) -> Response {
    let tongue = f.tongue;
    f.title = tongue.say("guide-title");
    let written = page.api.files.written().await;
    let Ok(document) = Document::open(&written.file) else {
        f.note("bad", "fault-file");
        return html(StatusCode::CONFLICT, &Guide::empty(f, step));
    };
    if is_over(&document.values()) {
        return over(f, step, StatusCode::OK);
    }
    let draft = page.drafts.get();
    let effective = draft.effective(&document);
    let mut shown = written.clone();
    for (key, secret) in &mut shown.secrets {
        secret.set |= draft.is_secret_typed(key);
    }
    for change in draft.changes.values() {
        if let Change::Secret { key, .. } = change
            && !shown.secrets.contains_key(key)
            && let Ok(status) = serde_json::from_value(serde_json::json!({"set": true, "file": null}))
        {
            shown.secrets.insert(key.clone(), status);
        }
    }
    let groups = match step {
        Step::Group => groups(page).await,
        _ => Ok(Vec::new()),
    };
    let listed = groups.as_ref().ok().filter(|groups| !groups.is_empty());
    let filling = Filling {
        tongue,
        instance: INSTANCE,
        effective: &effective,
        sent,
        base: None,
        written: &shown,
        groups: listed.map(Vec::as_slice),
        faults,
    };
    let before = Chosen::of_values(&effective);
    let chosen = sent.map_or_else(|| before.clone(), |sent| Chosen::of_form(sent, &before));
    let words = Words::new(tongue.language());
    let worst = draft.findings.iter().map(|finding| finding.verdict).max();
    let parts = filling.parts(step.sections());
    let visible = parts
        .iter()
        .flat_map(|part| &part.entries)
        .any(|entry| entry.fault.is_some());
    if let Some(error) = &draft.not_kept {
        f.tell("warning", Said::of(tongue.say("guide-not-kept"), error));
    }
    if let Err(error) = &groups {
        f.tell("warning", error.said(tongue, "guide-no-groups"));
    }
    let status = match faults.is_empty() && licence_fault.is_none() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let auth = effective
        .pointer("/teams/auth")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let guide = Guide {
        steps: listed_steps(tongue, &draft, step),
        explain: tongue.say(&format!("guide-explain-{}", step.word())),
        parts,
        choice: (step == Step::States).then(|| chosen.shown(tongue)),
        faults: match visible {
            true => Vec::new(),
            false => faults.iter().map(|fault| fault_text(tongue, fault)).collect(),
        },
        read_only: written.read_only.as_ref().map(|_| tongue.say("guide-read-only")),
        back: step.before().map(Step::word),
        licence: sent
            .filter(|_| step == Step::Licence)
            .map(|sent| sent.first("key").to_owned())
            .or_else(|| draft.licence.as_ref().map(|(text, _)| text.clone()))
            .unwrap_or_default(),
        licence_fault,
        licence_says: draft
            .licence
            .as_ref()
            .map(|(_, seats)| tongue.with("guide-licence-seats", &[("seats", &seats.to_string())])),
        delegated: matches!(auth, "device-code" | "browser"),
        dialogue: page.dialogues.of(INSTANCE),
        seats: (step == Step::Group)
            .then(|| seats(tongue, &draft, &effective, listed))
            .flatten()
            .map(|(_, says)| says),
        findings: match step {
            Step::Check => draft
                .findings
                .iter()
                .map(|finding| Shown(finding.in_words(&words)))
                .collect(),
            _ => Vec::new(),
        },
        verdict: worst
            .filter(|_| step == Step::Check)
            .map(|worst| verdict(tongue, worst)),
        preview: match step {
            Step::Activate => preview(page, tongue).await,
            _ => None,
        },
        ..Guide::empty(f, step)
    };
    html(status, &guide)
}

/// Whether the set-up has nothing to do any more: it writes its own instance, turned off, and the licence of all. So it must
/// not touch one that is turned on, or what somebody else has written.
pub(super) fn is_over(values: &Value) -> bool {
    let instances = values.get("instances").and_then(Value::as_object);
    let is_its_own = |(name, instance): (&String, &Value)| {
        name == INSTANCE && instance.get("enabled") == Some(&Value::Bool(false))
    };
    !instances.into_iter().flatten().all(is_its_own)
}

/// What is shown then.
pub(super) fn over(f: Frame, step: Step, status: StatusCode) -> Response {
    let guide = Guide {
        finished: true,
        ..Guide::empty(f, step)
    };
    html(status, &guide)
}

impl Guide {
    pub(super) fn empty(f: Frame, step: Step) -> Self {
        Self {
            f,
            step,
            steps: Vec::new(),
            explain: String::new(),
            parts: Vec::new(),
            choice: None,
            chats: ["available", "away", "do-not-disturb", "leave"],
            faults: Vec::new(),
            read_only: None,
            back: None,
            licence: String::new(),
            licence_fault: None,
            licence_says: None,
            delegated: false,
            dialogue: None,
            seats: None,
            findings: Vec::new(),
            verdict: None,
            preview: None,
            finished: false,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.step.word() == word
    }

    pub(super) fn word(&self) -> &'static str {
        self.step.word()
    }
}

pub(super) fn verdict(tongue: Tongue, worst: Verdict) -> (&'static str, String) {
    match worst {
        Verdict::Failure => ("bad", tongue.say("guide-check-bad")),
        Verdict::Warning => ("warning", tongue.say("guide-check-warnings")),
        Verdict::Ok | Verdict::Skipped => ("good", tongue.say("guide-check-good")),
    }
}

/// A step in the list of them.
pub(super) struct Listed {
    pub(super) word: &'static str,
    pub(super) name: String,
    pub(super) current: bool,
    pub(super) done: bool,
    /// Those that were taken, and the first that was not.
    pub(super) reachable: bool,
}

pub(super) fn listed_steps(tongue: Tongue, draft: &Draft, step: Step) -> Vec<Listed> {
    let first = Step::ALL.into_iter().find(|step| !draft.done.contains(step));
    let listed = |known: Step| {
        let done = draft.done.contains(&known);
        Listed {
            word: known.word(),
            name: tongue.say(&format!("guide-step-{}", known.word())),
            current: known == step,
            done,
            reachable: done || first == Some(known),
        }
    };
    Step::ALL.map(listed).into()
}

/// The group's size against the licence, and whether that suffices.
pub(super) fn seats(
    tongue: Tongue,
    draft: &Draft,
    effective: &Value,
    groups: Option<&Vec<GroupChoice>>,
) -> Option<(bool, String)> {
    let (_, seats) = draft.licence.as_ref()?;
    let name = effective.pointer("/starface/group").and_then(Value::as_str);
    let chosen = groups?.iter().find(|group| Some(group.name.as_str()) == name);
    let members = chosen?.members?;
    let (members_text, seats_text) = (members.to_string(), seats.to_string());
    let enough = u32::try_from(members).is_ok_and(|members| members <= *seats);
    let name = if enough {
        "guide-seats-enough"
    } else {
        "guide-seats-few"
    };
    let says = tongue.with(name, &[("members", &members_text), ("seats", &seats_text)]);
    Some((enough, says))
}

/// Whether the licence that was typed has seats for the group that was chosen, as far as both are known.
pub(super) async fn has_seats(page: &Page, tongue: Tongue, document: &Document) -> bool {
    let found = groups(page).await.ok();
    let draft = page.drafts.get();
    let effective = draft.effective(document);
    seats(tongue, &draft, &effective, found.as_ref()).is_none_or(|(enough, _)| enough)
}
