//! The set-up, step by step, from a daemon without a file to one that synchronises.
//!
//! What is typed is kept here until the check, which writes the instance into the one file, still turned off. Activating it
//! is a change of that file like every other one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use licensing::Licence;
use serde_json::Value;
use sync_core::InstanceName;
use sync_service::config::edit::{Change, Document, Edit, EditError, KeyPath, Revision};
use sync_service::config::{Fault, Secret};
use sync_service::daemon::{GroupChoice, Proposal};
use sync_service::doctor::{Case, Finding, InWords, Running, Verdict, Words, examine};

use crate::address::Path;
use crate::azure::{self, Dialogue};
use crate::door::{Fields, Posted, Visitor};
use crate::entrance;
use crate::frame::Frame;
use crate::language::Tongue;
use crate::licence;
use crate::page::Page;
use crate::respond::html;
use crate::settings::{
    Choice, Chosen, FaultText, Filling, GROUP, MODE, POLICY, Part, STARFACE, Section, TEAMS, changes,
    fault_text, key, rule_changes,
};

/// The instance that the guide makes.
const INSTANCE: &str = "main";

/// A step, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Pbx,
    Mode,
    Licence,
    Azure,
    States,
    Group,
    Policy,
    Check,
    Activate,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Pbx,
        Self::Mode,
        Self::Licence,
        Self::Azure,
        Self::States,
        Self::Group,
        Self::Policy,
        Self::Check,
        Self::Activate,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Pbx => "pbx",
            Self::Mode => "mode",
            Self::Licence => "licence",
            Self::Azure => "azure",
            Self::States => "states",
            Self::Group => "group",
            Self::Policy => "policy",
            Self::Check => "check",
            Self::Activate => "activate",
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    fn sections(self) -> &'static [Section] {
        match self {
            Self::Pbx => &[STARFACE],
            Self::Mode => &[MODE],
            Self::Azure => &[TEAMS],
            Self::Group => &[GROUP],
            Self::Policy => &[POLICY],
            Self::Licence | Self::States | Self::Check | Self::Activate => &[],
        }
    }

    fn after(self) -> Self {
        let position = Self::ALL
            .iter()
            .position(|step| *step == self)
            .unwrap_or_default();
        Self::ALL.get(position + 1).copied().unwrap_or(Self::Activate)
    }

    fn before(self) -> Option<Self> {
        let position = Self::ALL.iter().position(|step| *step == self)?;
        position
            .checked_sub(1)
            .and_then(|before| Self::ALL.get(before).copied())
    }
}

/// What was typed so far.
#[derive(Debug, Default)]
pub(crate) struct Drafts(Mutex<Draft>);

#[derive(Clone, Debug, Default)]
struct Draft {
    changes: BTreeMap<String, Change>,
    done: Vec<Step>,
    /// The licence as it was typed, and what it says of itself.
    licence: Option<(String, u32)>,
    /// What the last check found.
    findings: Vec<Finding>,
}

impl Drafts {
    fn lock(&self) -> MutexGuard<'_, Draft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft {
    fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.changes.insert(change.key().to_string(), change);
        }
    }

    fn changes(&self) -> Vec<Change> {
        self.changes.values().cloned().collect()
    }

    fn is_secret_typed(&self, key: &KeyPath) -> bool {
        matches!(self.changes.get(&key.to_string()), Some(Change::Secret { .. }))
    }

    /// The values of the instance as they would take effect.
    fn effective(&self, document: &Document) -> Value {
        let shown = self
            .changes
            .values()
            .filter(|change| !matches!(change, Change::Secret { .. }));
        let shown: Vec<Change> = shown.cloned().collect();
        let base = Change::Set {
            key: KeyPath::new(["instances", INSTANCE]),
            value: Value::Object(serde_json::Map::new()),
        };
        let begun = document.edited(&[base]);
        let begun = begun.as_ref().unwrap_or(document);
        match begun.edited(&shown) {
            Ok(edited) => edited.effective(INSTANCE),
            Err(_) => document.effective(INSTANCE),
        }
    }
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Guide {
    f: Frame,
    step: Step,
    steps: Vec<Listed>,
    explain: String,
    parts: Vec<Part>,
    choice: Option<Choice>,
    chats: [&'static str; 4],
    faults: Vec<FaultText>,
    read_only: Option<String>,
    back: Option<&'static str>,
    /// For the licence.
    licence: String,
    licence_fault: Option<String>,
    licence_says: Option<String>,
    /// For Azure.
    delegated: bool,
    dialogue: Option<Dialogue>,
    /// For the group.
    seats: Option<String>,
    /// For the check.
    findings: Vec<Shown>,
    verdict: Option<(&'static str, String)>,
    /// For the end.
    preview: Option<String>,
    /// An instance runs already.
    finished: bool,
}

/// A finding, as the list shows it.
struct Shown(InWords);

impl std::ops::Deref for Shown {
    type Target = InWords;

    fn deref(&self) -> &InWords {
        &self.0
    }
}

impl Shown {
    fn mark(&self) -> (&'static str, &'static str) {
        match self.verdict {
            Verdict::Ok => ("good", "verdict-ok"),
            Verdict::Skipped => ("quiet", "verdict-skipped"),
            Verdict::Warning => ("warning", "verdict-warning"),
            Verdict::Failure => ("bad", "verdict-failure"),
        }
    }
}

/// Everything but the common parts is empty where a step has no use for it.
async fn fill(
    page: &Page,
    mut f: Frame,
    step: Step,
    sent: Option<&Fields>,
    faults: &[Fault],
    licence_fault: Option<String>,
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
    let draft = page.drafts.lock().clone();
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
    if let Err(error) = &groups {
        f.tell("warning", tongue.with("guide-no-groups", &[("error", error)]));
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
fn is_over(values: &Value) -> bool {
    let instances = values.get("instances").and_then(Value::as_object);
    let is_its_own = |(name, instance): (&String, &Value)| {
        name == INSTANCE && instance.get("enabled") == Some(&Value::Bool(false))
    };
    !instances.into_iter().flatten().all(is_its_own)
}

/// What is shown then.
fn over(f: Frame, step: Step, status: StatusCode) -> Response {
    let guide = Guide {
        finished: true,
        ..Guide::empty(f, step)
    };
    html(status, &guide)
}

impl Guide {
    fn empty(f: Frame, step: Step) -> Self {
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

    fn is(&self, word: &str) -> bool {
        self.step.word() == word
    }

    fn word(&self) -> &'static str {
        self.step.word()
    }
}

fn verdict(tongue: Tongue, worst: Verdict) -> (&'static str, String) {
    match worst {
        Verdict::Failure => ("bad", tongue.say("guide-check-bad")),
        Verdict::Warning => ("warning", tongue.say("guide-check-warnings")),
        Verdict::Ok | Verdict::Skipped => ("good", tongue.say("guide-check-good")),
    }
}

/// A step in the list of them.
struct Listed {
    word: &'static str,
    name: String,
    current: bool,
    done: bool,
    /// Those that were taken, and the first that was not.
    reachable: bool,
}

fn listed_steps(tongue: Tongue, draft: &Draft, step: Step) -> Vec<Listed> {
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
fn seats(
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
async fn has_seats(page: &Page, tongue: Tongue, document: &Document) -> bool {
    let found = groups(page).await.ok();
    let draft = page.drafts.lock().clone();
    let effective = draft.effective(document);
    seats(tongue, &draft, &effective, found.as_ref()).is_none_or(|(enough, _)| enough)
}

/// The beginning, or wherever the set-up stopped.
pub(crate) async fn begin(State(page): State<Page>, _visitor: Visitor) -> Redirect {
    let done = page.drafts.lock().done.clone();
    let next = Step::ALL
        .into_iter()
        .find(|step| !done.contains(step))
        .unwrap_or(Step::Activate);
    Redirect::to(&format!("/guide/{}", next.word()))
}

/// A step.
pub(crate) async fn show(State(page): State<Page>, visitor: Visitor, Path(word): Path<String>) -> Response {
    let Some(step) = Step::named(&word) else {
        return entrance::unclear(visitor.tongue);
    };
    fill(&page, Frame::bare(&visitor, "guide-title"), step, None, &[], None).await
}

/// The sign-in that is under way, whenever it changes.
pub(crate) async fn live(State(page): State<Page>, visitor: Visitor) -> Response {
    azure::watch(page, visitor, INSTANCE.to_owned())
}

/// What was typed at a step.
pub(crate) async fn take(State(page): State<Page>, Path(word): Path<String>, posted: Posted) -> Response {
    let Posted { visitor, fields } = posted;
    let tongue = visitor.tongue;
    let Some(step) = Step::named(&word) else {
        return entrance::unclear(tongue);
    };
    let mut f = Frame::bare(&visitor, "guide-title");
    let written = page.api.files.written().await;
    let Ok(document) = Document::open(&written.file) else {
        return fill(&page, f, step, None, &[], None).await;
    };
    if is_over(&document.values()) {
        return over(f, step, StatusCode::CONFLICT);
    }
    let effective = page.drafts.lock().effective(&document);
    match step {
        Step::Licence => {
            let typed: String = fields.first("key").split_whitespace().collect();
            let settings = page.api.files.settings().await;
            match Licence::verified(typed.as_bytes(), &settings.issuers) {
                Err(refusal) => {
                    let fault = licence::refused(tongue, &refusal);
                    return fill(&page, f, step, Some(&fields), &[], Some(fault)).await;
                }
                Ok(licence) => {
                    let mut draft = page.drafts.lock();
                    draft.licence = Some((licence.text().to_owned(), licence.terms().seats));
                    draft.take(vec![Change::Secret {
                        key: KeyPath::new(["license", "key_file"]),
                        secret: licence.text().to_owned().into(),
                    }]);
                }
            }
        }
        Step::States => {
            let before = Chosen::of_values(&effective);
            let chosen = Chosen::of_form(&fields, &before);
            let mut changes = rule_changes(INSTANCE, &before, &chosen);
            // The choice is written out also where it is the usual one: it was made.
            if changes.is_empty() {
                changes = chosen
                    .lists()
                    .into_iter()
                    .map(|(name, value)| Change::Set {
                        key: key(INSTANCE, &format!("rules.{name}")),
                        value,
                    })
                    .collect();
            }
            page.drafts.lock().take(changes);
        }
        Step::Check => return check(&page, &visitor, f).await,
        Step::Activate => return activate(&page, &visitor, f).await,
        _ => {
            let mut wanted = changes(INSTANCE, step.sections(), &effective, &fields);
            wanted.extend(written_out(step, &effective, &fields));
            page.drafts.lock().take(wanted);
        }
    }
    let faults = faults_of(&page, step).await;
    if !faults.is_empty() {
        return fill(&page, f, step, Some(&fields), &faults, None).await;
    }
    if step == Step::Azure && fields.has("sign-in") {
        return sign_in(&page, f).await;
    }
    if step == Step::Pbx
        && fields.first("do") != "anyway"
        && let Err(error) = groups(&page).await
    {
        let text = tongue.with("guide-pbx-silent", &[("error", &error)]);
        f.tell("bad", text);
        return fill(&page, f, step, Some(&fields), &[], None).await;
    }
    if step == Step::Group && fields.first("do") != "anyway" && !has_seats(&page, tongue, &document).await {
        f.note("bad", "guide-seats-go-on");
        return fill(&page, f, step, None, &[], None).await;
    }
    let mut draft = page.drafts.lock();
    if !draft.done.contains(&step) {
        draft.done.push(step);
    }
    Redirect::to(&format!("/guide/{}", step.after().word())).into_response()
}

/// Policy and breaker are asked for, so that they stand in the file also where they are the usual ones.
fn written_out(step: Step, effective: &Value, sent: &Fields) -> Vec<Change> {
    if step != Step::Policy {
        return Vec::new();
    }
    let fields = POLICY.fields.iter().filter_map(|field| {
        let value = field.value(sent.first(field.key))?;
        Some(Change::Set {
            key: key(INSTANCE, field.key),
            value,
        })
    });
    let known = |change: &Change| {
        effective
            .pointer(&format!("/{}", change.key().parts()[2..].join("/")))
            .is_some()
    };
    fields.filter(known).collect()
}

/// What is wrong with the answers to one step, whatever is still missing at the others.
async fn faults_of(page: &Page, step: Step) -> Vec<Fault> {
    let faults = match propose(page, &taken(page, step)).await {
        Err(EditError::NotGood(errors)) => errors.faults().to_vec(),
        _ => return Vec::new(),
    };
    let mut prefixes: Vec<String> = step
        .sections()
        .iter()
        .flat_map(|section| section.fields)
        .map(|field| format!("instances.{INSTANCE}.{}", field.key))
        .collect();
    if step == Step::States {
        prefixes.push(format!("instances.{INSTANCE}.rules"));
    }
    let meant = |fault: &Fault| {
        let key = fault.key.as_deref().unwrap_or_default();
        prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    };
    faults.into_iter().filter(meant).collect()
}

/// What stands for the answers to steps that were not taken yet, so that the others can be judged.
fn placeholders(taken: &[Step]) -> Vec<Change> {
    let set = |below: &str, value: &str| Change::Set {
        key: key(INSTANCE, below),
        value: value.into(),
    };
    let mut all = Vec::new();
    if !taken.contains(&Step::Azure) {
        all.extend([
            set("teams.tenant_id", "unset.example"),
            set("teams.client_id", "00000000-0000-4000-8000-000000000000"),
            set("teams.auth", "browser"),
        ]);
    }
    if !taken.contains(&Step::Pbx) {
        all.extend([
            set("starface.url", "https://unset.invalid"),
            set("starface.login", "unset"),
            Change::Secret {
                key: key(INSTANCE, "starface.password_file"),
                secret: Secret::from("unset".to_owned()),
            },
        ]);
    }
    if !taken.contains(&Step::Group) {
        all.push(set("starface.group", "unset"));
    }
    all
}

/// The instance as it was typed so far, turned off, with something in the place of the steps that are not in `taken`.
async fn propose(page: &Page, taken: &[Step]) -> Result<Proposal, EditError> {
    let draft = page.drafts.lock().clone();
    let mut all: BTreeMap<String, Change> = BTreeMap::new();
    let turned_off = Change::Set {
        key: key(INSTANCE, "enabled"),
        value: false.into(),
    };
    for change in placeholders(taken)
        .into_iter()
        .chain(draft.changes())
        .chain([turned_off])
    {
        all.insert(change.key().to_string(), change);
    }
    let base: Revision = page.api.files.written().await.revision;
    let edit = Edit {
        base,
        changes: all.into_values().collect(),
    };
    page.api.files.propose(&edit).await
}

/// The steps that were taken, with this one.
fn taken(page: &Page, step: Step) -> Vec<Step> {
    let mut taken = page.drafts.lock().done.clone();
    taken.push(step);
    taken
}

/// The groups of the PBX that was typed.
async fn groups(page: &Page) -> Result<Vec<GroupChoice>, String> {
    let proposal = propose(page, &taken(page, Step::Pbx))
        .await
        .map_err(|error| error.to_string())?;
    let name = InstanceName(INSTANCE.into());
    let config = proposal
        .loaded()
        .settings
        .instances
        .get(&name)
        .ok_or_else(String::new)?;
    let found = page.api.supervisor.groups(&name, &config.starface).await;
    found.map_err(|error| error.chain())
}

/// A device code for the app that was typed.
async fn sign_in(page: &Page, mut f: Frame) -> Response {
    let began = match propose(page, &taken(page, Step::Azure)).await {
        Ok(proposal) => azure::start(page, &proposal.loaded().settings, INSTANCE)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = began {
        let text = f.tongue.with("azure-failed", &[("error", &error)]);
        f.tell("bad", text);
        return fill(page, f, Step::Azure, None, &[], None).await;
    }
    Redirect::to("/guide/azure").into_response()
}

/// Writes the instance, turned off, and tries every link of the chain.
async fn check(page: &Page, visitor: &Visitor, mut f: Frame) -> Response {
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
            f.tell(
                "bad",
                tongue.with("guide-not-written", &[("error", &error.to_string())]),
            );
            return fill(page, f, Step::Check, None, &[], None).await;
        }
    }
    let findings = diagnosis(page).await;
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failure);
    {
        let mut draft = page.drafts.lock();
        draft.findings = findings;
        draft.done.retain(|step| *step != Step::Check);
        if !failed {
            draft.done.push(Step::Check);
        }
    }
    fill(page, f, Step::Check, None, &[], None).await
}

async fn diagnosis(page: &Page) -> Vec<Finding> {
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
async fn turned_on(page: &Page) -> Result<Proposal, EditError> {
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
async fn preview(page: &Page, tongue: Tongue) -> Option<String> {
    let proposal = turned_on(page).await.ok()?;
    let previews = page.api.files.preview(&proposal).await;
    let preview = previews
        .into_iter()
        .find(|preview| &*preview.instance.0 == INSTANCE)?;
    let gate = preview.plan.as_ref().and_then(|plan| plan.gate.as_ref());
    Some(match (&preview.error, gate) {
        (Some(error), _) => tongue.with("guide-preview-unknown", &[("error", error)]),
        (None, Some(gate)) => tongue.word("gate", &gate.reason),
        (None, None) if preview.observe => tongue.counted("preview-observe", preview.people),
        (None, None) => tongue.counted("preview-people", preview.people),
    })
}

async fn activate(page: &Page, visitor: &Visitor, mut f: Frame) -> Response {
    let changed = match turned_on(page).await {
        Ok(proposal) => page.api.files.change(proposal, &visitor.author()).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = changed {
        f.tell(
            "bad",
            f.tongue
                .with("guide-not-written", &[("error", &error.to_string())]),
        );
        return fill(page, f, Step::Activate, None, &[], None).await;
    }
    *page.drafts.lock() = Draft::default();
    Redirect::to(&format!("/i/{INSTANCE}/overview?done=activated")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_up_leaves_alone_what_runs_and_what_somebody_else_wrote() {
        for (file, over) in [
            ("", false),
            ("[daemon]\nlog = \"info\"\n", false),
            ("[instances.main]\nenabled = false\n", false),
            ("[instances.main]\nenabled = true\n", true),
            ("[instances.main.teams]\ncloud = \"global\"\n", true),
            ("[instances.hq]\nenabled = false\n", true),
            (
                "[instances.main]\nenabled = false\n[instances.hq]\nenabled = true\n",
                true,
            ),
        ] {
            let document = Document::of(file).unwrap();
            assert_eq!(is_over(&document.values()), over, "{file}");
        }
    }

    #[test]
    fn a_secret_that_another_choice_has_no_use_for_is_forgotten() {
        let mut draft = Draft::default();
        let document = Document::of("").unwrap();
        let secret = key(INSTANCE, "teams.client_secret_file");
        for (auth, kept) in [("client-secret", true), ("device-code", false)] {
            let sent = [("teams.auth", auth), ("teams.client_secret_file", "SAMPLE")];
            let effective = draft.effective(&document);
            draft.take(changes(
                INSTANCE,
                Step::Azure.sections(),
                &effective,
                &Fields::of(&sent),
            ));
            assert_eq!(draft.is_secret_typed(&secret), kept, "{auth}");
        }
    }
}
